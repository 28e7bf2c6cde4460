using Hypr.Engine.Volumes;
using Hypr.Images;

namespace Hypr.Engine.Machines;

/// <summary>What the client asked for: Docker's Config, HostConfig and NetworkingConfig, as they are kept. Words and units are Docker's.</summary>
public sealed record MachineConfig
{
    /// <summary>As asked for: <c>nginx</c>, <c>nginx:1.25</c>, an id.</summary>
    public required string Image { get; init; }
    public string? Platform { get; init; }
    public string? Hostname { get; init; }
    public string? Domainname { get; init; }
    public string User { get; init; } = "";
    public string WorkingDir { get; init; } = "";
    public bool AttachStdin { get; init; }
    public bool AttachStdout { get; init; }
    public bool AttachStderr { get; init; }
    public bool Tty { get; init; }
    public bool OpenStdin { get; init; }
    public bool StdinOnce { get; init; }
    public IReadOnlyList<string> Env { get; init; } = [];

    /// <summary>Null: the image's. Given an entrypoint, the image's command does not count (Docker).</summary>
    public IReadOnlyList<string>? Cmd { get; init; }

    /// <summary>Null: the image's. An empty list or one empty word resets it.</summary>
    public IReadOnlyList<string>? Entrypoint { get; init; }
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    /// <summary><c>80/tcp</c>, beside the image's.</summary>
    public IReadOnlyList<string> ExposedPorts { get; init; } = [];
    public string? StopSignal { get; init; }

    /// <summary>Seconds; null: 10. Negative: without end.</summary>
    public int? StopTimeout { get; init; }

    /// <summary>Null: the image's. What it leaves out is the image's too.</summary>
    public HealthCheck? Healthcheck { get; init; }

    /// <summary>Docker's HostConfig.NetworkMode: <c>default</c>, <c>bridge</c>, <c>none</c> or a network.</summary>
    public string NetworkMode { get; init; } = "default";

    /// <summary>In the client's order; the one of <see cref="NetworkMode"/> is added when it is missing.</summary>
    public IReadOnlyList<NetworkAttachment> Networks { get; init; } = [];
    public IReadOnlyList<PortBinding> PortBindings { get; init; } = [];
    public bool PublishAllPorts { get; init; }
    public IReadOnlyList<string> Dns { get; init; } = [];
    public IReadOnlyList<string> DnsSearch { get; init; } = [];
    public IReadOnlyList<string> DnsOptions { get; init; } = [];

    /// <summary><c>name:address</c>; the address may be <c>host-gateway</c>.</summary>
    public IReadOnlyList<string> ExtraHosts { get; init; } = [];
    public bool AutoRemove { get; init; }
    public RestartPolicy Restart { get; init; } = new("no", 0);

    /// <summary>Billionths of a CPU; 0: the default of 2 CPUs. A VM has whole ones: rounded up.</summary>
    public long NanoCpus { get; init; }

    /// <summary>Bytes; 0: the default of 512 MiB.</summary>
    public long Memory { get; init; }
    public bool ReadonlyRootfs { get; init; }
    public bool Privileged { get; init; }
    public bool? Init { get; init; }
    public IReadOnlyDictionary<string, string> Tmpfs { get; init; } = new Dictionary<string, string>();

    // These came after the first release: set, for generated code leaves null in an init property that an older row does not have.

    /// <summary><c>-v NAME:PATH[:MODE]</c>, as asked for.</summary>
    public IReadOnlyList<string> Binds { get; set; } = [];

    /// <summary><c>--mount</c>, but for tmpfs.</summary>
    public IReadOnlyList<MountRequest> Mounts { get; set; } = [];

    /// <summary><c>-v PATH</c></summary>
    public IReadOnlyList<string> AnonymousVolumes { get; set; } = [];

    /// <summary><c>NAME[:MODE]</c> of other machines.</summary>
    public IReadOnlyList<string> VolumesFrom { get; set; } = [];
    public string VolumeDriver { get; set; } = "";

    /// <summary>What became of all of them, and of the image's VOLUMEs, when the machine was made.</summary>
    public IReadOnlyList<VolumeMount> Volumes { get; set; } = [];

    /// <summary>Those of the host's folders.</summary>
    public IReadOnlyList<FolderMount> Folders { get; set; } = [];

    /// <summary><c>OTHER[:ALIAS]</c></summary>
    public IReadOnlyList<string> Links { get; set; } = [];

    /// <summary>HYPR's own: files that the machine finds when it starts.</summary>
    public IReadOnlyList<MachineFileConfig> Files { get; set; } = [];
    public IReadOnlyDictionary<string, string> Sysctls { get; init; } = new Dictionary<string, string>();
    public IReadOnlyList<string> CapAdd { get; init; } = [];
    public IReadOnlyList<string> CapDrop { get; init; } = [];
    public IReadOnlyList<string> SecurityOpt { get; init; } = [];
    public IReadOnlyList<string> GroupAdd { get; set; } = [];
    public IReadOnlyList<Ulimit> Ulimits { get; set; } = [];

    /// <summary>Bytes of /dev/shm; 0: the default of 64 MB.</summary>
    public long ShmSize { get; set; }

    /// <summary>Empty: the default, json-file.</summary>
    public string LogDriver { get; set; } = "";
    public IReadOnlyDictionary<string, string> LogOptions { get; set; } = new Dictionary<string, string>();
}

/// <summary>A config or secret: read-only in the machine, and on none of its disks.</summary>
public sealed record MachineFileConfig(string Target, byte[] Content, uint User, uint Group, uint Mode);

/// <param name="Name"><c>no</c>, <c>on-failure</c>, <c>always</c>, <c>unless-stopped</c>.</param>
/// <param name="MaximumRetryCount">For on-failure; 0: without end.</param>
public sealed record RestartPolicy(string Name, int MaximumRetryCount)
{
    /// <summary>Whether <c>on-failure</c> starts it once more, after so many times.</summary>
    public bool Allows(int restarts) => MaximumRetryCount == 0 || restarts < MaximumRetryCount;
}

/// <param name="GuestPort"><c>80/tcp</c>.</param>
/// <param name="HostIp">Empty: the default bind address.</param>
/// <param name="HostPort">Empty: an ephemeral port; <c>8080</c>; <c>8000-8010</c>: the first free of the range.</param>
public sealed record PortBinding(string GuestPort, string HostIp, string HostPort);

/// <summary>Docker's EndpointSettings as asked for.</summary>
public sealed record NetworkAttachment
{
    /// <summary>Name or id.</summary>
    public required string Network { get; init; }
    public string? IPv4 { get; init; }
    public string? IPv6 { get; init; }
    public string? MacAddress { get; init; }
    public IReadOnlyList<string> Aliases { get; init; } = [];
    public int GwPriority { get; init; }
    public IReadOnlyDictionary<string, string> DriverOpts { get; init; } = new Dictionary<string, string>();
}
