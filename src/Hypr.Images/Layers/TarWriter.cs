using System.IO.Pipes;
using System.Runtime.InteropServices;
using Hypr.Linux;
using Hypr.Tar;
using Microsoft.Win32.SafeHandles;

namespace Hypr.Images.Layers;

/// <summary>Writes a <see cref="RootTree"/> as one tar: each name once, a directory before what is in it.</summary>
internal sealed partial class TarWriter(PipeStream to, CancellationToken cancel)
{
    /// <summary>From here on a call of its own is cheaper than two copies.</summary>
    private const long WorthSplicing = 128 << 10;

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
        if (length >= WorthSplicing && TrySplice(node.Tar!, offset, length))
            return;

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

    /// <summary>
    /// The page cache's pages themselves go into the pipe (splice(2)), not copies of them: whoever reads it makes the only one. False: the layer's file system cannot (EINVAL).
    /// </summary>
    private bool TrySplice(SafeFileHandle tar, long offset, long length)
    {
        _tar.Flush();
        var whole = length;
        while (length > 0)
        {
            cancel.ThrowIfCancellationRequested();
            var count = Splice(tar, ref offset, to.SafePipeHandle, 0, (nuint)Math.Min(length, 1 << 20), 0);
            if (count == 0)
                throw new EndOfStreamException("a layer's tar became shorter while it was read");
            if (count < 0 && Marshal.GetLastPInvokeError() == Errno.EINTR)
                continue;
            if (count < 0 && Marshal.GetLastPInvokeError() == Errno.EINVAL && length == whole)
                return false;
            if (count < 0)
                throw new IOException($"cannot write to mksquashfs: {Marshal.GetLastPInvokeErrorMessage()}");
            _tar.Passed(count);
            length -= count;
        }

        return true;
    }

    // Safe: descriptors that their handles keep open, and an offset that is marshalled for the call.
    [LibraryImport("libc", EntryPoint = "splice", SetLastError = true)]
    private static partial nint Splice(SafeFileHandle from, ref long offset, SafePipeHandle to, nint none, nuint count, uint flags);
}
