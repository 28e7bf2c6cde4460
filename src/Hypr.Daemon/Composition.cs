using System.Net;
using Hypr.Daemon.Configuration;
using Hypr.Daemon.Hosting;
using Hypr.Dns;
using Hypr.Engine;
using Hypr.Images;
using Hypr.Linux.Namespaces;
using Hypr.Machines;
using Hypr.Network;
using Hypr.Network.Platforms.Linux;
using Hypr.Network.Ports.Holder;
using Hypr.Primitives;
using Hypr.Store;
using Microsoft.Extensions.Logging;

namespace Hypr.Daemon;

/// <summary>The one place where the parts are put together. Disposed in reverse: hyprd lets go, and VMs, their networks and their published ports stay.</summary>
internal sealed class Composition : IAsyncDisposable
{
    private const string SystemBus = "unix:path=/run/dbus/system_bus_socket";
    private readonly Stack<object> _parts = new();

    private Composition()
    {
    }

    public HyprEngine Engine { get; private set; } = null!;

    /// <summary>On return everything that an earlier hyprd left is taken up.</summary>
    public static async Task<Composition> StartAsync(DaemonConfig config, HyprPaths paths, TimeProvider clock, ILoggerFactory logs, CancellationToken cancel)
    {
        var whole = new Composition();
        try
        {
            await whole.BuildAsync(config, paths, clock, logs, cancel);
            return whole;
        }
        catch
        {
            await whole.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        while (_parts.TryPop(out var part))
        {
            switch (part)
            {
                case IAsyncDisposable disposable:
                    await disposable.DisposeAsync();
                    break;
                case IDisposable disposable:
                    disposable.Dispose();
                    break;
            }
        }
    }

    private async Task BuildAsync(DaemonConfig config, HyprPaths paths, TimeProvider clock, ILoggerFactory logs, CancellationToken cancel)
    {
        var faults = Faults.FromEnvironment();
        var database = Keep(Database.Open(paths.Database, faults));
        var names = Keep(new NameServer(new NameServerSettings
        {
            Upstreams = [.. config.Dns.Select(address => new IPEndPoint(address, 53))],
            ResolvConf = config.ResolvConf,
            Clock = clock,
            Logger = logs.CreateLogger<NameServer>(),
        }));
        var settings = Datapath(config) with { Faults = faults };
        var datapath = Keep(LinuxDatapath.Open(settings, logs, clock));
        var ports = Keep(new HeldPorts(paths.PortHolderSocket, Environment.ProcessPath!, logs.CreateLogger<HeldPorts>()));
        var networks = Keep(new NetworkService(database, datapath, names, ports, config.Network, clock, logs, config.ResolvConf));
        var images = Keep(new ImageService(database, new ImageSettings
        {
            Folder = Path.Combine(paths.Data, "images"),
            RegistryMirrors = config.RegistryMirrors,
            InsecureRegistries = config.InsecureRegistries,
            Faults = faults,
        }, clock, logs));
        Engine = Keep(new HyprEngine(database, images, networks, Keep(Machines(config, paths, clock, logs, faults)), clock, logs));
        await Engine.StartAsync(cancel);

        if (settings.SystemBus is { } bus)
        {
            Keep(new HostNames(Engine, bus, clock, logs));
        }
    }

    public static MachineHost Machines(DaemonConfig config, HyprPaths paths, TimeProvider clock, ILoggerFactory logs, Faults? faults = null) => new(new MachineHostSettings
    {
        DataDirectory = paths.Data,
        RuntimeDirectory = paths.Runtime,
        Kernel = paths.GuestKernel,
        Initramfs = paths.GuestInitramfs,
        Hyprd = Environment.ProcessPath,
        WarmStart = config.WarmStart,
        TemplateDirectory = paths.Templates,
        Faults = faults,
    }, clock, logs);

    public static DatapathSettings Datapath(DaemonConfig config)
    {
        // In a network namespace of our own the machine's resolver and firewall are not ours to tell.
        var bus = config.SystemBus ?? (NetworkNamespace.IsHostNetwork() ? SystemBus : null);
        var settings = DatapathSettings.ForThisNamespace() with { SystemBus = bus, KeepCarrier = bus is not null };
        return config.SysctlDirectory is { } folder ? settings with { SysctlFolder = folder } : settings;
    }

    private T Keep<T>(T part)
        where T : class
    {
        _parts.Push(part);
        return part;
    }
}
