using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace Hypr.Testing.Images;

public enum LayerPacking
{
    Plain,
    Gzip,
}

/// <summary>Makes a small OCI image out of tars.</summary>
public sealed class ImageBuilder
{
    private readonly List<(byte[] Blob, string DiffId, string MediaType)> _layers = [];

    public string Architecture { get; set; } = "amd64";

    public string Os { get; set; } = "linux";

    public string? Variant { get; set; }

    public IReadOnlyList<string>? Entrypoint { get; set; }

    public IReadOnlyList<string>? Cmd { get; set; }

    public IReadOnlyList<string> Env { get; set; } = ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"];

    public IReadOnlyList<string> ExposedPorts { get; set; } = [];

    public string? StopSignal { get; set; }

    /// <summary>A test of a line of shell; null: the image has no HEALTHCHECK.</summary>
    public string? HealthTest { get; set; }

    public TimeSpan HealthInterval { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>VOLUME: places in the image.</summary>
    public IReadOnlyList<string> Volumes { get; set; } = [];

    public IReadOnlyDictionary<string, string> Labels { get; set; } = new Dictionary<string, string>();

    public ImageBuilder Layer(Action<TarBuilder> fill, LayerPacking packing = LayerPacking.Gzip)
    {
        var tar = new TarBuilder();
        fill(tar);
        return Layer(tar.ToArray(), packing);
    }

    public ImageBuilder Layer(byte[] tar, LayerPacking packing = LayerPacking.Gzip) => packing == LayerPacking.Plain
        ? Blob(tar, Digest(tar), "application/vnd.oci.image.layer.v1.tar")
        : Blob(Gzip(tar), Digest(tar), "application/vnd.oci.image.layer.v1.tar+gzip");

    /// <summary>A layer as it is, whatever is said of it.</summary>
    public ImageBuilder Blob(byte[] blob, string diffId, string mediaType)
    {
        _layers.Add((blob, diffId, mediaType));
        return this;
    }

    public BuiltImage Build()
    {
        var config = new JsonObject
        {
            ["created"] = "2024-05-06T07:08:09.123456789Z",
            ["architecture"] = Architecture,
            ["os"] = Os,
            ["variant"] = Variant,
            ["config"] = new JsonObject
            {
                ["Env"] = Strings(Env),
                ["Entrypoint"] = Entrypoint is null ? null : Strings(Entrypoint),
                ["Cmd"] = Cmd is null ? null : Strings(Cmd),
                ["ExposedPorts"] = new JsonObject(ExposedPorts.Select(p => KeyValuePair.Create<string, JsonNode?>(p, new JsonObject()))),
                ["Labels"] = new JsonObject(Labels.Select(l => KeyValuePair.Create<string, JsonNode?>(l.Key, l.Value))),
                ["StopSignal"] = StopSignal,
                ["Healthcheck"] = HealthTest is null ? null : new JsonObject { ["Test"] = new JsonArray("CMD-SHELL", HealthTest), ["Interval"] = HealthInterval.Ticks * 100 },
                ["Volumes"] = Volumes.Count == 0 ? null : new JsonObject(Volumes.Select(v => KeyValuePair.Create<string, JsonNode?>(v, new JsonObject()))),
            },
            ["rootfs"] = new JsonObject { ["type"] = "layers", ["diff_ids"] = Strings(_layers.Select(l => l.DiffId)) },
        };
        var configBytes = Encoding.UTF8.GetBytes(config.ToJsonString());
        var manifest = new JsonObject
        {
            ["schemaVersion"] = 2,
            ["mediaType"] = "application/vnd.oci.image.manifest.v1+json",
            ["config"] = Descriptor("application/vnd.oci.image.config.v1+json", configBytes),
            ["layers"] = new JsonArray([.. _layers.Select(l => Descriptor(l.MediaType, l.Blob))]),
        };
        var manifestBytes = Encoding.UTF8.GetBytes(manifest.ToJsonString());
        var blobs = new Dictionary<string, byte[]> { [Digest(configBytes)] = configBytes };
        foreach (var (blob, _, _) in _layers)
            blobs[Digest(blob)] = blob;
        return new BuiltImage(manifestBytes, Digest(configBytes), blobs, Os, Architecture, Variant);
    }

    public static string Digest(byte[] bytes) => "sha256:" + Convert.ToHexStringLower(SHA256.HashData(bytes));

    public static byte[] Gzip(byte[] bytes)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest))
            gzip.Write(bytes);
        return packed.ToArray();
    }

    internal static JsonObject Descriptor(string mediaType, byte[] bytes) =>
        new() { ["mediaType"] = mediaType, ["digest"] = Digest(bytes), ["size"] = bytes.Length };

    private static JsonArray Strings(IEnumerable<string> values) => new([.. values.Select(v => (JsonNode)v)]);
}

/// <param name="Id">The configuration's digest, which is the image's id.</param>
/// <param name="Blobs">By digest: the configuration and the layers.</param>
public sealed record BuiltImage(byte[] Manifest, string Id, IReadOnlyDictionary<string, byte[]> Blobs, string Os, string Architecture, string? Variant)
{
    public string ManifestDigest => ImageBuilder.Digest(Manifest);

    /// <summary>Writes an OCI image layout (image-spec, image-layout.md).</summary>
    public void WriteLayout(string folder, string tag)
    {
        var blobs = Directory.CreateDirectory(Path.Combine(folder, "blobs", "sha256")).FullName;
        foreach (var (digest, blob) in Blobs.Append(new(ManifestDigest, Manifest)))
            File.WriteAllBytes(Path.Combine(blobs, digest["sha256:".Length..]), blob);
        File.WriteAllText(Path.Combine(folder, "oci-layout"), """{"imageLayoutVersion":"1.0.0"}""");
        var descriptor = ImageBuilder.Descriptor("application/vnd.oci.image.manifest.v1+json", Manifest);
        descriptor["annotations"] = new JsonObject { ["org.opencontainers.image.ref.name"] = tag };
        var index = new JsonObject { ["schemaVersion"] = 2, ["manifests"] = new JsonArray(descriptor) };
        File.WriteAllText(Path.Combine(folder, "index.json"), index.ToJsonString());
    }

    /// <summary>The layout as a tar, which <c>docker load</c> takes.</summary>
    /// <param name="name">In full, with its tag; null: none.</param>
    public byte[] ToArchive(string? name)
    {
        var descriptor = ImageBuilder.Descriptor("application/vnd.oci.image.manifest.v1+json", Manifest);
        if (name is not null)
            descriptor["annotations"] = new JsonObject { ["org.opencontainers.image.ref.name"] = name };
        var tar = new TarBuilder()
            .File("oci-layout", """{"imageLayoutVersion":"1.0.0"}""")
            .File("index.json", new JsonObject { ["schemaVersion"] = 2, ["manifests"] = new JsonArray(descriptor) }.ToJsonString());
        foreach (var (digest, blob) in Blobs.Append(new(ManifestDigest, Manifest)))
            tar.File("blobs/sha256/" + digest["sha256:".Length..], blob);
        return tar.ToArray();
    }

    /// <summary>An index of several platforms.</summary>
    public static byte[] Index(params IEnumerable<BuiltImage> images) => Encoding.UTF8.GetBytes(new JsonObject
    {
        ["schemaVersion"] = 2,
        ["mediaType"] = "application/vnd.oci.image.index.v1+json",
        ["manifests"] = new JsonArray([.. images.Select(i =>
        {
            var descriptor = ImageBuilder.Descriptor("application/vnd.oci.image.manifest.v1+json", i.Manifest);
            descriptor["platform"] = new JsonObject { ["os"] = i.Os, ["architecture"] = i.Architecture, ["variant"] = i.Variant };
            return descriptor;
        })]),
    }.ToJsonString());
}
