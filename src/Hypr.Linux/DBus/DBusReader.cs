using System.Buffers.Binary;
using System.Text;

namespace Hypr.Linux.DBus;

/// <summary>
/// Reads values in D-Bus's wire format. Everything is checked against the bytes that are there; what does not fit is a <see cref="DBusException"/>.
/// Big-endian senders exist only on big-endian hosts, so they are refused.
/// </summary>
public ref struct DBusReader(ReadOnlySpan<byte> bytes)
{
    private readonly ReadOnlySpan<byte> _bytes = bytes;
    private int _at;

    public readonly int Position => _at;

    public readonly bool AtEnd => _at >= _bytes.Length;

    public byte Byte() => Take(1)[0];

    public bool Bool() => UInt32() != 0;

    public ushort UInt16()
    {
        Align(2);
        return BinaryPrimitives.ReadUInt16LittleEndian(Take(2));
    }

    public int Int32() => (int)UInt32();

    public uint UInt32()
    {
        Align(4);
        return BinaryPrimitives.ReadUInt32LittleEndian(Take(4));
    }

    public string String()
    {
        var text = Encoding.UTF8.GetString(Take(Count(UInt32())));
        Take(1);
        return text;
    }

    public string Signature()
    {
        var text = Encoding.ASCII.GetString(Take(Byte()));
        Take(1);
        return text;
    }

    public byte[] Bytes() => Take(Count(UInt32())).ToArray();

    public void BeginStruct() => Align(8);

    /// <summary>Gives the position where the array ends: read elements while <see cref="Position"/> is below it.</summary>
    public int BeginArray(int alignment)
    {
        var length = Count(UInt32());
        Align(alignment);
        return _at + length <= _bytes.Length ? _at + length : throw Malformed();
    }

    /// <summary>A variant that holds a string, an object path or a signature; null when it holds something else of a basic type, which is passed over.</summary>
    internal string? TextVariant()
    {
        switch (Signature())
        {
            case "s" or "o":
                return String();
            case "g":
                return Signature();
            case "u" or "i" or "b":
                UInt32();
                return null;
            case "y":
                Byte();
                return null;
            default:
                throw Malformed();
        }
    }

    internal uint UInt32Variant() => Signature() == "u" ? UInt32() : throw Malformed();

    internal void Align(int boundary) => Take(((_at + boundary - 1) & -boundary) - _at);

    private static DBusException Malformed() => new("org.freedesktop.DBus.Error.InconsistentMessage", "a malformed D-Bus message");

    private static int Count(uint length) => length <= DBusMessage.MaxLength ? (int)length : throw Malformed();

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count > _bytes.Length - _at)
            throw Malformed();
        _at += count;
        return _bytes.Slice(_at - count, count);
    }
}
