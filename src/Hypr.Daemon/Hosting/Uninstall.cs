using Hypr.Daemon.Configuration;
using Hypr.Machines;
using Hypr.Network.Platforms.Linux;
using Hypr.Network.Ports.Holder;
using Microsoft.Extensions.Logging;

namespace Hypr.Daemon.Hosting;

/// <summary>
/// <c>hyprd --uninstall</c>: ends every VM and takes everything of ours out of the host's network: bridges, TAPs, tables, what was put into foreign firewalls, kernel
/// settings' file, held ports, the lines in resolv.conf. What the VMs are (disks, images, database) stays.
/// </summary>
internal static class Uninstall
{
    public static async Task<int> RunAsync(DaemonConfig config)
    {
        var paths = HyprPaths.FromEnvironment();
        using var logs = StderrLogs.Factory(LogLevel.Warning);

        // 1. Not under a hyprd that runs.
        using var data = Directory.Exists(paths.Data) ? InstanceLock.Take(paths.Data, "the data in") : null;

        // 2. VMs, then what they stood on; each whatever became of the others.
        await using (var machines = Composition.Machines(config, paths, TimeProvider.System, logs))
            await machines.SweepAsync([], CancellationToken.None);
        await HeldPorts.EndAsync(paths.PortHolderSocket);
        _ = new HostResolver(config.ResolvConf).Uninstall();
        LinuxDatapath.RemoveEverything(Composition.Datapath(config));
        return 0;
    }
}
