using System.Text.Json.Serialization;

namespace Hypr.Api.Contracts;

/// <summary>GET /containers/{x}/stats: one a second. Lower-case names. A machine that does not run has name and id only.</summary>
public sealed record ContainerStats
{
    [JsonPropertyName("name")]
    public string Name { get; set; } = "";

    [JsonPropertyName("id")]
    public string Id { get; set; } = "";

    [JsonPropertyName("os_type")]
    public string OsType { get; set; } = "linux";

    [JsonPropertyName("read")]
    public string Read { get; set; } = Timestamps.Zero;

    [JsonPropertyName("preread")]
    public string PreRead { get; set; } = Timestamps.Zero;

    [JsonPropertyName("num_procs")]
    public int NumProcs { get; set; }

    [JsonPropertyName("pids_stats")]
    public PidsStats Pids { get; set; } = new();

    [JsonPropertyName("blkio_stats")]
    public BlockStats Block { get; set; } = new();

    [JsonPropertyName("storage_stats")]
    public EmptyObject Storage { get; set; } = new();

    [JsonPropertyName("cpu_stats")]
    public CpuStats Cpu { get; set; } = new();

    [JsonPropertyName("precpu_stats")]
    public CpuStats PreCpu { get; set; } = new();

    [JsonPropertyName("memory_stats")]
    public MemoryStats Memory { get; set; } = new();

    [JsonPropertyName("networks")]
    public Dictionary<string, NicStats>? Networks { get; set; }
}

public sealed record PidsStats
{
    [JsonPropertyName("current")]
    public long? Current { get; set; }
}

public sealed record BlockStats
{
    [JsonPropertyName("io_service_bytes_recursive")]
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public List<BlockStat>? Bytes { get; set; }

    [JsonPropertyName("io_serviced_recursive")]
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public List<BlockStat>? Operations { get; set; }
}

public sealed record BlockStat
{
    [JsonPropertyName("major")]
    public int Major { get; set; }

    [JsonPropertyName("minor")]
    public int Minor { get; set; }

    /// <summary><c>read</c>, <c>write</c></summary>
    [JsonPropertyName("op")]
    public string Op { get; set; } = "";

    [JsonPropertyName("value")]
    public long Value { get; set; }
}

/// <summary>Nanoseconds since some start; clients take differences.</summary>
public sealed record CpuStats
{
    [JsonPropertyName("cpu_usage")]
    public CpuUsage Usage { get; set; } = new();

    /// <summary>Of all the host's CPUs together, idle too.</summary>
    [JsonPropertyName("system_cpu_usage")]
    public long? System { get; set; }

    [JsonPropertyName("online_cpus")]
    public int? Online { get; set; }

    [JsonPropertyName("throttling_data")]
    public EmptyObject Throttling { get; set; } = new();
}

public sealed record CpuUsage
{
    [JsonPropertyName("total_usage")]
    public long Total { get; set; }

    [JsonPropertyName("usage_in_kernelmode")]
    public long InKernel { get; set; }

    [JsonPropertyName("usage_in_usermode")]
    public long InUser { get; set; }
}

public sealed record MemoryStats
{
    [JsonPropertyName("usage")]
    public long? Usage { get; set; }

    /// <summary>Clients take <c>inactive_file</c> away from the usage.</summary>
    [JsonPropertyName("stats")]
    public Dictionary<string, long>? Stats { get; set; }

    [JsonPropertyName("limit")]
    public long? Limit { get; set; }
}

public sealed record NicStats
{
    [JsonPropertyName("rx_bytes")]
    public long ReceivedBytes { get; set; }

    [JsonPropertyName("rx_packets")]
    public long ReceivedPackets { get; set; }

    [JsonPropertyName("rx_errors")]
    public long ReceiveErrors { get; set; }

    [JsonPropertyName("rx_dropped")]
    public long ReceiveDropped { get; set; }

    [JsonPropertyName("tx_bytes")]
    public long SentBytes { get; set; }

    [JsonPropertyName("tx_packets")]
    public long SentPackets { get; set; }

    [JsonPropertyName("tx_errors")]
    public long SendErrors { get; set; }

    [JsonPropertyName("tx_dropped")]
    public long SendDropped { get; set; }
}
