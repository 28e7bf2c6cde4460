using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Hypr.Guest.Protocol.Wire;

/// <summary>Writes a message's fields in order: numbers little endian, text and bytes with a four-byte length before them, lists with a four-byte count.</summary>
public sealed class WireWriter
{
    private readonly ArrayBufferWriter<byte> _to = new(256);

    public ReadOnlySpan<byte> Written => _to.WrittenSpan;

    public void U8(byte value) => Take(1)[0] = value;

    public void Bool(bool value) => U8(value ? (byte)1 : (byte)0);

    public void U16(ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(Take(2), value);

    public void U32(uint value) => BinaryPrimitives.WriteUInt32LittleEndian(Take(4), value);

    public void I32(int value) => BinaryPrimitives.WriteInt32LittleEndian(Take(4), value);

    public void U64(ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(Take(8), value);

    public void I64(long value) => BinaryPrimitives.WriteInt64LittleEndian(Take(8), value);

    public void Bytes(ReadOnlySpan<byte> value)
    {
        U32((uint)value.Length);
        value.CopyTo(Take(value.Length));
    }

    public void Text(string value)
    {
        var length = Encoding.UTF8.GetByteCount(value);
        U32((uint)length);
        Encoding.UTF8.GetBytes(value, Take(length));
    }

    /// <summary>Null is not the empty text.</summary>
    public void OptionalText(string? value)
    {
        Bool(value is not null);
        if (value is not null)
            Text(value);
    }

    public void Texts(IReadOnlyList<string> values)
    {
        U32((uint)values.Count);
        foreach (var value in values)
            Text(value);
    }

    public void Pairs(IReadOnlyDictionary<string, string> values)
    {
        U32((uint)values.Count);
        foreach (var (key, value) in values)
        {
            Text(key);
            Text(value);
        }
    }

    /// <summary>Fields with their length before them, so that more may be added behind them later.</summary>
    public void Nested(Action<WireWriter> fields)
    {
        var inner = new WireWriter();
        fields(inner);
        Bytes(inner.Written);
    }

    private Span<byte> Take(int length)
    {
        if (length == 0)
            return default;
        var span = _to.GetSpan(length)[..length];
        _to.Advance(length);
        return span;
    }
}
