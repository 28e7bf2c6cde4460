using System.Text.Json.Serialization;

namespace Hypr.Api.Contracts;

/// <summary>POST /volumes/create</summary>
public sealed record CreateVolumeRequest
{
    public string? Name { get; set; }
    public string? Driver { get; set; }
    public Dictionary<string, string>? DriverOpts { get; set; }
    public Dictionary<string, string>? Labels { get; set; }
}

/// <summary>A volume in Docker's answers.</summary>
public sealed record VolumeInspect
{
    public string CreatedAt { get; set; } = "";
    public string Driver { get; set; } = "local";

    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public Dictionary<string, string>? Labels { get; set; }

    /// <summary>The disk: a file with an ext4.</summary>
    public string Mountpoint { get; set; } = "";
    public string Name { get; set; } = "";

    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public Dictionary<string, string>? Options { get; set; }
    public string Scope { get; set; } = "local";

    /// <summary>In /system/df.</summary>
    public VolumeUsage? UsageData { get; set; }

    /// <summary>Null from another daemon than hyprd.</summary>
    public HyprVolume? Hypr { get; set; }
}

public sealed record VolumeUsage
{
    public long Size { get; set; }
    public long RefCount { get; set; }
}

/// <summary>What Docker's inspect has no word for: the disk.</summary>
public sealed record HyprVolume
{
    /// <summary>What a guest sees.</summary>
    public long SizeBytes { get; set; }

    /// <summary>What it takes of the host.</summary>
    public long UsedBytes { get; set; }
}

/// <summary>GET /volumes</summary>
public sealed record VolumeList
{
    public List<VolumeInspect> Volumes { get; set; } = [];
    public List<string> Warnings { get; set; } = [];
}

/// <summary>POST /volumes/prune</summary>
public sealed record VolumesPruned
{
    public List<string> VolumesDeleted { get; set; } = [];
    public long SpaceReclaimed { get; set; }
}
