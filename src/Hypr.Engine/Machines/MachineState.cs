using System.Text.Json.Serialization;

namespace Hypr.Engine.Machines;

/// <summary>Docker's words for a container's state.</summary>
public enum MachineStatus
{
    /// <summary>Being made; found at hyprd's start it is undone.</summary>
    Creating,
    Created,

    /// <summary>Between the first step of a start and the process; found at hyprd's start it is undone.</summary>
    Starting,
    Running,
    Paused,
    Restarting,
    Exited,
    Removing,
}

/// <summary>What became of a machine; stored at each change.</summary>
public sealed record MachineState
{
    public MachineStatus Status { get; init; } = MachineStatus.Creating;

    /// <summary>The VMM's, while there is one.</summary>
    public int Pid { get; init; }
    public ulong PidStartTime { get; init; }

    /// <summary>/proc/sys/kernel/random/boot_id at the start: after a reboot of the host a pid means nothing.</summary>
    public string BootId { get; init; } = "";
    public int ExitCode { get; init; }
    public string Error { get; init; } = "";
    public bool OomKilled { get; init; }
    public DateTimeOffset? StartedAt { get; init; }
    public DateTimeOffset? FinishedAt { get; init; }
    public int RestartCount { get; init; }

    /// <summary>A person stopped it: <c>unless-stopped</c> and <c>always</c> do not start it again by themselves.</summary>
    public bool StoppedByHand { get; init; }

    /// <summary>Networks of the configuration that were not there at create; looked for again at each start.</summary>
    public IReadOnlyList<string> PendingNetworks { get; init; } = [];

    /// <summary>Volumes whose disks it may write to, while it runs. Set, not init: generated code would leave null for an older row.</summary>
    public IReadOnlyList<string> WrittenVolumes { get; set; } = [];

    [JsonIgnore]
    public bool HasVmm => Status is MachineStatus.Running or MachineStatus.Paused;
}

[JsonSourceGenerationOptions(UseStringEnumConverter = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(MachineConfig))]
[JsonSerializable(typeof(MachineState))]
internal sealed partial class EngineJson : JsonSerializerContext;
