using System.Text.Json.Serialization;

namespace Hypr.Api.Contracts;

/// <summary>The header X-Docker-Container-Path-Stat of /containers/{x}/archive, in base64.</summary>
public sealed record ContainerPathStat
{
    public const string Header = "X-Docker-Container-Path-Stat";

    [JsonPropertyName("name")]
    public string Name { get; set; } = "";

    [JsonPropertyName("size")]
    public long Size { get; set; }

    /// <summary>Go's io/fs.FileMode, whose type bits are not st_mode's.</summary>
    [JsonPropertyName("mode")]
    public uint Mode { get; set; }

    [JsonPropertyName("mtime")]
    public string Mtime { get; set; } = Timestamps.Zero;

    [JsonPropertyName("linkTarget")]
    public string LinkTarget { get; set; } = "";
}

/// <summary>One of GET /containers/{x}/changes.</summary>
public sealed record FilesystemChange
{
    public string Path { get; set; } = "";

    /// <summary>0 changed, 1 added, 2 deleted.</summary>
    public int Kind { get; set; }
}

/// <summary>GET /containers/{x}/top</summary>
public sealed record TopResponse
{
    public List<string> Titles { get; set; } = [];
    public List<List<string>> Processes { get; set; } = [];
}

/// <summary>POST /containers/{x}/update</summary>
public sealed record UpdateResponse
{
    public List<string> Warnings { get; set; } = [];
}
