using System.Text.Json.Serialization;

namespace Hypr.Api.Contracts;

/// <summary>One of GET /containers/json.</summary>
public sealed record ContainerSummary
{
    public string Id { get; set; } = "";

    /// <summary>Each with a slash before it.</summary>
    public List<string> Names { get; set; } = [];
    public string Image { get; set; } = "";

    [JsonPropertyName("ImageID")]
    public string ImageId { get; set; } = "";
    public string Command { get; set; } = "";

    /// <summary>Unix seconds.</summary>
    public long Created { get; set; }
    public List<PortSummary> Ports { get; set; } = [];
    public long? SizeRw { get; set; }
    public long? SizeRootFs { get; set; }
    public Dictionary<string, string> Labels { get; set; } = [];

    /// <summary><c>created</c>, <c>running</c>, <c>paused</c>, <c>restarting</c>, <c>removing</c>, <c>exited</c>.</summary>
    public string State { get; set; } = "";

    /// <summary><c>Up 3 minutes</c>, <c>Exited (0) 2 hours ago</c>.</summary>
    public string Status { get; set; } = "";
    public SummaryHostConfig HostConfig { get; set; } = new();
    public SummaryNetworkSettings NetworkSettings { get; set; } = new();
    public List<MountPoint> Mounts { get; set; } = [];
}

/// <summary>An IPv4 and an IPv6 binding are two of them.</summary>
public sealed record PortSummary
{
    [JsonPropertyName("IP")]
    public string? Ip { get; set; }
    public int PrivatePort { get; set; }

    /// <summary>Null: exposed, not published.</summary>
    public int? PublicPort { get; set; }
    public string Type { get; set; } = "";
}

public sealed record SummaryHostConfig
{
    public string NetworkMode { get; set; } = "";
}

public sealed record SummaryNetworkSettings
{
    public Dictionary<string, EndpointSettings> Networks { get; set; } = [];
}

/// <summary>GET /containers/{x}/json</summary>
public sealed record ContainerInspect
{
    public string Id { get; set; } = "";
    public string Created { get; set; } = "";
    public string Path { get; set; } = "";
    public List<string> Args { get; set; } = [];
    public ContainerState State { get; set; } = new();
    public string Image { get; set; } = "";
    public string ResolvConfPath { get; set; } = "";
    public string HostnamePath { get; set; } = "";
    public string HostsPath { get; set; } = "";
    public string LogPath { get; set; } = "";

    /// <summary>With a slash before it.</summary>
    public string Name { get; set; } = "";
    public int RestartCount { get; set; }
    public string Driver { get; set; } = "";
    public string Platform { get; set; } = "";
    public string MountLabel { get; set; } = "";
    public string ProcessLabel { get; set; } = "";
    public string AppArmorProfile { get; set; } = "";

    [JsonPropertyName("ExecIDs")]
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public List<string>? ExecIds { get; set; }
    public HostConfig HostConfig { get; set; } = new();
    public GraphDriver GraphDriver { get; set; } = new();
    public long? SizeRw { get; set; }
    public long? SizeRootFs { get; set; }
    public List<MountPoint> Mounts { get; set; } = [];
    public ContainerConfig Config { get; set; } = new();
    public NetworkSettings NetworkSettings { get; set; } = new();

    /// <summary>Null from another daemon than hyprd.</summary>
    public HyprMachine? Hypr { get; set; }
}

/// <summary>What Docker's inspect has no word for: the VM.</summary>
public sealed record HyprMachine
{
    public int Cpus { get; set; }
    public long MemoryBytes { get; set; }

    /// <summary>Network name to the host's TAP, while the machine runs.</summary>
    public Dictionary<string, string> Taps { get; set; } = [];
}

public sealed record ContainerState
{
    public string Status { get; set; } = "";
    public bool Running { get; set; }
    public bool Paused { get; set; }
    public bool Restarting { get; set; }

    [JsonPropertyName("OOMKilled")]
    public bool OomKilled { get; set; }
    public bool Dead { get; set; }

    /// <summary>The VMM's.</summary>
    public int Pid { get; set; }
    public int ExitCode { get; set; }
    public string Error { get; set; } = "";

    /// <summary><c>0001-01-01T00:00:00Z</c>: never. So for <see cref="FinishedAt"/>.</summary>
    public string StartedAt { get; set; } = "";
    public string FinishedAt { get; set; } = "";

    /// <summary>Null: no health check.</summary>
    public Health? Health { get; set; }
}

public sealed record Health
{
    /// <summary><c>none</c>, <c>starting</c>, <c>healthy</c>, <c>unhealthy</c>.</summary>
    public string Status { get; set; } = "";
    public int FailingStreak { get; set; }
    public List<HealthLog> Log { get; set; } = [];
}

public sealed record HealthLog
{
    public string Start { get; set; } = "";
    public string End { get; set; } = "";
    public int ExitCode { get; set; }
    public string Output { get; set; } = "";
}

public sealed record GraphDriver
{
    public string Name { get; set; } = "";

    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public Dictionary<string, string>? Data { get; set; }
}

public sealed record MountPoint
{
    public string Type { get; set; } = "";
    public string? Name { get; set; }
    public string Source { get; set; } = "";
    public string Destination { get; set; } = "";
    public string? Driver { get; set; }
    public string Mode { get; set; } = "";

    [JsonPropertyName("RW")]
    public bool Rw { get; set; }
    public string Propagation { get; set; } = "";
}

/// <summary>The fields beside <see cref="Ports"/> and <see cref="Networks"/> are the default network's, which old clients read.</summary>
public sealed record NetworkSettings
{
    public string Bridge { get; set; } = "";

    [JsonPropertyName("SandboxID")]
    public string SandboxId { get; set; } = "";
    public string SandboxKey { get; set; } = "";

    /// <summary><c>80/tcp</c> to its bindings; null: exposed, not published.</summary>
    public Dictionary<string, List<PortBinding>?> Ports { get; set; } = [];
    public bool HairpinMode { get; set; }
    public string LinkLocalIPv6Address { get; set; } = "";
    public int LinkLocalIPv6PrefixLen { get; set; }

    [JsonPropertyName("EndpointID")]
    public string EndpointId { get; set; } = "";
    public string Gateway { get; set; } = "";
    public string GlobalIPv6Address { get; set; } = "";
    public int GlobalIPv6PrefixLen { get; set; }

    [JsonPropertyName("IPAddress")]
    public string IPAddress { get; set; } = "";

    [JsonPropertyName("IPPrefixLen")]
    public int IPPrefixLen { get; set; }

    [JsonPropertyName("IPv6Gateway")]
    public string IPv6Gateway { get; set; } = "";
    public string MacAddress { get; set; } = "";
    public Dictionary<string, EndpointSettings> Networks { get; set; } = [];
}

/// <summary>POST /containers/{x}/wait</summary>
public sealed record WaitResponse
{
    public long StatusCode { get; set; }

    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public WaitError? Error { get; set; }
}

public sealed record WaitError
{
    public string Message { get; set; } = "";
}

/// <summary>POST /containers/prune</summary>
public sealed record ContainersPruned
{
    public List<string> ContainersDeleted { get; set; } = [];
    public long SpaceReclaimed { get; set; }
}
