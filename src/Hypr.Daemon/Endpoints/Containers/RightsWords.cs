using Hypr.Api.Contracts;
using Hypr.Engine.Machines;
using Ulimit = Hypr.Engine.Machines.Ulimit;

namespace Hypr.Daemon.Endpoints.Containers;

/// <summary>Limits and logs of HostConfig, to the engine's words and back.</summary>
internal static class RightsWords
{
    private const string Driver = "json-file";
    private const long SharedMemory = 64 << 20;

    public static IReadOnlyList<Ulimit> Ulimits(HostConfig host) => [.. (host.Ulimits ?? []).Select(u => new Ulimit(u.Name ?? "", u.Soft, u.Hard))];

    public static HostConfig Show(HostConfig host, MachineConfig config) => host with
    {
        LogConfig = new LogConfig { Type = Driver, Config = new Dictionary<string, string>(config.LogOptions) },
        GroupAdd = config.GroupAdd.Count > 0 ? [.. config.GroupAdd] : null,
        ShmSize = config.ShmSize == 0 ? SharedMemory : config.ShmSize,
        Ulimits = config.Ulimits.Count > 0 ? [.. config.Ulimits.Select(u => new Api.Contracts.Ulimit { Name = u.Name, Soft = u.Soft, Hard = u.Hard })] : null,
    };
}
