using Hypr.Compose.Load;

namespace Hypr.Compose.Model;

/// <summary>A stack as its files describe it, every name resolved. Words are the Compose Specification's.</summary>
public sealed record ComposeProject
{
    public required string Name { get; init; }
    public required string WorkingDir { get; init; }
    public required IReadOnlyList<string> Files { get; init; }

    /// <summary>Those of active profiles, in the order of the files.</summary>
    public required IReadOnlyList<Service> Services { get; init; }

    /// <summary>Of profiles that are not active: known by name, so that a reference to one can be told from a mistake.</summary>
    public required IReadOnlySet<string> InactiveServices { get; init; }

    /// <summary>Those that a service uses, by their key; <c>default</c> among them where a service names none.</summary>
    public required IReadOnlyDictionary<string, Network> Networks { get; init; }
    public required IReadOnlyDictionary<string, Volume> Volumes { get; init; }
    public required IReadOnlyDictionary<string, FileSource> Configs { get; init; }
    public required IReadOnlyDictionary<string, FileSource> Secrets { get; init; }
}

/// <param name="Name">On the host: <c>stack_key</c> unless named.</param>
/// <param name="External">Exists already: neither made nor removed.</param>
public sealed record Network(string Key, string Name, bool External, Location At)
{
    public string? Driver { get; init; }
    public IReadOnlyDictionary<string, string> DriverOpts { get; init; } = new Dictionary<string, string>();
    public string? IpamDriver { get; init; }
    public IReadOnlyList<Subnet> Subnets { get; init; } = [];
    public bool Internal { get; init; }
    public bool Attachable { get; init; }
    public bool? EnableIPv4 { get; init; }
    public bool? EnableIPv6 { get; init; }
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();
}

public sealed record Subnet(string? Cidr, string? IpRange, string? Gateway, IReadOnlyDictionary<string, string> AuxAddresses, Location At);

public sealed record Volume(string Key, string Name, bool External, Location At)
{
    public string? Driver { get; init; }
    public IReadOnlyDictionary<string, string> DriverOpts { get; init; } = new Dictionary<string, string>();
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();
}

/// <summary>Where a config or a secret comes from: exactly one is set, unless it is external.</summary>
public sealed record FileSource(string Key, string? File, string? Environment, string? Content, Location At)
{
    /// <summary>The variable's value; null: it has none.</summary>
    public string? EnvironmentValue { get; init; }

    /// <summary>A swarm would keep it.</summary>
    public bool External { get; init; }
}

public sealed record Service(string Name, Location At)
{
    /// <summary>Where each of its keys stands, for messages.</summary>
    public IReadOnlyDictionary<string, Location> Places { get; init; } = new Dictionary<string, Location>();

    /// <summary>Where the key stands; where it is not written, the service.</summary>
    public Location Place(string key) => Places.TryGetValue(key, out var at) ? at : At;

    public string? Image { get; init; }
    public bool HasBuild { get; init; }
    public string? ContainerName { get; init; }
    public string? Hostname { get; init; }
    public string? Domainname { get; init; }
    public string? Platform { get; init; }
    public string? PullPolicy { get; init; }

    /// <summary>Null: the image's.</summary>
    public IReadOnlyList<string>? Command { get; init; }
    public IReadOnlyList<string>? Entrypoint { get; init; }

    /// <summary>With the env_files' below it; a null value is taken from the shell, and is then left out when that has none.</summary>
    public IReadOnlyDictionary<string, string?> Environment { get; init; } = new Dictionary<string, string?>();
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();
    public string? User { get; init; }
    public string? WorkingDir { get; init; }
    public bool Tty { get; init; }
    public bool StdinOpen { get; init; }
    public bool Privileged { get; init; }
    public bool ReadOnly { get; init; }
    public bool? Init { get; init; }
    public string? StopSignal { get; init; }
    public TimeSpan? StopGracePeriod { get; init; }

    /// <summary><c>no</c>, <c>always</c>, <c>on-failure[:N]</c>, <c>unless-stopped</c>.</summary>
    public string? Restart { get; init; }

    /// <summary>None with <see cref="NetworkMode"/>.</summary>
    public IReadOnlyList<ServiceNetwork> Networks { get; init; } = [];
    public string? NetworkMode { get; init; }
    public string? MacAddress { get; init; }
    public IReadOnlyList<ServicePort> Ports { get; init; } = [];
    public IReadOnlyList<string> Expose { get; init; } = [];
    public IReadOnlyList<string> Dns { get; init; } = [];
    public IReadOnlyList<string> DnsSearch { get; init; } = [];
    public IReadOnlyList<string> DnsOpt { get; init; } = [];
    public IReadOnlyList<string> ExtraHosts { get; init; } = [];

    /// <summary><c>service[:alias]</c>.</summary>
    public IReadOnlyList<string> Links { get; init; } = [];

    /// <summary><c>vm[:alias]</c>: of VMs that are not of the stack.</summary>
    public IReadOnlyList<string> ExternalLinks { get; init; } = [];
    public IReadOnlyList<Dependency> DependsOn { get; init; } = [];

    /// <summary>Those of depends_on, the linked ones and those whose volumes it takes, which Docker starts before too.</summary>
    public IEnumerable<Dependency> Predecessors =>
    [
        .. DependsOn,
        .. Links.Select(l => (Service: l.Split(':')[0], Key: "links")).Concat(VolumeServices.Select(s => (Service: s, Key: "volumes_from")))
            .DistinctBy(o => o.Service).Where(o => DependsOn.All(d => d.Service != o.Service))
            .Select(o => new Dependency(o.Service, "service_started", Required: true, Restart: false, Place(o.Key))),
    ];

    public HealthCheck? HealthCheck { get; init; }
    public IReadOnlyList<ServiceMount> Volumes { get; init; } = [];

    /// <summary><c>service[:ro|:rw]</c>, or <c>container:vm[:ro|:rw]</c> of one that is not of the stack.</summary>
    public IReadOnlyList<string> VolumesFrom { get; init; } = [];

    /// <summary>The services of the stack that are in it.</summary>
    public IEnumerable<string> VolumeServices => VolumesFrom.Select(v => v.Split(':')[0]).Where(s => s != "container").Distinct();
    public IReadOnlyList<string> Tmpfs { get; init; } = [];
    public IReadOnlyList<ServiceFile> Configs { get; init; } = [];
    public IReadOnlyList<ServiceFile> Secrets { get; init; } = [];
    public IReadOnlyDictionary<string, string> Sysctls { get; init; } = new Dictionary<string, string>();
    public IReadOnlyDictionary<string, (long Soft, long Hard)> Ulimits { get; init; } = new Dictionary<string, (long, long)>();
    public IReadOnlyList<string> CapAdd { get; init; } = [];
    public IReadOnlyList<string> CapDrop { get; init; } = [];
    public IReadOnlyList<string> SecurityOpt { get; init; } = [];
    public IReadOnlyList<string> GroupAdd { get; init; } = [];

    /// <summary>Bytes of /dev/shm; null: the default.</summary>
    public long? ShmSize { get; init; }
    public ServiceLog? Logging { get; init; }

    /// <summary>Billionths of a CPU; null: the default.</summary>
    public long? NanoCpus { get; init; }

    /// <summary>Bytes; null: the default.</summary>
    public long? Memory { get; init; }

    /// <summary>How many; 1 by default.</summary>
    public int Scale { get; init; } = 1;
    public IReadOnlyList<string> Profiles { get; init; } = [];
}

/// <summary>How the log is kept.</summary>
public sealed record ServiceLog(string? Driver, IReadOnlyDictionary<string, string> Options, Location At);

public sealed record ServiceNetwork(string Key, Location At)
{
    public IReadOnlyList<string> Aliases { get; init; } = [];
    public string? IPv4Address { get; init; }
    public string? IPv6Address { get; init; }
    public string? MacAddress { get; init; }
    public int Priority { get; init; }
    public int GwPriority { get; init; }
    public string? InterfaceName { get; init; }
    public IReadOnlyDictionary<string, string> DriverOpts { get; init; } = new Dictionary<string, string>();
}

/// <param name="Published">Empty: an ephemeral port; a port, or a range of which one is taken.</param>
public sealed record ServicePort(int Target, string Published, string? HostIp, string Protocol, Location At);

/// <param name="Condition"><c>service_started</c>, <c>service_healthy</c>, <c>service_completed_successfully</c>.</param>
/// <param name="Restart">Restarted together with the service it depends on.</param>
public sealed record Dependency(string Service, string Condition, bool Required, bool Restart, Location At);

/// <param name="Test">Docker's: <c>CMD</c> or <c>CMD-SHELL</c> first; <c>NONE</c> switches the image's off.</param>
public sealed record HealthCheck(
    IReadOnlyList<string> Test, TimeSpan? Interval, TimeSpan? Timeout, TimeSpan? StartPeriod, TimeSpan? StartInterval, int? Retries);

/// <param name="Type"><c>volume</c>, <c>bind</c>, <c>tmpfs</c>.</param>
public sealed record ServiceMount(string Type, string? Source, string Target, bool ReadOnly, long? TmpfsSize, Location At)
{
    /// <summary>Permission bits of a tmpfs.</summary>
    public int? TmpfsMode { get; init; }

    /// <summary>What the image has there is not copied into an empty volume.</summary>
    public bool NoCopy { get; init; }

    /// <summary>Of a volume: an error of up.</summary>
    public string? Subpath { get; init; }

    /// <summary>Of a bind: a folder is made where there is nothing (the specification's default).</summary>
    public bool CreateHostPath { get; init; } = true;
    public string? Propagation { get; init; }
}

/// <param name="Target">The path in the VM; null: its usual place.</param>
public sealed record ServiceFile(string Source, string? Target, string? Uid, string? Gid, int? Mode, Location At);
