using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace Hypr.Images.Layers;

/// <summary>Writes a <see cref="RootTree"/> as one tar (ustar, with PAX headers where ustar has no room): each name once, a directory before what is in it.</summary>
internal sealed class TarWriter(Stream to, CancellationToken cancel)
{
    private const int CopySize = 1 << 20;

    private readonly byte[] _header = new byte[TarHeader.Size];
    private readonly byte[] _copy = new byte[CopySize];
    private readonly ArrayBufferWriter<byte> _pax = new();
    private int _buffered;

    /// <summary>All but the root itself, which this format's reader (mksquashfs) takes from its options.</summary>
    public void Write(RootTree tree)
    {
        WriteBelow(tree.Root, "");
        // The end: two blocks of zeros.
        Pad(2 * TarHeader.Size);
        Flush();
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
        if (node.WrittenAs is { } first)
        {
            WriteHeader(node, path, '1', first, 0);
            return;
        }

        switch (node.Type)
        {
            case TarType.Directory:
                WriteHeader(node, path + "/", '5', "", 0);
                break;
            case TarType.Symlink:
                WriteHeader(node, path, '2', node.LinkName, 0);
                break;
            case TarType.CharDevice:
                WriteHeader(node, path, '3', "", 0);
                break;
            case TarType.BlockDevice:
                WriteHeader(node, path, '4', "", 0);
                break;
            case TarType.Fifo:
                WriteHeader(node, path, '6', "", 0);
                break;
            case TarType.File:
                node.WrittenAs = path;
                WriteHeader(node, path, '0', "", node.Size);
                WriteData(node);
                break;
            default:
                throw new InvalidOperationException($"{node.Type} is no node");
        }
    }

    private void WriteHeader(RootNode node, string path, char type, string link, long size)
    {
        _pax.ResetWrittenCount();
        if (path.Length > 100)
            Record("path", Encoding.Latin1.GetBytes(path));
        if (size > 0x1_FFFF_FFFF)
            Record("size", Number(size));
        if (node.Uid > 0x1F_FFFF)
            Record("uid", Number(node.Uid));
        if (node.Gid > 0x1F_FFFF)
            Record("gid", Number(node.Gid));
        if (type != '1')
        {
            foreach (var xattr in node.Xattrs ?? [])
                Record("SCHILY.xattr." + xattr.Name, xattr.Value);
        }

        if (link.Length > 100)
        {
            // GNU's way: from a PAX linkpath mksquashfs 4.5.1 takes a leading slash or dots away, also from a symbolic link's.
            WriteBlock(null, "././@LongLink", 'K', "", link.Length + 1);
            Put(Encoding.Latin1.GetBytes(link));
            Pad(1);
            Pad(PaddingOf(link.Length + 1));
        }

        if (_pax.WrittenCount > 0)
        {
            WriteBlock(null, "PaxHeader", 'x', "", _pax.WrittenCount);
            Put(_pax.WrittenSpan);
            Pad(PaddingOf(_pax.WrittenCount));
        }

        WriteBlock(node, path, type, link, size);
    }

    private void WriteBlock(RootNode? node, string path, char type, string link, long size)
    {
        var h = _header.AsSpan();
        h.Clear();
        Encoding.Latin1.GetBytes(path.AsSpan(0, Math.Min(path.Length, 100)), h);
        Octal(h.Slice(100, 8), node?.Mode ?? 0x1A4);
        Octal(h.Slice(108, 8), node is { Uid: <= 0x1F_FFFF } ? node.Uid : 0);
        Octal(h.Slice(116, 8), node is { Gid: <= 0x1F_FFFF } ? node.Gid : 0);
        Octal(h.Slice(124, 12), size <= 0x1_FFFF_FFFF ? size : 0);
        Octal(h.Slice(136, 12), node?.ModifiedAt ?? 0);
        h[156] = (byte)type;
        Encoding.Latin1.GetBytes(link.AsSpan(0, Math.Min(link.Length, 100)), h[157..]);
        "ustar\000"u8.CopyTo(h[257..]);
        // Seven octal digits hold 21 bits; Linux has 12 for a major and 20 for a minor.
        Octal(h.Slice(329, 8), node?.Major ?? 0);
        Octal(h.Slice(337, 8), node?.Minor ?? 0);
        h.Slice(148, 8).Fill((byte)' ');
        var sum = 0;
        foreach (var b in h)
            sum += b;
        Octal(h.Slice(148, 7), sum);
        Put(h);
    }

    private void WriteData(RootNode node)
    {
        if (node.Extents is null)
        {
            Copy(node, node.DataOffset, node.Size);
        }
        else
        {
            long at = 0, data = node.DataOffset;
            foreach (var extent in node.Extents)
            {
                Pad(extent.Offset - at);
                Copy(node, data, extent.Length);
                data += extent.Length;
                at = extent.Offset + extent.Length;
            }

            Pad(node.Size - at);
        }

        Pad(PaddingOf(node.Size));
    }

    private void Copy(RootNode node, long offset, long length)
    {
        while (length > 0)
        {
            if (_buffered == CopySize)
                Flush();
            var count = RandomAccess.Read(node.Tar!, _copy.AsSpan(_buffered, (int)Math.Min(CopySize - _buffered, length)), offset);
            if (count == 0)
                throw new EndOfStreamException("a layer's tar became shorter while it was read");
            _buffered += count;
            offset += count;
            length -= count;
        }
    }

    private void Pad(long count)
    {
        while (count > 0)
        {
            if (_buffered == CopySize)
                Flush();
            var step = (int)Math.Min(CopySize - _buffered, count);
            _copy.AsSpan(_buffered, step).Clear();
            _buffered += step;
            count -= step;
        }
    }

    private void Put(ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            if (_buffered == CopySize)
                Flush();
            var step = Math.Min(CopySize - _buffered, bytes.Length);
            bytes[..step].CopyTo(_copy.AsSpan(_buffered));
            _buffered += step;
            bytes = bytes[step..];
        }
    }

    private void Flush()
    {
        cancel.ThrowIfCancellationRequested();
        to.Write(_copy, 0, _buffered);
        _buffered = 0;
    }

    /// <summary><c>LENGTH KEY=VALUE\n</c>, where LENGTH counts its own digits.</summary>
    private void Record(string key, ReadOnlySpan<byte> value)
    {
        var body = 1 + key.Length + 1 + value.Length + 1;
        var length = body;
        while (length != body + Digits(length))
            length = body + Digits(length);
        _pax.Write(Number(length));
        _pax.Write(" "u8);
        _pax.Write(Encoding.Latin1.GetBytes(key));
        _pax.Write("="u8);
        _pax.Write(value);
        _pax.Write("\n"u8);
    }

    private static int Digits(int number) => number.ToString(CultureInfo.InvariantCulture).Length;

    private static byte[] Number(long number)
    {
        var text = new byte[20];
        Utf8Formatter.TryFormat(number, text, out var count);
        return text[..count];
    }

    /// <summary>Octal digits to the last byte but one, which stays NUL.</summary>
    private static void Octal(Span<byte> field, long value)
    {
        for (var i = field.Length - 2; i >= 0; i--)
        {
            field[i] = (byte)('0' + (value & 7));
            value >>= 3;
        }
    }

    private static long PaddingOf(long size) => -size & (TarHeader.Size - 1);
}
