using Hypr.Engine.Health;
using Hypr.Engine.Networks;
using Hypr.Engine.Volumes;
using Hypr.Images;
using Hypr.Machines;
using Hypr.Network;
using Hypr.Network.Ports;

namespace Hypr.Engine.Machines;

/// <summary>A machine as clients see it, at one instant.</summary>
/// <param name="Image">Null when it was removed by force.</param>
public sealed record MachineView(
    string Id,
    string Name,
    DateTimeOffset Created,
    string ImageId,
    Image? Image,
    MachineConfig Config,
    MachineState State,
    IReadOnlyList<AttachedNetwork> Networks,
    IReadOnlyList<PublishedPort> Ports,
    IReadOnlyList<MachineMountView> Mounts)
{
    /// <summary>Null: it has no check, or has not run since hyprd started.</summary>
    public HealthState? Health { get; init; }

    /// <summary>Its own over the image's; null: there is none to run.</summary>
    public HealthCheck? Healthcheck => HealthRules.Of(Config.Healthcheck, Image?.Config.Healthcheck);

    /// <summary>Entrypoint and command as they run.</summary>
    public IReadOnlyList<string> Args => CommandLine.Of(Config, Image?.Config ?? new ImageConfig());

    /// <summary>The image's with the machine's own over it.</summary>
    public IReadOnlyList<string> Environment => CommandLine.Environment(Config, Image?.Config ?? new ImageConfig());

    /// <summary><c>80/tcp</c>: the image's and the machine's own.</summary>
    public IReadOnlyList<string> ExposedPorts => [.. (Image?.Config.ExposedPorts ?? []).Concat(Config.ExposedPorts)
        .Concat(Config.PortBindings.Select(b => b.GuestPort)).Distinct()];

    public int Cpus => Sizing.Cpus(Config);

    public long MemoryBytes => Sizing.Memory(Config);
}

/// <param name="Disk">The volume's file on the host.</param>
public sealed record MachineMountView(VolumeMount Mount, string Disk);

/// <param name="Traffic">By the NICs' names in the guest, from its side.</param>
public sealed record UsageView(DateTimeOffset Time, MachineUsage Machine, IReadOnlyDictionary<string, NicTraffic> Traffic);

/// <summary>Docker's answer to create.</summary>
public sealed record MachineCreated(string Id, IReadOnlyList<string> Warnings);

/// <summary>Docker's <c>condition</c> of wait.</summary>
public enum WaitCondition
{
    NotRunning,
    NextExit,
    Removed,
}

/// <summary>How a wait ended.</summary>
public sealed record WaitResult(int StatusCode, string? Error);

public sealed record ExecConfig
{
    public required IReadOnlyList<string> Cmd { get; init; }
    public IReadOnlyList<string> Env { get; init; } = [];
    public string User { get; init; } = "";
    public string WorkingDir { get; init; } = "";
    public bool Tty { get; init; }
    public bool AttachStdin { get; init; }
    public bool AttachStdout { get; init; }
    public bool AttachStderr { get; init; }
    public bool Detach { get; init; }
    public bool Privileged { get; init; }
}

/// <param name="ExitCode">Null while it runs or before it starts.</param>
public sealed record ExecView(string Id, string MachineId, ExecConfig Config, bool Running, int? ExitCode, int Pid);
