using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace Hypr.Tar;

/// <summary>The fields of a 512-byte header: POSIX.1-1988 (ustar), GNU (tar.h) and star.</summary>
public readonly ref struct TarHeader(ReadOnlySpan<byte> block)
{
    public const int Size = 512;

    private readonly ReadOnlySpan<byte> _block = block;

    public static bool IsZero(ReadOnlySpan<byte> block) => !block.ContainsAnyExcept((byte)0);

    public byte TypeFlag => _block[156];

    public int Mode => (int)(Number(100, 8) & 0xFFF);

    public uint Uid => (uint)Number(108, 8);

    public uint Gid => (uint)Number(116, 8);

    public long DataSize => Number(124, 12);

    public long ModifiedAt => Number(136, 12);

    public uint Major => (uint)Number(329, 8);

    public uint Minor => (uint)Number(337, 8);

    public string LinkName => Text(157, 100);

    public string Name
    {
        get
        {
            var name = Text(0, 100);
            // GNU's magic is "ustar " and its header has other fields where POSIX has the prefix.
            if (!_block.Slice(257, 6).SequenceEqual("ustar\0"u8))
                return name;
            var isStar = _block.Slice(508, 4).SequenceEqual("tar\0"u8);
            var prefix = Text(345, isStar ? 131 : 155);
            return prefix.Length == 0 ? name : prefix + "/" + name;
        }
    }

    /// <summary>GNU's old sparse format: is there a further block of extents.</summary>
    public bool HasMoreExtents => _block[482] != 0;

    public long SparseRealSize => Number(483, 12);

    /// <summary>The checksum over the header with its own field as blanks; old tars summed signed bytes.</summary>
    public void Check()
    {
        long unsigned = 0, signed = 0;
        for (var i = 0; i < Size; i++)
        {
            var b = i is >= 148 and < 156 ? (byte)' ' : _block[i];
            unsigned += b;
            signed += (sbyte)b;
        }

        // Six digits, a NUL and a blank, in any order that old tars have.
        if (!TryOctal(_block.Slice(148, 8), out var told) || (told != unsigned && told != signed))
            throw new MalformedException("it is no tar archive, or a damaged one (a header's checksum is wrong)");
    }

    public static void ReadExtents(ReadOnlySpan<byte> fields, List<Extent> extents)
    {
        for (; fields.Length >= 24; fields = fields[24..])
        {
            if (fields[0] == 0)
                return;
            extents.Add(new Extent(Number(fields[..12]), Number(fields.Slice(12, 12))));
        }
    }

    private long Number(int offset, int length) => Number(_block.Slice(offset, length));

    private string Text(int offset, int length)
    {
        var field = _block.Slice(offset, length);
        var end = field.IndexOf((byte)0);
        return Encoding.Latin1.GetString(end < 0 ? field : field[..end]);
    }

    /// <summary>Octal digits, or GNU's base 256 where the first bit is set (two's complement in the rest).</summary>
    private static long Number(ReadOnlySpan<byte> field)
    {
        if ((field[0] & 0x80) != 0)
        {
            // The first byte's low bits and all that comes before the last eight bytes must be sign extension.
            var negative = (field[0] & 0x40) != 0;
            long value = negative ? -1 : 0;
            for (var i = 0; i < field.Length; i++)
            {
                var b = i == 0 ? (byte)(negative ? field[0] | 0x80 : field[0] & 0x7F) : field[i];
                if (i < field.Length - 8 && b != (negative ? 0xFF : 0))
                    throw new MalformedException("a number in a tar header is out of range");
                value = (value << 8) | b;
            }

            return value;
        }

        return TryOctal(field, out var octal) ? octal : throw new MalformedException("a number in a tar header is not octal");
    }

    private static bool TryOctal(ReadOnlySpan<byte> field, out long value)
    {
        value = 0;
        foreach (var c in field.Trim(" \0"u8))
        {
            // Some writers leave rubbish behind the terminator.
            if (c is 0 or (byte)' ')
                break;
            if (c is < (byte)'0' or > (byte)'7')
                return false;
            value = (value << 3) | (uint)(c - '0');
        }

        return true;
    }

    /// <summary>A decimal of a PAX record.</summary>
    public static long Decimal(ReadOnlySpan<byte> text, string key) =>
        Utf8Parser.TryParse(text, out long value, out var used) && used == text.Length ? value
            : throw new MalformedException(string.Create(CultureInfo.InvariantCulture, $"the PAX record {TarEntry.Show(key)} is no number"));
}
