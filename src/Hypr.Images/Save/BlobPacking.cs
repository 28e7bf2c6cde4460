using Hypr.Images.Registry;

namespace Hypr.Images.Save;

/// <summary>A layer's media type, by its first bytes: what an archive or a registry called it is not kept, or was wrong.</summary>
internal static class BlobPacking
{
    public static string MediaTypeOf(string path)
    {
        Span<byte> magic = stackalloc byte[4];
        using var file = File.OpenHandle(path);
        var count = RandomAccess.Read(file, magic, 0);
        return MediaTypes.OciLayer + magic[..count] switch
        {
            [0x1F, 0x8B, ..] => "+gzip",
            [0x28, 0xB5, 0x2F, 0xFD] => "+zstd",
            _ => "",
        };
    }
}
