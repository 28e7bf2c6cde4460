using Hypr.Tar;

namespace Hypr.Images.Layers;

/// <summary>Writes a <see cref="RootTree"/> as one tar: each name once, a directory before what is in it.</summary>
internal sealed class TarWriter(Stream to, CancellationToken cancel)
{
    private readonly TarEncoder _tar = new(to, cancel);

    /// <summary>All but the root itself, which this format's reader (mksquashfs) takes from its options.</summary>
    public void Write(RootTree tree)
    {
        WriteBelow(tree.Root, "");
        _tar.End();
    }

    /// <summary>Depth is bounded by the longest name (4096 bytes).</summary>
    private void WriteBelow(RootNode folder, string path)
    {
        foreach (var (name, entry) in folder.Names!)
        {
            cancel.ThrowIfCancellationRequested();
            var full = path.Length == 0 ? name : path + "/" + name;
            WriteNode(entry.Node, full);
            if (entry.Node.Type == TarType.Directory)
                WriteBelow(entry.Node, full);
        }
    }

    private void WriteNode(RootNode node, string path)
    {
        var first = node.WrittenAs;
        _tar.WriteHeader(new TarEntry
        {
            Name = path,
            Type = first is null ? node.Type : TarType.HardLink,
            Mode = node.Mode,
            Uid = node.Uid,
            Gid = node.Gid,
            ModifiedAt = node.ModifiedAt,
            LinkName = first ?? node.LinkName,
            Major = node.Major,
            Minor = node.Minor,
            Xattrs = node.Xattrs,
            Size = node.Size,
        });
        if (node.Type != TarType.File || first is not null)
            return;
        node.WrittenAs = path;
        WriteData(node);
    }

    private void WriteData(RootNode node)
    {
        long at = 0, data = node.DataOffset;
        foreach (var extent in node.Extents ?? [new Extent(0, node.Size)])
        {
            _tar.Pad(extent.Offset - at);
            Copy(node, data, extent.Length);
            data += extent.Length;
            at = extent.Offset + extent.Length;
        }

        _tar.Pad(node.Size - at);
        _tar.PadBlock(node.Size);
    }

    private void Copy(RootNode node, long offset, long length)
    {
        while (length > 0)
        {
            var room = _tar.Room();
            var count = RandomAccess.Read(node.Tar!, room[..(int)Math.Min(room.Length, length)], offset);
            if (count == 0)
                throw new EndOfStreamException("a layer's tar became shorter while it was read");
            _tar.Advance(count);
            offset += count;
            length -= count;
        }
    }
}
