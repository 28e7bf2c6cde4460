using System.Text;

namespace Hypr.Tar;

public enum TarType : byte
{
    File,
    HardLink,
    Symlink,
    CharDevice,
    BlockDevice,
    Directory,
    Fifo,
}

/// <summary>
/// One entry of a layer. Names are bytes on Linux: they are kept as strings whose characters are the bytes (Latin-1), so nothing is lost and order is
/// that of the bytes; <see cref="Show"/> makes them readable.
/// </summary>
public sealed class TarEntry
{
    public required string Name { get; init; }
    public required TarType Type { get; init; }

    /// <summary>The twelve permission bits.</summary>
    public int Mode { get; init; }
    public uint Uid { get; init; }
    public uint Gid { get; init; }

    /// <summary>Seconds since 1970; squashfs has 32 bits, unsigned.</summary>
    public uint ModifiedAt { get; init; }
    public string LinkName { get; init; } = "";
    public uint Major { get; init; }
    public uint Minor { get; init; }
    public IReadOnlyList<Xattr>? Xattrs { get; init; }

    /// <summary>Bytes that a reader of the file sees.</summary>
    public long Size { get; init; }

    /// <summary>Where its data begins in the tar.</summary>
    public long DataOffset { get; init; }

    /// <summary>For a sparse file what is data; all else is zeros. Null: all of it.</summary>
    public IReadOnlyList<Extent>? Extents { get; init; }

    /// <summary>The name for a message: UTF-8 where it is, control characters and what is not UTF-8 replaced, at most 200 characters.</summary>
    public static string Show(string name)
    {
        var text = Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(name));
        var shown = new StringBuilder(Math.Min(text.Length, 200));
        foreach (var c in text.AsSpan(0, Math.Min(text.Length, 200)))
            shown.Append(char.IsControl(c) ? '?' : c);
        return shown.ToString();
    }
}

/// <param name="Name">With its namespace: <c>security.capability</c>.</param>
public readonly record struct Xattr(string Name, byte[] Value);

/// <param name="Offset">In the file.</param>
public readonly record struct Extent(long Offset, long Length);
