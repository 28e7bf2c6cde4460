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
    public string? Author { get; init; }
    public string? Architecture { get; init; }
    public string? Os { get; init; }
    public string? Variant { get; init; }
    public RunJson? Config { get; init; }
    [JsonPropertyName("rootfs")]
    public RootFsJson? RootFs { get; init; }
    public List<HistoryJson>? History { get; init; }
}

/// <summary>What made a layer, or changed the configuration and made none.</summary>
internal sealed record HistoryJson
{
    public string? Created { get; init; }
    [JsonPropertyName("created_by")]
    public string? CreatedBy { get; init; }
    public string? Author { get; init; }
    public string? Comment { get; init; }
    [JsonPropertyName("empty_layer")]
    public bool? EmptyLayer { get; init; }
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

    public static RunJson Of(ImageConfig config) => new()
    {
        User = config.User.Length > 0 ? config.User : null,
        Env = config.Env.Count > 0 ? [.. config.Env] : null,
        Entrypoint = config.Entrypoint is null ? null : [.. config.Entrypoint],
        Cmd = config.Cmd is null ? null : [.. config.Cmd],
        WorkingDir = config.WorkingDir.Length > 0 ? config.WorkingDir : null,
        Labels = config.Labels.Count > 0 ? new Dictionary<string, string>(config.Labels) : null,
        ExposedPorts = Set(config.ExposedPorts),
        Volumes = Set(config.Volumes),
        StopSignal = config.StopSignal,
        Healthcheck = HealthcheckJson.Of(config.Healthcheck),
        Shell = config.Shell is null ? null : [.. config.Shell],
    };

    private static Dictionary<string, JsonElement>? Set(IReadOnlyList<string> keys) =>
        keys.Count == 0 ? null : keys.ToDictionary(static k => k, static _ => JsonElement.Parse("{}"u8));
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

    /// <summary>Durations of 0 are not written: they stand for what is below.</summary>
    public static HealthcheckJson? Of(HealthCheck? check) => check is null ? null : new HealthcheckJson
    {
        Test = [.. check.Test],
        Interval = Given(check.Interval),
        Timeout = Given(check.Timeout),
        StartPeriod = Given(check.StartPeriod),
        StartInterval = Given(check.StartInterval),
        Retries = check.Retries == 0 ? null : check.Retries,
    };

    private static long? Given(long duration) => duration == 0 ? null : duration;
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
    [JsonPropertyName("refresh_token")]
    public string? RefreshToken { get; init; }
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
