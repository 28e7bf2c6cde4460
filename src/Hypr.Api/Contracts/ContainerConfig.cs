using System.Text.Json.Serialization;

namespace Hypr.Api.Contracts;

/// <summary>POST /containers/create: the configuration with two objects more in it.</summary>
public sealed record CreateContainerRequest : ContainerConfig
{
    public HostConfig? HostConfig { get; set; }
    public NetworkingConfig? NetworkingConfig { get; set; }
}

public sealed record CreateContainerResponse
{
    public string Id { get; set; } = "";
    public List<string> Warnings { get; set; } = [];
}

/// <summary>Docker's Config, in create and in inspect. In a request every list may be missing or null.</summary>
public record ContainerConfig
{
    public string? Hostname { get; set; }
    public string? Domainname { get; set; }
    public string? User { get; set; }
    public bool AttachStdin { get; set; }
    public bool AttachStdout { get; set; }
    public bool AttachStderr { get; set; }

    /// <summary><c>80/tcp</c> to <c>{}</c>.</summary>
    public Dictionary<string, EmptyObject?>? ExposedPorts { get; set; }
    public bool Tty { get; set; }
    public bool OpenStdin { get; set; }
    public bool StdinOnce { get; set; }
    public List<string>? Env { get; set; }

    /// <summary>Null: the image's.</summary>
    [JsonConverter(typeof(StringOrListConverter))]
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public List<string>? Cmd { get; set; }
    public HealthConfig? Healthcheck { get; set; }
    public string? Image { get; set; }

    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public Dictionary<string, EmptyObject?>? Volumes { get; set; }
    public string? WorkingDir { get; set; }

    /// <summary>Null: the image's; empty or one empty word: none.</summary>
    [JsonConverter(typeof(StringOrListConverter))]
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public List<string>? Entrypoint { get; set; }
    public bool? NetworkDisabled { get; set; }

    /// <summary>Below API 1.44; now in the endpoint's settings.</summary>
    public string? MacAddress { get; set; }

    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public List<string>? OnBuild { get; set; }
    public Dictionary<string, string>? Labels { get; set; }
    public string? StopSignal { get; set; }

    /// <summary>Seconds.</summary>
    public int? StopTimeout { get; set; }
    public List<string>? Shell { get; set; }
}

/// <summary>Durations in nanoseconds; 0: inherited or the default.</summary>
public sealed record HealthConfig
{
    /// <summary><c>["NONE"]</c>, <c>["CMD", ...]</c>, <c>["CMD-SHELL", "..."]</c></summary>
    public List<string>? Test { get; set; }
    public long Interval { get; set; }
    public long Timeout { get; set; }
    public long StartPeriod { get; set; }
    public long StartInterval { get; set; }
    public int Retries { get; set; }
}

/// <summary>Docker's HostConfig: what HYPR uses, answers with or has to refuse.</summary>
public sealed record HostConfig
{
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public List<string>? Binds { get; set; }

    [JsonPropertyName("ContainerIDFile")]
    public string? ContainerIdFile { get; set; }
    public LogConfig? LogConfig { get; set; }
    public string? NetworkMode { get; set; }

    /// <summary><c>80/tcp</c> to its bindings.</summary>
    public Dictionary<string, List<PortBinding>?>? PortBindings { get; set; }
    public RestartPolicy? RestartPolicy { get; set; }
    public bool AutoRemove { get; set; }
    public string? VolumeDriver { get; set; }

    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public List<string>? VolumesFrom { get; set; }

    /// <summary>Rows and columns.</summary>
    public List<int>? ConsoleSize { get; set; }

    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public List<string>? CapAdd { get; set; }

    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public List<string>? CapDrop { get; set; }
    public string? CgroupnsMode { get; set; }
    public List<string>? Dns { get; set; }
    public List<string>? DnsOptions { get; set; }
    public List<string>? DnsSearch { get; set; }

    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public List<string>? ExtraHosts { get; set; }

    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public List<string>? GroupAdd { get; set; }
    public string? IpcMode { get; set; }

    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public List<string>? Links { get; set; }
    public string? PidMode { get; set; }
    public bool Privileged { get; set; }
    public bool PublishAllPorts { get; set; }
    public bool ReadonlyRootfs { get; set; }

    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public List<string>? SecurityOpt { get; set; }
    public Dictionary<string, string>? Tmpfs { get; set; }

    [JsonPropertyName("UTSMode")]
    public string? UtsMode { get; set; }
    public string? UsernsMode { get; set; }
    public long? ShmSize { get; set; }
    public Dictionary<string, string>? Sysctls { get; set; }
    public string? Runtime { get; set; }
    public string? Isolation { get; set; }
    public long CpuShares { get; set; }

    /// <summary>Bytes; 0: the default.</summary>
    public long Memory { get; set; }

    /// <summary>Billionths of a CPU.</summary>
    public long NanoCpus { get; set; }
    public string? CgroupParent { get; set; }
    public long CpuPeriod { get; set; }
    public long CpuQuota { get; set; }
    public string? CpusetCpus { get; set; }
    public string? CpusetMems { get; set; }
    public long CpuRealtimePeriod { get; set; }
    public long CpuRealtimeRuntime { get; set; }
    public int BlkioWeight { get; set; }
    public List<EmptyObject>? BlkioWeightDevice { get; set; }
    public List<EmptyObject>? BlkioDeviceReadBps { get; set; }
    public List<EmptyObject>? BlkioDeviceReadIOps { get; set; }
    public List<EmptyObject>? BlkioDeviceWriteBps { get; set; }
    public List<EmptyObject>? BlkioDeviceWriteIOps { get; set; }
    public List<string>? DeviceCgroupRules { get; set; }
    public Dictionary<string, string>? Annotations { get; set; }
    public Dictionary<string, string>? StorageOpt { get; set; }
    public List<Ulimit>? Ulimits { get; set; }
    public long KernelMemory { get; set; }
    public long? MemorySwappiness { get; set; }
    public bool? OomKillDisable { get; set; }
    public int OomScoreAdj { get; set; }
    public List<DeviceMapping>? Devices { get; set; }
    public List<EmptyObject>? DeviceRequests { get; set; }
    public long MemoryReservation { get; set; }
    public long MemorySwap { get; set; }
    public long? PidsLimit { get; set; }
    public List<Mount>? Mounts { get; set; }

    /// <summary>HYPR's own: configs and secrets.</summary>
    public List<HyprFile>? HyprFiles { get; set; }
    public bool? Init { get; set; }
}

/// <summary><c>nofile</c>, ...; -1: without end.</summary>
public sealed record Ulimit
{
    public string? Name { get; set; }
    public long Hard { get; set; }
    public long Soft { get; set; }
}

public sealed record LogConfig
{
    public string? Type { get; set; }
    public Dictionary<string, string>? Config { get; set; }
}

/// <summary>HYPR's own: of POST and DELETE /hypr/containers/NAME/ports.</summary>
public sealed record PublishedPorts
{
    /// <summary>Docker's PortMap: <c>80/tcp</c> and where it is published. In an answer: what is published now, or was until now.</summary>
    public Dictionary<string, List<PortBinding>?> Ports { get; set; } = [];
}

/// <summary>HYPR's own: of GET /hypr/containers/NAME/ports/check, one for each published port.</summary>
public sealed record PortCheck
{
    /// <summary>As in Docker's PortMap: <c>80/tcp</c>.</summary>
    public string Port { get; set; } = "";
    public string HostIp { get; set; } = "";

    /// <summary>Empty: of a routed network.</summary>
    public string HostPort { get; set; } = "";

    /// <summary>Where it leads: <c>10.88.0.2:80</c>.</summary>
    public string Target { get; set; } = "";

    /// <summary><c>listens</c>, <c>refuses</c>, <c>silent</c>, or <c>unknown</c>: only TCP is asked.</summary>
    public string Vm { get; set; } = "";

    /// <summary>One for each link by which clients come.</summary>
    public List<PortWay> Ways { get; set; } = [];
}

public sealed record PortWay
{
    /// <summary>The host's link.</summary>
    public string Link { get; set; } = "";
    public string From { get; set; } = "";
    public string To { get; set; } = "";

    /// <summary><c>open</c>, <c>dropped</c>, <c>astray</c>, <c>lost</c>; <c>host-only</c>: published on the loopback.</summary>
    public string State { get; set; } = "";

    /// <summary>The rule that drops it, or what else is known.</summary>
    public string? By { get; set; }
}

public sealed record PortBinding
{
    /// <summary>Empty: the default bind address.</summary>
    public string? HostIp { get; set; }

    /// <summary>Empty: an ephemeral port; <c>8000-8010</c>: the first free of the range.</summary>
    public string? HostPort { get; set; }
}

public sealed record RestartPolicy
{
    /// <summary>Empty, <c>no</c>, <c>on-failure</c>, <c>always</c>, <c>unless-stopped</c>.</summary>
    public string? Name { get; set; }
    public int MaximumRetryCount { get; set; }
}

public sealed record DeviceMapping
{
    public string? PathOnHost { get; set; }
    public string? PathInContainer { get; set; }
    public string? CgroupPermissions { get; set; }
}

/// <summary>Docker's <c>--mount</c>.</summary>
public sealed record Mount
{
    /// <summary><c>bind</c>, <c>volume</c>, <c>tmpfs</c>, ...</summary>
    public string? Type { get; set; }
    public string? Source { get; set; }
    public string? Target { get; set; }
    public bool ReadOnly { get; set; }
    public BindMountOptions? BindOptions { get; set; }
    public VolumeMountOptions? VolumeOptions { get; set; }
    public TmpfsMountOptions? TmpfsOptions { get; set; }
}

public sealed record BindMountOptions
{
    public string? Propagation { get; set; }

    /// <summary>A folder is made where there is nothing.</summary>
    public bool CreateMountpoint { get; set; }
}

public sealed record VolumeMountOptions
{
    public bool NoCopy { get; set; }
    public Dictionary<string, string>? Labels { get; set; }
    public string? Subpath { get; set; }
    public VolumeDriverConfig? DriverConfig { get; set; }
}

public sealed record VolumeDriverConfig
{
    public string? Name { get; set; }
    public Dictionary<string, string>? Options { get; set; }
}

/// <summary>HYPR's own: a file that the VM finds when it starts, read-only and on none of its disks. Only ever in a request.</summary>
public sealed record HyprFile
{
    public string Path { get; set; } = "";

    /// <summary>base64 on the wire.</summary>
    public byte[] Content { get; set; } = [];
    public uint Uid { get; set; }
    public uint Gid { get; set; }

    /// <summary>Permission bits, as a decimal number.</summary>
    public uint Mode { get; set; }
}

public sealed record TmpfsMountOptions
{
    public long SizeBytes { get; set; }

    /// <summary>Permission bits, as a decimal number.</summary>
    public int Mode { get; set; }
}
