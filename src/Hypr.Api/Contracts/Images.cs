using System.Text.Json.Serialization;

namespace Hypr.Api.Contracts;

/// <summary>One of GET /images/json.</summary>
public sealed record ImageSummary
{
    public string Id { get; set; } = "";
    public string ParentId { get; set; } = "";
    public List<string> RepoTags { get; set; } = [];
    public List<string> RepoDigests { get; set; } = [];

    /// <summary>Unix seconds.</summary>
    public long Created { get; set; }
    public long Size { get; set; }

    /// <summary>Below API 1.44: docker-py and old CLIs read it.</summary>
    public long? VirtualSize { get; set; }

    /// <summary>-1: not counted. So for <see cref="Containers"/>.</summary>
    public long SharedSize { get; set; } = -1;
    public Dictionary<string, string> Labels { get; set; } = [];
    public long Containers { get; set; } = -1;
}

/// <summary>GET /images/{n}/json</summary>
public sealed record ImageInspect
{
    public string Id { get; set; } = "";
    public List<string> RepoTags { get; set; } = [];
    public List<string> RepoDigests { get; set; } = [];
    public string Parent { get; set; } = "";
    public string Comment { get; set; } = "";
    public string Created { get; set; } = "";
    public string DockerVersion { get; set; } = "";
    public string Author { get; set; } = "";
    public ContainerConfig Config { get; set; } = new();
    public string Architecture { get; set; } = "";
    public string? Variant { get; set; }
    public string Os { get; set; } = "";
    public long Size { get; set; }
    public long? VirtualSize { get; set; }
    public GraphDriver GraphDriver { get; set; } = new();

    [JsonPropertyName("RootFS")]
    public RootFs RootFs { get; set; } = new();
    public ImageMetadata Metadata { get; set; } = new();
}

public sealed record RootFs
{
    public string Type { get; set; } = "layers";
    public List<string> Layers { get; set; } = [];
}

public sealed record ImageMetadata
{
    public string LastTagTime { get; set; } = Timestamps.Zero;
}

/// <summary>One of GET /images/{n}/history.</summary>
public sealed record ImageHistoryItem
{
    public string Id { get; set; } = "<missing>";

    /// <summary>Unix seconds.</summary>
    public long Created { get; set; }
    public string CreatedBy { get; set; } = "";
    public List<string>? Tags { get; set; }
    public long Size { get; set; }
    public string Comment { get; set; } = "";
}

/// <summary>Exactly one of the two is set.</summary>
public sealed record ImageDeleted
{
    public string? Untagged { get; set; }
    public string? Deleted { get; set; }
}

/// <summary>POST /images/prune</summary>
public sealed record ImagesPruned
{
    public List<ImageDeleted> ImagesDeleted { get; set; } = [];
    public long SpaceReclaimed { get; set; }
}

/// <summary>A line of pull, load and push: Docker's jsonmessage. Lower-case names.</summary>
public sealed record ProgressMessage
{
    [JsonPropertyName("stream")]
    public string? Stream { get; set; }

    [JsonPropertyName("status")]
    public string? Status { get; set; }

    [JsonPropertyName("progressDetail")]
    public ProgressDetail? ProgressDetail { get; set; }

    /// <summary>Old clients print it as it is.</summary>
    [JsonPropertyName("progress")]
    public string? Progress { get; set; }

    [JsonPropertyName("id")]
    public string? Id { get; set; }

    [JsonPropertyName("errorDetail")]
    public ErrorDetail? ErrorDetail { get; set; }

    [JsonPropertyName("error")]
    public string? Error { get; set; }
}

public sealed record ProgressDetail
{
    [JsonPropertyName("current")]
    public long? Current { get; set; }

    [JsonPropertyName("total")]
    public long? Total { get; set; }
}

public sealed record ErrorDetail
{
    [JsonPropertyName("code")]
    public int? Code { get; set; }

    [JsonPropertyName("message")]
    public string Message { get; set; } = "";
}
