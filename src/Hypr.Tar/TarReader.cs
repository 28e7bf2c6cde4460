using System.Text;

namespace Hypr.Tar;

/// <summary>
/// Reads a tar: ustar, PAX, GNU and star, with long names, big numbers, sparse files and binary extended attributes. (System.Formats.Tar reads PAX
/// values as UTF-8, which destroys security.capability, and knows no sparse files.) Every fault is a <see cref="MalformedException"/>.
/// </summary>
public sealed class TarReader(ITarSource source)
{
    private const int MaxName = 4096;
    private const int MaxExtents = 1 << 20;

    private readonly byte[] _block = new byte[TarHeader.Size];
    private long _unread;
    private long _padding;

    /// <summary>The next entry, or null at the end; what was not read of the data of the one before is skipped.</summary>
    public TarEntry? Next()
    {
        source.Skip(_unread);
        source.SkipPadding(_padding);
        _unread = _padding = 0;
        PaxRecords? pax = null;
        string? longName = null, longLink = null;
        while (true)
        {
            if (!source.TryReadBlock(_block))
                return pax is null && longName is null && longLink is null ? null : throw Truncated();
            if (TarHeader.IsZero(_block))
            {
                source.SkipToEnd();
                return null;
            }

            var header = new TarHeader(_block);
            header.Check();
            var size = header.DataSize;
            if (size < 0)
                throw new MalformedException("an entry has a negative size");
            switch (header.TypeFlag)
            {
                case (byte)'x' or (byte)'X':
                    pax ??= new PaxRecords();
                    pax.Read(ReadSmall(size, PaxRecords.MaxSize, "a PAX header"));
                    continue;
                case (byte)'g' or (byte)'V':
                    source.Skip(Padded(size));
                    continue;
                case (byte)'L':
                    longName = Terminated(ReadSmall(size, MaxName + 1, "a long name"));
                    continue;
                case (byte)'K':
                    longLink = Terminated(ReadSmall(size, MaxName + 1, "a long link"));
                    continue;
                default:
                    return Entry(header, pax, longName, longLink);
            }
        }
    }

    private TarEntry Entry(TarHeader header, PaxRecords? pax, string? longName, string? longLink)
    {
        var name = pax?.SparseName ?? pax?.Path ?? longName ?? header.Name;
        if (name.Length > MaxName)
            throw new MalformedException($"the name {TarEntry.Show(name)}... has more than {MaxName} bytes");
        var type = header.TypeFlag switch
        {
            (byte)'0' or 0 or (byte)'7' => name.EndsWith('/') ? TarType.Directory : TarType.File,
            (byte)'S' => TarType.File,
            (byte)'1' => TarType.HardLink,
            (byte)'2' => TarType.Symlink,
            (byte)'3' => TarType.CharDevice,
            (byte)'4' => TarType.BlockDevice,
            (byte)'5' or (byte)'D' => TarType.Directory,
            (byte)'6' => TarType.Fifo,
            var other => throw new MalformedException($"the entry {TarEntry.Show(name)} is of the unknown type '{(char)other}'"),
        };
        var stored = pax?.Size ?? header.DataSize;
        // Links, devices and directories have no data, whatever their size field says (as Go's archive/tar reads them); 'D' lists names as its data.
        if (type != TarType.File && header.TypeFlag != 'D')
            stored = 0;
        if (stored < 0)
            throw new MalformedException($"the entry {TarEntry.Show(name)} has a negative size");

        long size = stored, offset;
        List<Extent>? extents = null;
        if (header.TypeFlag == 'S')
        {
            (extents, size) = (OldGnuMap(header), header.SparseRealSize);
            offset = source.Position;
        }
        else if (type == TarType.File && pax is { IsSparse: true })
        {
            size = pax.SparseRealSize ?? stored;
            var start = source.Position;
            extents = pax.MapIsInData ? MapInData(stored) : pax.SparseMap ?? [];
            offset = source.Position;
            stored -= offset - start;
        }
        else
        {
            offset = source.Position;
        }

        if (extents is not null)
            CheckExtents(extents, size, stored, name);
        var entry = new TarEntry
        {
            Name = name,
            Type = type,
            Mode = header.Mode,
            Uid = Id(pax?.Uid ?? header.Uid),
            Gid = Id(pax?.Gid ?? header.Gid),
            ModifiedAt = (uint)Math.Clamp(pax?.ModifiedAt ?? header.ModifiedAt, 0, uint.MaxValue),
            LinkName = type is TarType.HardLink or TarType.Symlink ? LinkName(pax?.LinkPath ?? longLink ?? header.LinkName, name) : "",
            Major = type is TarType.CharDevice or TarType.BlockDevice ? header.Major : 0,
            Minor = type is TarType.CharDevice or TarType.BlockDevice ? header.Minor : 0,
            Xattrs = pax?.Xattrs,
            Size = type == TarType.File ? size : 0,
            DataOffset = offset,
            Extents = extents,
        };
        _unread = stored;
        _padding = Padded(stored) - stored;
        return entry;
    }

    /// <summary>The next bytes of the entry's stored data (of a sparse file its extents one behind the other); 0 at their end.</summary>
    public int ReadData(Span<byte> to)
    {
        var count = (int)Math.Min(to.Length, _unread);
        source.ReadExactly(to[..count]);
        _unread -= count;
        return count;
    }

    private List<Extent> OldGnuMap(TarHeader header)
    {
        var extents = new List<Extent>();
        TarHeader.ReadExtents(_block.AsSpan(386, 96), extents);
        var more = header.HasMoreExtents;
        Span<byte> block = stackalloc byte[TarHeader.Size];
        while (more)
        {
            if (!source.TryReadBlock(block))
                throw Truncated();
            TarHeader.ReadExtents(block[..504], extents);
            if (extents.Count > MaxExtents)
                throw new MalformedException("a sparse file has too many pieces");
            more = block[504] != 0;
        }

        return extents;
    }

    /// <summary>GNU's format 1.0: decimal numbers, a line each (their count of pairs first), padded to a block.</summary>
    private List<Extent> MapInData(long stored)
    {
        var extents = new List<Extent>();
        var start = source.Position;
        var count = Line();
        if (count is < 0 or > MaxExtents)
            throw new MalformedException("a sparse file has too many pieces");
        for (var i = 0; i < count; i++)
            extents.Add(new Extent(Line(), Line()));
        source.Skip(Padded(source.Position - start) - (source.Position - start));
        return extents;

        long Line()
        {
            long value = 0;
            Span<byte> one = stackalloc byte[1];
            for (var digits = 0; ; digits++)
            {
                if (source.Position - start >= stored || digits > 18)
                    throw new MalformedException("the map of a sparse file is malformed");
                source.ReadExactly(one);
                if (one[0] == '\n')
                    return value;
                if (one[0] is < (byte)'0' or > (byte)'9')
                    throw new MalformedException("the map of a sparse file is malformed");
                value = (value * 10) + (one[0] - '0');
            }
        }
    }

    private static void CheckExtents(List<Extent> extents, long size, long stored, string name)
    {
        long end = 0, data = 0;
        foreach (var e in extents)
        {
            if (e.Offset < end || e.Length < 0 || e.Offset > size || e.Length > size - e.Offset)
                throw new MalformedException($"the map of the sparse file {TarEntry.Show(name)} is malformed");
            end = e.Offset + e.Length;
            data += e.Length;
        }

        if (data != stored)
            throw new MalformedException($"the map of the sparse file {TarEntry.Show(name)} does not match its data");
    }

    private byte[] ReadSmall(long size, int max, string what)
    {
        if (size > max)
            throw new MalformedException($"{what} has {size} bytes, more than the {max} allowed");
        var data = new byte[size];
        source.ReadExactly(data);
        source.Skip(Padded(size) - size);
        return data;
    }

    private static string Terminated(byte[] data)
    {
        var end = data.AsSpan().IndexOf((byte)0);
        return Encoding.Latin1.GetString(data, 0, end < 0 ? data.Length : end);
    }

    private static string LinkName(string link, string name) =>
        link.Length is > 0 and <= MaxName ? link : throw new MalformedException($"the link {TarEntry.Show(name)} has no target, or too long a one");

    private static uint Id(long id) => id is >= 0 and <= uint.MaxValue ? (uint)id : throw new MalformedException($"an owner's number is out of range: {id}");

    private static long Padded(long size) => (size + TarHeader.Size - 1) & ~(TarHeader.Size - 1L);

    private static MalformedException Truncated() => new("it is truncated");
}
