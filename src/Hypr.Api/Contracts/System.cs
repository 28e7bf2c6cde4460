using System.Text.Json.Serialization;

namespace Hypr.Api.Contracts;

/// <summary>GET /version</summary>
public sealed record VersionInfo
{
    public PlatformName Platform { get; set; } = new();
    public List<VersionComponent> Components { get; set; } = [];
    public string Version { get; set; } = "";
    public string ApiVersion { get; set; } = "";

    [JsonPropertyName("MinAPIVersion")]
    public string MinApiVersion { get; set; } = "";
    public string GitCommit { get; set; } = "";

    /// <summary>What hyprd is built with: docker's template prints it as "Go version".</summary>
    public string GoVersion { get; set; } = "";
    public string Os { get; set; } = "";
    public string Arch { get; set; } = "";
    public string KernelVersion { get; set; } = "";
    public string BuildTime { get; set; } = "";
}

public sealed record PlatformName
{
    public string Name { get; set; } = "";
}

public sealed record VersionComponent
{
    public string Name { get; set; } = "";
    public string Version { get; set; } = "";
    public Dictionary<string, string> Details { get; set; } = [];
}

/// <summary>GET /info; <see cref="Hypr"/> is HYPR's own.</summary>
public sealed record SystemInfo
{
    [JsonPropertyName("ID")]
    public string Id { get; set; } = "";
    public int Containers { get; set; }
    public int ContainersRunning { get; set; }
    public int ContainersPaused { get; set; }
    public int ContainersStopped { get; set; }
    public int Images { get; set; }
    public string Driver { get; set; } = "";
    public List<List<string>> DriverStatus { get; set; } = [];
    public PluginNames Plugins { get; set; } = new();
    public bool MemoryLimit { get; set; } = true;
    public bool SwapLimit { get; set; } = true;
    public bool CpuCfsPeriod { get; set; } = true;
    public bool CpuCfsQuota { get; set; } = true;

    [JsonPropertyName("CPUShares")]
    public bool CpuShares { get; set; } = true;

    [JsonPropertyName("CPUSet")]
    public bool CpuSet { get; set; } = true;
    public bool PidsLimit { get; set; } = true;

    [JsonPropertyName("IPv4Forwarding")]
    public bool IPv4Forwarding { get; set; } = true;

    /// <summary>API below 1.50: docker 20.10 warns when they are missing.</summary>
    public bool BridgeNfIptables { get; set; } = true;

    public bool BridgeNfIp6tables { get; set; } = true;
    public bool Debug { get; set; }
    public int NFd { get; set; }
    public bool OomKillDisable { get; set; } = true;
    public int NGoroutines { get; set; }
    public string SystemTime { get; set; } = "";
    public string LoggingDriver { get; set; } = "json-file";
    public string CgroupDriver { get; set; } = "none";
    public string CgroupVersion { get; set; } = "2";
    public int NEventsListener { get; set; }
    public string KernelVersion { get; set; } = "";
    public string OperatingSystem { get; set; } = "";

    [JsonPropertyName("OSVersion")]
    public string OsVersion { get; set; } = "";

    [JsonPropertyName("OSType")]
    public string OsType { get; set; } = "";
    public string Architecture { get; set; } = "";
    public string IndexServerAddress { get; set; } = "https://index.docker.io/v1/";
    public RegistryServiceConfig RegistryConfig { get; set; } = new();

    [JsonPropertyName("NCPU")]
    public int Ncpu { get; set; }
    public long MemTotal { get; set; }
    public string DockerRootDir { get; set; } = "";
    public string HttpProxy { get; set; } = "";
    public string HttpsProxy { get; set; } = "";
    public string NoProxy { get; set; } = "";
    public string Name { get; set; } = "";
    public List<string> Labels { get; set; } = [];
    public bool ExperimentalBuild { get; set; }
    public string ServerVersion { get; set; } = "";
    public Dictionary<string, RuntimeInfo> Runtimes { get; set; } = [];
    public string DefaultRuntime { get; set; } = "";
    public SwarmInfo Swarm { get; set; } = new();
    public bool LiveRestoreEnabled { get; set; }
    public string Isolation { get; set; } = "";
    public string InitBinary { get; set; } = "";
    public CommitInfo ContainerdCommit { get; set; } = new();
    public CommitInfo RuncCommit { get; set; } = new();
    public CommitInfo InitCommit { get; set; } = new();
    public List<string> SecurityOptions { get; set; } = [];
    public List<AddressPoolInfo> DefaultAddressPools { get; set; } = [];
    public List<string> Warnings { get; set; } = [];

    /// <summary>Null from another daemon than hyprd.</summary>
    public HyprInfo? Hypr { get; set; }
}

/// <summary>What Docker's info has no word for.</summary>
public sealed record HyprInfo
{
    /// <summary><c>qemu 7.2.22</c></summary>
    public string Hypervisor { get; set; } = "";

    /// <summary><c>kvm</c> or <c>tcg</c></summary>
    public string Accelerator { get; set; } = "";

    /// <summary>The guests'.</summary>
    public string GuestKernel { get; set; } = "";

    /// <summary>VMs go on from saved guests where there are some (<c>warm-start</c> of daemon.json).</summary>
    public bool WarmStart { get; set; }

    /// <summary>Saved guests.</summary>
    public int Templates { get; set; }

    /// <summary>What a person should know: no KVM and why, a moved default subnet, a foreign firewall opened.</summary>
    public List<string> Notes { get; set; } = [];
}

public sealed record PluginNames
{
    public List<string> Volume { get; set; } = [];
    public List<string> Network { get; set; } = [];
    public List<string>? Authorization { get; set; }
    public List<string> Log { get; set; } = [];
}

public sealed record RegistryServiceConfig
{
    [JsonPropertyName("InsecureRegistryCIDRs")]
    public List<string> InsecureRegistryCidrs { get; set; } = [];
    public Dictionary<string, IndexInfo> IndexConfigs { get; set; } = [];
    public List<string> Mirrors { get; set; } = [];
}

public sealed record IndexInfo
{
    public string Name { get; set; } = "";
    public List<string> Mirrors { get; set; } = [];
    public bool Secure { get; set; }
    public bool Official { get; set; }
}

public sealed record RuntimeInfo
{
    [JsonPropertyName("path")]
    public string Path { get; set; } = "";
}

public sealed record SwarmInfo
{
    [JsonPropertyName("NodeID")]
    public string NodeId { get; set; } = "";
    public string NodeAddr { get; set; } = "";
    public string LocalNodeState { get; set; } = "inactive";
    public bool ControlAvailable { get; set; }
    public string Error { get; set; } = "";

    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public List<string>? RemoteManagers { get; set; }
}

public sealed record CommitInfo
{
    [JsonPropertyName("ID")]
    public string Id { get; set; } = "";

    /// <summary>Docker CLI 20.10 compares it with <see cref="Id"/>.</summary>
    public string Expected { get; set; } = "";
}

public sealed record AddressPoolInfo
{
    public string Base { get; set; } = "";
    public int Size { get; set; }
}

/// <summary>GET /system/df</summary>
public sealed record DiskUsage
{
    public long LayersSize { get; set; }
    public List<ImageSummary> Images { get; set; } = [];
    public List<ContainerSummary> Containers { get; set; } = [];
    public List<VolumeInspect> Volumes { get; set; } = [];
    public List<EmptyObject> BuildCache { get; set; } = [];

    /// <summary>HYPR's own: saved guests.</summary>
    public List<TemplateInfo> HyprTemplates { get; set; } = [];
}

/// <summary>POST /auth, and X-Registry-Auth (base64url of this JSON). Lower-case names.</summary>
public sealed record AuthConfig
{
    [JsonPropertyName("username")]
    public string? Username { get; set; }

    [JsonPropertyName("password")]
    public string? Password { get; set; }

    /// <summary>base64 of <c>user:password</c>, from old configuration files.</summary>
    [JsonPropertyName("auth")]
    public string? Auth { get; set; }

    [JsonPropertyName("email")]
    public string? Email { get; set; }

    [JsonPropertyName("serveraddress")]
    public string? ServerAddress { get; set; }

    [JsonPropertyName("identitytoken")]
    public string? IdentityToken { get; set; }

    [JsonPropertyName("registrytoken")]
    public string? RegistryToken { get; set; }
}

public sealed record AuthResponse
{
    public string Status { get; set; } = "";
    public string? IdentityToken { get; set; }
}

/// <summary>POST /build/prune: there never is any.</summary>
public sealed record BuildCachePruned
{
    public List<string> CachesDeleted { get; set; } = [];
    public long SpaceReclaimed { get; set; }
}

/// <summary><c>{}</c>: Docker's sets are maps to it.</summary>
public sealed record EmptyObject;

public sealed record IdResponse
{
    public string Id { get; set; } = "";
}
