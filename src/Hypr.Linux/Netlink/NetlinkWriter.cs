using System.Buffers.Binary;
using System.Net;
using System.Text;

namespace Hypr.Linux.Netlink;

/// <summary>Where an open message began; given back to <see cref="NetlinkWriter.End(MessageToken)"/>, which writes its length.</summary>
internal readonly record struct MessageToken(int Start);

/// <summary>Where an open nested attribute began.</summary>
internal readonly record struct NestToken(int Start);

/// <summary>
/// Writes netlink messages one behind another into a growing buffer (RFC 3549, include/uapi/linux/netlink.h). Headers are in host order; nfnetlink's
/// values are in network order and have methods of their own (<c>Be</c>).
/// </summary>
internal struct NetlinkWriter
{
    /// <summary>nlattr.nla_len has 16 bits: nothing nested may be longer.</summary>
    public const int MaxAttribute = ushort.MaxValue;

    private const ushort NlaNested = 0x8000;
    private byte[] _buffer;
    private int _length;

    public NetlinkWriter(int capacity)
    {
        _buffer = new byte[capacity];
        _length = 0;
    }

    public NetlinkWriter()
        : this(512)
    {
    }

    public readonly int Length => _length;

    public readonly Span<byte> Written => _buffer.AsSpan(0, _length);

    /// <summary>Opens a message; sequence and port are the socket's to fill in.</summary>
    public MessageToken Begin(ushort type, NetlinkFlags flags)
    {
        var start = _length;
        var header = Take(16);
        BinaryPrimitives.WriteUInt16LittleEndian(header[4..], type);
        BinaryPrimitives.WriteUInt16LittleEndian(header[6..], (ushort)flags);
        return new MessageToken(start);
    }

    public readonly void End(MessageToken token) =>
        BinaryPrimitives.WriteInt32LittleEndian(_buffer.AsSpan(token.Start), _length - token.Start);

    /// <summary>Sets the sequence number of a message that was begun.</summary>
    public readonly void SetSequence(MessageToken token, uint sequence) =>
        BinaryPrimitives.WriteUInt32LittleEndian(_buffer.AsSpan(token.Start + 8), sequence);

    /// <summary>Zeroed room for a family header (struct ifinfomsg and the like), padded to four bytes.</summary>
    public Span<byte> Take(int length)
    {
        var aligned = (length + 3) & ~3;
        if (_length + aligned > _buffer.Length)
            Array.Resize(ref _buffer, Math.Max(_buffer.Length * 2, _length + aligned));
        var span = _buffer.AsSpan(_length, length);
        _length += aligned;
        return span;
    }

    public NestToken BeginNested(int type)
    {
        var start = _length;
        BinaryPrimitives.WriteUInt16LittleEndian(Take(4)[2..], (ushort)(type | NlaNested));
        return new NestToken(start);
    }

    /// <summary>A nest without NLA_F_NESTED, which old rtnetlink parsers want (VETH_INFO_PEER holds a struct first).</summary>
    public NestToken BeginPlain(int type)
    {
        var start = _length;
        BinaryPrimitives.WriteUInt16LittleEndian(Take(4)[2..], (ushort)type);
        return new NestToken(start);
    }

    public readonly void End(NestToken token)
    {
        var length = _length - token.Start;
        if (length > MaxAttribute)
            throw new InvalidOperationException($"a netlink attribute of {length} bytes: the limit is {MaxAttribute}");
        BinaryPrimitives.WriteUInt16LittleEndian(_buffer.AsSpan(token.Start), (ushort)length);
    }

    public void Bytes(int type, scoped ReadOnlySpan<byte> value) => value.CopyTo(Attribute(type, value.Length));

    public void Flag(int type) => Attribute(type, 0);

    public void U8(int type, byte value) => Attribute(type, 1)[0] = value;

    public void U16(int type, ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(Attribute(type, 2), value);

    public void U32(int type, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(Attribute(type, 4), value);

    public void I32(int type, int value) => BinaryPrimitives.WriteInt32LittleEndian(Attribute(type, 4), value);

    public void U16Be(int type, ushort value) => BinaryPrimitives.WriteUInt16BigEndian(Attribute(type, 2), value);

    public void U32Be(int type, uint value) => BinaryPrimitives.WriteUInt32BigEndian(Attribute(type, 4), value);

    public void I32Be(int type, int value) => BinaryPrimitives.WriteInt32BigEndian(Attribute(type, 4), value);

    public void U64Be(int type, ulong value) => BinaryPrimitives.WriteUInt64BigEndian(Attribute(type, 8), value);

    /// <summary>Zero-terminated UTF-8.</summary>
    public void Text(int type, string value) =>
        Encoding.UTF8.GetBytes(value, Attribute(type, Encoding.UTF8.GetByteCount(value) + 1));

    public void Address(int type, IPAddress value)
    {
        Span<byte> bytes = stackalloc byte[16];
        value.TryWriteBytes(bytes, out var length);
        Bytes(type, bytes[..length]);
    }

    private Span<byte> Attribute(int type, int length)
    {
        if (length + 4 > MaxAttribute)
            throw new InvalidOperationException($"a netlink attribute of {length} bytes: the limit is {MaxAttribute - 4}");
        var header = Take(4);
        BinaryPrimitives.WriteUInt16LittleEndian(header, (ushort)(length + 4));
        BinaryPrimitives.WriteUInt16LittleEndian(header[2..], (ushort)type);
        return Take(length);
    }
}
