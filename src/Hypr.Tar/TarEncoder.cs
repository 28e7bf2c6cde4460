using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace Hypr.Tar;

/// <summary>Writes tar entries (ustar, with PAX headers where ustar has no room): header, data, padding, and two blocks of zeros at the end.</summary>
public sealed class TarEncoder(Stream to, CancellationToken cancel)
{
    private const int BufferSize = 1 << 20;

    private readonly byte[] _header = new byte[TarHeader.Size];
    private readonly byte[] _buffer = new byte[BufferSize];
    private readonly ArrayBufferWriter<byte> _pax = new();
    private int _buffered;

    /// <summary>Bytes that went out so far.</summary>
    public long Written { get; private set; }

    /// <param name="entry">Its name without a slash at the end, whatever it is; its size counts for a file only.</param>
    public void WriteHeader(TarEntry entry)
    {
        var (path, link) = (entry.Type == TarType.Directory ? entry.Name + "/" : entry.Name, entry.LinkName);
        var size = entry.Type == TarType.File ? entry.Size : 0;
        _pax.ResetWrittenCount();
        if (path.Length > 100)
            Record("path", Encoding.Latin1.GetBytes(path));
        if (size > 0x1_FFFF_FFFF)
            Record("size", Number(size));
        if (entry.Uid > 0x1F_FFFF)
            Record("uid", Number(entry.Uid));
        if (entry.Gid > 0x1F_FFFF)
            Record("gid", Number(entry.Gid));
        foreach (var xattr in entry.Type == TarType.HardLink ? [] : entry.Xattrs ?? [])
            Record("SCHILY.xattr." + xattr.Name, xattr.Value);
        if (link.Length > 100)
        {
            // GNU's way: from a PAX linkpath mksquashfs 4.5.1 takes a leading slash or dots away, also from a symbolic link's.
            WriteBlock(null, "././@LongLink", 'K', "", link.Length + 1);
            Put(Encoding.Latin1.GetBytes(link));
            Pad(1);
            PadBlock(link.Length + 1);
        }

        if (_pax.WrittenCount > 0)
        {
            WriteBlock(null, "PaxHeader", 'x', "", _pax.WrittenCount);
            Put(_pax.WrittenSpan);
            PadBlock(_pax.WrittenCount);
        }

        WriteBlock(entry, path, Flag(entry.Type), link, size);
    }

    /// <summary>Bytes of the file whose header was written.</summary>
    public void Put(ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            var room = Room();
            var step = Math.Min(room.Length, bytes.Length);
            bytes[..step].CopyTo(room);
            Advance(step);
            bytes = bytes[step..];
        }
    }

    /// <summary>Where further bytes may be put without a copy; never empty.</summary>
    public Span<byte> Room()
    {
        if (_buffered == BufferSize)
            Flush();
        return _buffer.AsSpan(_buffered);
    }

    public void Advance(int count) => _buffered += count;

    /// <summary>So many bytes went to the same end without this object.</summary>
    public void Passed(long count) => Written += count;

    /// <summary>Zeros.</summary>
    public void Pad(long count)
    {
        while (count > 0)
        {
            var room = Room();
            var step = (int)Math.Min(room.Length, count);
            room[..step].Clear();
            Advance(step);
            count -= step;
        }
    }

    /// <summary>Fills up the last block of a file of this size.</summary>
    public void PadBlock(long size) => Pad(-size & (TarHeader.Size - 1));

    public void End()
    {
        Pad(2 * TarHeader.Size);
        Flush();
    }

    private static char Flag(TarType type) => type switch
    {
        TarType.File => '0',
        TarType.HardLink => '1',
        TarType.Symlink => '2',
        TarType.CharDevice => '3',
        TarType.BlockDevice => '4',
        TarType.Directory => '5',
        _ => '6',
    };

    private void WriteBlock(TarEntry? entry, string path, char type, string link, long size)
    {
        var h = _header.AsSpan();
        h.Clear();
        Encoding.Latin1.GetBytes(path.AsSpan(0, Math.Min(path.Length, 100)), h);
        Octal(h.Slice(100, 8), entry?.Mode ?? 0x1A4);
        Octal(h.Slice(108, 8), entry is { Uid: <= 0x1F_FFFF } ? entry.Uid : 0);
        Octal(h.Slice(116, 8), entry is { Gid: <= 0x1F_FFFF } ? entry.Gid : 0);
        Octal(h.Slice(124, 12), size <= 0x1_FFFF_FFFF ? size : 0);
        Octal(h.Slice(136, 12), entry?.ModifiedAt ?? 0);
        h[156] = (byte)type;
        Encoding.Latin1.GetBytes(link.AsSpan(0, Math.Min(link.Length, 100)), h[157..]);
        "ustar\000"u8.CopyTo(h[257..]);
        // Seven octal digits hold 21 bits; Linux has 12 for a major and 20 for a minor.
        Octal(h.Slice(329, 8), entry?.Major ?? 0);
        Octal(h.Slice(337, 8), entry?.Minor ?? 0);
        h.Slice(148, 8).Fill((byte)' ');
        var sum = 0;
        foreach (var b in h)
            sum += b;
        Octal(h.Slice(148, 7), sum);
        Put(h);
    }

    /// <summary>What was put so far goes out: for who writes a file's bytes past this object, and says so by <see cref="Passed"/>.</summary>
    public void Flush()
    {
        cancel.ThrowIfCancellationRequested();
        to.Write(_buffer, 0, _buffered);
        Written += _buffered;
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
}
