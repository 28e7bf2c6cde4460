using System.Text.Json;
using System.Text.Json.Serialization;
using Hypr.Images.Store;

namespace Hypr.Images.Registry;

/// <summary>The media types of image-spec 1.1 and of Docker's image manifest version 2, schema 2.</summary>
internal static class MediaTypes
{
    public const string OciIndex = "application/vnd.oci.image.index.v1+json";
    public const string OciManifest = "application/vnd.oci.image.manifest.v1+json";
    public const string OciConfig = "application/vnd.oci.image.config.v1+json";
    public const string OciLayer = "application/vnd.oci.image.layer.v1.tar";
    public const string DockerList = "application/vnd.docker.distribution.manifest.list.v2+json";
    public const string DockerManifest = "application/vnd.docker.distribution.manifest.v2+json";
    public const string DockerConfig = "application/vnd.docker.container.image.v1+json";

    public static readonly string[] Manifests = [OciIndex, OciManifest, DockerList, DockerManifest];
}

internal sealed record Descriptor
{
    public string? MediaType { get; init; }
    public string? Digest { get; init; }
    public long Size { get; init; }
    public PlatformJson? Platform { get; init; }
    public Dictionary<string, string>? Annotations { get; init; }
}

internal sealed record PlatformJson(string? Architecture, string? Os, string? Variant);

/// <summary>A manifest or an index: which one is told by the media type, or by the field that it has.</summary>
internal sealed record ManifestJson
{
    public int SchemaVersion { get; init; }
    public string? MediaType { get; init; }
    public Descriptor? Config { get; init; }
    public List<Descriptor>? Layers { get; init; }
    public List<Descriptor>? Manifests { get; init; }
}

/// <summary>image-spec, config.md; Docker's image JSON is the same object with more fields.</summary>
internal sealed record ConfigJson
{
    public string? Created { get; init; }
    public string? Architecture { get; init; }
    public string? Os { get; init; }
    public string? Variant { get; init; }
    public RunJson? Config { get; init; }
    [JsonPropertyName("rootfs")]
    public RootFsJson? RootFs { get; init; }
}

/// <summary>The object whose keys have capitals.</summary>
internal sealed record RunJson
{
    [JsonPropertyName("User")]
    public string? User { get; init; }
    [JsonPropertyName("Env")]
    public List<string>? Env { get; init; }
    [JsonPropertyName("Entrypoint")]
    public List<string>? Entrypoint { get; init; }
    [JsonPropertyName("Cmd")]
    public List<string>? Cmd { get; init; }
    [JsonPropertyName("WorkingDir")]
    public string? WorkingDir { get; init; }
    [JsonPropertyName("Labels")]
    public Dictionary<string, string>? Labels { get; init; }
    [JsonPropertyName("ExposedPorts")]
    public Dictionary<string, JsonElement>? ExposedPorts { get; init; }
    [JsonPropertyName("Volumes")]
    public Dictionary<string, JsonElement>? Volumes { get; init; }
    [JsonPropertyName("StopSignal")]
    public string? StopSignal { get; init; }
    [JsonPropertyName("Healthcheck")]
    public HealthcheckJson? Healthcheck { get; init; }
    [JsonPropertyName("Shell")]
    public List<string>? Shell { get; init; }
}

internal sealed record HealthcheckJson
{
    [JsonPropertyName("Test")]
    public List<string>? Test { get; init; }
    [JsonPropertyName("Interval")]
    public long? Interval { get; init; }
    [JsonPropertyName("Timeout")]
    public long? Timeout { get; init; }
    [JsonPropertyName("StartPeriod")]
    public long? StartPeriod { get; init; }
    [JsonPropertyName("StartInterval")]
    public long? StartInterval { get; init; }
    [JsonPropertyName("Retries")]
    public int? Retries { get; init; }
}

internal sealed record RootFsJson
{
    public string? Type { get; init; }
    [JsonPropertyName("diff_ids")]
    public List<string>? DiffIds { get; init; }
}

internal sealed record TokenJson
{
    public string? Token { get; init; }
    [JsonPropertyName("access_token")]
    public string? AccessToken { get; init; }
    [JsonPropertyName("expires_in")]
    public int? ExpiresIn { get; init; }
}

internal sealed record RegistryErrorsJson(List<RegistryErrorJson>? Errors);

internal sealed record RegistryErrorJson(string? Code, string? Message);

/// <summary>manifest.json of <c>docker save</c>.</summary>
internal sealed record ArchiveJson
{
    [JsonPropertyName("Config")]
    public string? Config { get; init; }
    [JsonPropertyName("RepoTags")]
    public List<string>? RepoTags { get; init; }
    [JsonPropertyName("Layers")]
    public List<string>? Layers { get; init; }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, AllowDuplicateProperties = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ManifestJson))]
[JsonSerializable(typeof(ConfigJson))]
[JsonSerializable(typeof(TokenJson))]
[JsonSerializable(typeof(RegistryErrorsJson))]
[JsonSerializable(typeof(List<ArchiveJson>))]
[JsonSerializable(typeof(ImageRecord))]
internal sealed partial class DocumentContext : JsonSerializerContext;
