using System.IO.Compression;
using Hypr.Images.Store;
using Hypr.Tar;

namespace Hypr.Images.Layers;

/// <summary>How a tar is packed is told by its first bytes, as Docker does; media types lie.</summary>
internal static class Packing
{
    /// <summary>The plain tar, unpacked as it is read; null when the file is not packed. The file stays open.</summary>
    /// <exception cref="MalformedException">It is packed in a way that is not understood.</exception>
    public static Stream? Unpack(FileStream file)
    {
        Span<byte> magic = stackalloc byte[6];
        var count = file.ReadAtLeast(magic, magic.Length, throwOnEndOfStream: false);
        file.Position = 0;
        return magic[..count] switch
        {
            [0x1F, 0x8B, ..] => new GZipStream(file, CompressionMode.Decompress, leaveOpen: true),
            [0x28, 0xB5, 0x2F, 0xFD, ..] => new ZstdSharp.DecompressionStream(file, 128 << 10, leaveOpen: true),
            [(byte)'B', (byte)'Z', (byte)'h', ..] => throw new MalformedException("it is packed with bzip2; gzip, zstd and plain tar are understood"),
            [0xFD, (byte)'7', (byte)'z', (byte)'X', (byte)'Z', 0] => throw new MalformedException("it is packed with xz; gzip, zstd and plain tar are understood"),
            _ => null,
        };
    }
}
