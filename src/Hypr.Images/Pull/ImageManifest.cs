using Hypr.Images.Registry;
using Hypr.Images.Store;
using Hypr.Primitives;
using Hypr.Tar;

namespace Hypr.Images.Pull;

/// <summary>What makes one image for one platform: its configuration and layers, as a manifest lists them, checked for sense.</summary>
/// <param name="Digest">Of the manifest itself.</param>
internal sealed record ImageManifest(Digest Digest, BlobRef Config, IReadOnlyList<BlobRef> Layers)
{
    private const int MaxLayers = 1000;

    /// <summary>The choice in an index: the first that runs here, one of the exact variant before others (image-spec, image-index.md).</summary>
    /// <exception cref="HyprException">NotFound, in Docker's words.</exception>
    public static Descriptor Choose(ManifestJson index, Platform platform)
    {
        var fitting = (index.Manifests ?? [])
            .Where(m => m.Platform is { Os: { } os, Architecture: { } architecture } && platform.Accepts(Platform.Of(os, architecture, m.Platform.Variant)))
            .ToList();
        return fitting.FirstOrDefault(m => Platform.Of(m.Platform!.Os!, m.Platform.Architecture!, m.Platform.Variant) == platform) ?? fitting.FirstOrDefault()
            // An index of one image that says nothing about it, as hand-made OCI layouts have: its configuration will say.
            ?? (index.Manifests is [{ Platform: null } single] ? single : null)
            ?? throw HyprException.NotFound($"no matching manifest for {platform} in the manifest list entries");
    }

    /// <exception cref="HyprException">InvalidParameter: it is something else than an image.</exception>
    /// <exception cref="MalformedException"/>
    public static ImageManifest Of(ManifestJson json, Digest digest, string name)
    {
        if (json.SchemaVersion == 1 || json.Config is null || json.Layers is null)
            throw HyprException.Invalid($"{name} has a manifest that HYPR cannot use: only OCI images and Docker's schema 2 are images here");
        if (json.Config.MediaType is not (MediaTypes.OciConfig or MediaTypes.DockerConfig))
            throw HyprException.Invalid($"{name} is no image but an artifact of the type {json.Config.MediaType ?? "?"}");
        if (json.Layers.Count > MaxLayers)
            throw new MalformedException($"the manifest of {name} lists {json.Layers.Count} layers, more than {MaxLayers}");
        return new ImageManifest(digest, BlobRef.Of(json.Config, name), [.. json.Layers.Select(l => BlobRef.Of(l, name))]);
    }

    public static bool IsIndex(ManifestJson json, string? mediaType) =>
        (json.MediaType ?? mediaType) is MediaTypes.OciIndex or MediaTypes.DockerList || (json.Manifests is not null && json.Config is null);
}

internal readonly record struct BlobRef(Digest Digest, long Size, string? MediaType)
{
    public static BlobRef Of(Descriptor descriptor, string name)
    {
        if (!Digest.TryParse(descriptor.Digest, out var digest))
            throw new MalformedException($"the manifest of {name} names a blob by '{descriptor.Digest}': only sha256 digests are understood");
        if (descriptor.Size < 0)
            throw new MalformedException($"the manifest of {name} gives the blob {digest} a negative size");
        return new BlobRef(digest, descriptor.Size, descriptor.MediaType);
    }
}
