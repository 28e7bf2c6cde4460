using System.Buffers.Binary;
using System.Text;

namespace Hypr.Linux.DBus;

/// <summary>Where an open array began; given back to <see cref="DBusWriter.EndArray"/>.</summary>
public readonly record struct ArrayToken(int LengthAt, int Start);

/// <summary>
/// Writes values in D-Bus's wire format, little-endian (D-Bus specification, "Marshaling"): every value is aligned to its natural boundary, counted from the start of
/// what is written here, which itself lies on one of eight bytes.
/// </summary>
public sealed class DBusWriter
{
    private byte[] _buffer = new byte[256];
    private int _length;

    public ReadOnlySpan<byte> Written => _buffer.AsSpan(0, _length);

    public int Length => _length;

    public void Byte(byte value) => Take(1)[0] = value;

    public void Bool(bool value) => UInt32(value ? 1u : 0);

    public void UInt16(ushort value)
    {
        Align(2);
        BinaryPrimitives.WriteUInt16LittleEndian(Take(2), value);
    }

    public void Int32(int value) => UInt32((uint)value);

    public void UInt32(uint value)
    {
        Align(4);
        BinaryPrimitives.WriteUInt32LittleEndian(Take(4), value);
    }

    /// <summary>A string or an object path.</summary>
    public void String(string value)
    {
        var count = Encoding.UTF8.GetByteCount(value);
        UInt32((uint)count);
        Encoding.UTF8.GetBytes(value, Take(count));
        Byte(0);
    }

    public void Signature(string value)
    {
        Byte((byte)value.Length);
        Encoding.ASCII.GetBytes(value, Take(value.Length));
        Byte(0);
    }

    public void StringVariant(string value)
    {
        Signature("s");
        String(value);
    }

    /// <summary>An array of bytes, <c>ay</c>.</summary>
    public void Bytes(ReadOnlySpan<byte> value)
    {
        UInt32((uint)value.Length);
        value.CopyTo(Take(value.Length));
    }

    public void BeginStruct() => Align(8);

    /// <param name="alignment">Of the array's elements: 8 for structs, 4 for strings and 32-bit numbers, 1 for bytes.</param>
    public ArrayToken BeginArray(int alignment)
    {
        UInt32(0);
        var lengthAt = _length - 4;
        Align(alignment);
        return new ArrayToken(lengthAt, _length);
    }

    public void EndArray(ArrayToken array) =>
        BinaryPrimitives.WriteUInt32LittleEndian(_buffer.AsSpan(array.LengthAt), (uint)(_length - array.Start));

    public void Align(int boundary) => Take(((_length + boundary - 1) & -boundary) - _length);

    internal void Append(ReadOnlySpan<byte> bytes) => bytes.CopyTo(Take(bytes.Length));

    private Span<byte> Take(int count)
    {
        if (_length + count > _buffer.Length)
            Array.Resize(ref _buffer, Math.Max(_buffer.Length * 2, _length + count));
        _length += count;
        return _buffer.AsSpan(_length - count, count);
    }
}
