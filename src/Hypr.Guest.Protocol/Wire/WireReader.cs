using System.Buffers.Binary;
using System.Text;

namespace Hypr.Guest.Protocol.Wire;

/// <summary>
/// Reads what <see cref="WireWriter"/> wrote, from a side that is not trusted. Every length is checked against the bytes that are there before anything is
/// allocated; text that is no UTF-8 or holds a NUL is refused (it ends up in the C strings of system calls).
/// </summary>
public ref struct WireReader(ReadOnlySpan<byte> bytes)
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
    private ReadOnlySpan<byte> _rest = bytes;

    /// <summary>A message of an older version ends before its newer fields: they have their defaults.</summary>
    public readonly bool AtEnd => _rest.IsEmpty;

    public byte U8() => Take(1)[0];

    public bool Bool() => U8() != 0;

    public ushort U16() => BinaryPrimitives.ReadUInt16LittleEndian(Take(2));

    public uint U32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(4));

    public int I32() => BinaryPrimitives.ReadInt32LittleEndian(Take(4));

    public ulong U64() => BinaryPrimitives.ReadUInt64LittleEndian(Take(8));

    public long I64() => BinaryPrimitives.ReadInt64LittleEndian(Take(8));

    /// <summary>Valid as long as the bytes that are read from.</summary>
    public ReadOnlySpan<byte> Bytes()
    {
        var length = U32();
        return length <= (uint)_rest.Length ? Take((int)length) : throw new ProtocolException("a field is longer than its message");
    }

    public string Text()
    {
        var bytes = Bytes();
        if (bytes.Contains((byte)0))
            throw new ProtocolException("a text holds a NUL");
        try
        {
            return Strict.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            throw new ProtocolException("a text is not UTF-8");
        }
    }

    public string? OptionalText() => Bool() ? Text() : null;

    public string[] Texts()
    {
        var values = new string[Count(4)];
        for (var i = 0; i < values.Length; i++)
            values[i] = Text();
        return values;
    }

    public Dictionary<string, string> Pairs()
    {
        var count = Count(8);
        var values = new Dictionary<string, string>(count);
        for (var i = 0; i < count; i++)
        {
            var key = Text();
            values[key] = Text();
        }

        return values;
    }

    /// <summary>A list's count, refused when so many of at least <paramref name="leastLength"/> bytes cannot be there.</summary>
    public int Count(int leastLength)
    {
        var count = U32();
        return count <= (uint)(_rest.Length / leastLength) ? (int)count : throw new ProtocolException("a list is longer than its message");
    }

    private ReadOnlySpan<byte> Take(int length)
    {
        if (length > _rest.Length)
            throw new ProtocolException("a message ends too early");
        var taken = _rest[..length];
        _rest = _rest[length..];
        return taken;
    }
}
