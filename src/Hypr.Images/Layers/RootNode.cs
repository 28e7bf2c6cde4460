using Hypr.Tar;
using Microsoft.Win32.SafeHandles;

namespace Hypr.Images.Layers;

/// <summary>A file, directory, link or device of the merged image: an inode, which several names may share.</summary>
internal sealed class RootNode
{
    public required TarType Type { get; init; }
    public int Mode { get; set; }
    public uint Uid { get; set; }
    public uint Gid { get; set; }
    public uint ModifiedAt { get; set; }
    public IReadOnlyList<Xattr>? Xattrs { get; set; }
    public string LinkName { get; init; } = "";
    public uint Major { get; init; }
    public uint Minor { get; init; }

    public long Size { get; init; }
    public long DataOffset { get; init; }
    public IReadOnlyList<Extent>? Extents { get; init; }

    /// <summary>The tar that has the data.</summary>
    public SafeFileHandle? Tar { get; init; }

    /// <summary>Of a directory.</summary>
    public SortedDictionary<string, RootName>? Names { get; init; }

    /// <summary>The first name under which it was written out: the further ones become hard links to it.</summary>
    public string? WrittenAs { get; set; }

    public static RootNode Of(TarEntry entry, SafeFileHandle tar) => new()
    {
        Type = entry.Type,
        Mode = entry.Mode,
        Uid = entry.Uid,
        Gid = entry.Gid,
        ModifiedAt = entry.ModifiedAt,
        Xattrs = entry.Xattrs,
        LinkName = entry.LinkName,
        Major = entry.Major,
        Minor = entry.Minor,
        Size = entry.Size,
        DataOffset = entry.DataOffset,
        Extents = entry.Extents,
        Tar = entry.Type == TarType.File ? tar : null,
        Names = entry.Type == TarType.Directory ? NoNames() : null,
    };

    /// <summary>A directory that a layer implies and does not describe, as Docker makes it: root's, 0755.</summary>
    public static RootNode Implied(uint modifiedAt) =>
        new() { Type = TarType.Directory, Mode = 0x1ED, ModifiedAt = modifiedAt, Names = NoNames() };

    private static SortedDictionary<string, RootName> NoNames() => new(StringComparer.Ordinal);
}

/// <param name="Layer">The layer that wrote this name last, from 0: a whiteout hides only what lower layers wrote.</param>
internal readonly record struct RootName(RootNode Node, int Layer);
