using System.Buffers.Binary;

namespace Hypr.Linux.DBus;

/// <summary>A refusal by the peer or the bus: <paramref name="name"/> is D-Bus's own error name.</summary>
public sealed class DBusException(string name, string message) : Exception(message)
{
    public string Name => name;
}

/// <summary>D-Bus specification, "Message Types".</summary>
public enum DBusMessageType : byte
{
    MethodCall = 1,
    MethodReturn = 2,
    Error = 3,
    Signal = 4,
}

/// <summary>A message that came in. Its body is read with <see cref="Body"/>.</summary>
public sealed class DBusMessage
{
    /// <summary>Ours; the specification allows 128 MiB, but nothing that is asked for here is near this.</summary>
    public const int MaxLength = 1 << 20;

    internal const int FixedHeader = 16;
    private readonly byte[] _body;

    private DBusMessage(DBusMessageType type, byte[] body) => (Type, _body) = (type, body);

    public DBusMessageType Type { get; }

    public uint ReplyTo { get; private set; }

    public string Sender { get; private set; } = "";

    public string Path { get; private set; } = "";

    public string Interface { get; private set; } = "";

    public string Member { get; private set; } = "";

    public string ErrorName { get; private set; } = "";

    public string BodySignature { get; private set; } = "";

    public DBusReader Body => new(_body);

    /// <summary>The whole length of the message whose first 16 bytes these are.</summary>
    internal static int TotalLength(ReadOnlySpan<byte> head)
    {
        if (head[0] != (byte)'l' || head[3] != 1)
            throw new DBusException("org.freedesktop.DBus.Error.InconsistentMessage", "not a little-endian D-Bus message of protocol version 1");
        var body = BinaryPrimitives.ReadUInt32LittleEndian(head[4..]);
        var fields = BinaryPrimitives.ReadUInt32LittleEndian(head[12..]);
        return body <= MaxLength && fields <= MaxLength
            ? FixedHeader + (((int)fields + 7) & -8) + (int)body
            : throw new DBusException("org.freedesktop.DBus.Error.LimitsExceeded", $"a D-Bus message of more than {MaxLength} bytes");
    }

    internal static DBusMessage Parse(ReadOnlySpan<byte> bytes)
    {
        var body = (int)BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]);
        var message = new DBusMessage((DBusMessageType)bytes[1], bytes[^body..].ToArray());
        var reader = new DBusReader(bytes[..^body]);
        for (var i = 0; i < 3; i++)
            reader.UInt32();
        var end = reader.BeginArray(8);
        while (reader.Position < end)
        {
            reader.BeginStruct();
            message.Read(reader.Byte(), ref reader);
        }

        return message;
    }

    // D-Bus specification, "Header Fields".
    private void Read(byte field, ref DBusReader reader)
    {
        if (field == 5)
        {
            ReplyTo = reader.UInt32Variant();
            return;
        }

        var text = reader.TextVariant() ?? "";
        switch (field)
        {
            case 1: Path = text; break;
            case 2: Interface = text; break;
            case 3: Member = text; break;
            case 4: ErrorName = text; break;
            case 7: Sender = text; break;
            case 8: BodySignature = text; break;
        }
    }

    internal static byte[] EncodeCall(uint serial, string destination, string path, string iface, string member, string signature, ReadOnlySpan<byte> body)
    {
        var w = new DBusWriter();
        w.Byte((byte)'l');
        w.Byte((byte)DBusMessageType.MethodCall);
        w.Byte(0);
        w.Byte(1);
        w.UInt32((uint)body.Length);
        w.UInt32(serial);
        var fields = w.BeginArray(8);
        Field(w, 1, "o", path);
        Field(w, 2, "s", iface);
        Field(w, 3, "s", member);
        Field(w, 6, "s", destination);
        if (signature.Length > 0)
        {
            w.BeginStruct();
            w.Byte(8);
            w.Signature("g");
            w.Signature(signature);
        }

        w.EndArray(fields);
        w.Align(8);
        w.Append(body);
        return w.Written.ToArray();
    }

    private static void Field(DBusWriter w, byte code, string signature, string value)
    {
        w.BeginStruct();
        w.Byte(code);
        w.Signature(signature);
        w.String(value);
    }
}
