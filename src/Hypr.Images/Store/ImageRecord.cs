namespace Hypr.Images.Store;

/// <summary>An image as the images table keeps it (column config, JSON). Its configuration blob and layer blobs are files, by digest.</summary>
/// <param name="ChainId">Hex; names the squashfs: images with the same layers share it.</param>
/// <param name="Layers">The layer blobs as they came (compressed), bottom first.</param>
internal sealed record ImageRecord(
    string? Created, string Architecture, string Os, string? Variant, ImageConfig Config, IReadOnlyList<string> DiffIds, string ChainId,
    IReadOnlyList<LayerRecord> Layers, string? Manifest);

/// <param name="Size">Bytes of the blob.</param>
/// <param name="UnpackedSize">Bytes of the tar.</param>
internal sealed record LayerRecord(string Digest, string? MediaType, long Size, long UnpackedSize);
