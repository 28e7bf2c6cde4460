using System.Buffers.Binary;
using System.Net;
using System.Text;

namespace Hypr.Linux.Netlink;

/// <summary>Walks the attributes of a message or of a nest. A length that does not fit ends the walk: what the kernel sent is never read beyond its end.</summary>
internal ref struct NetlinkReader
{
    private const int NlaTypeMask = 0x3fff;
    private ReadOnlySpan<byte> _rest;

    public NetlinkReader(ReadOnlySpan<byte> attributes) => _rest = attributes;

    /// <summary>The present attribute's type without its flag bits.</summary>
    public int Type { get; private set; }

    public ReadOnlySpan<byte> Value { get; private set; }

    public bool Next()
    {
        if (_rest.Length < 4)
            return false;
        int length = BinaryPrimitives.ReadUInt16LittleEndian(_rest);
        if (length < 4 || length > _rest.Length)
            return false;
        Type = BinaryPrimitives.ReadUInt16LittleEndian(_rest[2..]) & NlaTypeMask;
        Value = _rest[4..length];
        _rest = _rest[Math.Min((length + 3) & ~3, _rest.Length)..];
        return true;
    }

    public readonly NetlinkReader Nested() => new(Value);

    public readonly byte U8() => Value.Length >= 1 ? Value[0] : (byte)0;

    public readonly ushort U16() => Value.Length >= 2 ? BinaryPrimitives.ReadUInt16LittleEndian(Value) : (ushort)0;

    public readonly uint U32() => Value.Length >= 4 ? BinaryPrimitives.ReadUInt32LittleEndian(Value) : 0;

    public readonly int I32() => (int)U32();

    public readonly ushort U16Be() => Value.Length >= 2 ? BinaryPrimitives.ReadUInt16BigEndian(Value) : (ushort)0;

    public readonly uint U32Be() => Value.Length >= 4 ? BinaryPrimitives.ReadUInt32BigEndian(Value) : 0;

    public readonly ulong U64Be() => Value.Length >= 8 ? BinaryPrimitives.ReadUInt64BigEndian(Value) : 0;

    public readonly string Text()
    {
        var end = Value.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? Value : Value[..end]);
    }

    /// <summary>An address of 4 or 16 bytes; null for any other length.</summary>
    /// <summary>An address with the prefix length that the family's header has; null: they do not go together.</summary>
    public readonly IPNetwork? Network(int length) => Address() is { } address && length <= Value.Length * 8 ? new IPNetwork(address, length) : null;

    public readonly IPAddress? Address() => Value.Length is 4 or 16 ? new IPAddress(Value) : null;
}
