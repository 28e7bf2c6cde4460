using System.Buffers.Binary;

namespace Hypr.Linux.Netlink;

/// <summary>include/uapi/linux/netlink.h: flags of struct nlmsghdr.</summary>
[Flags]
internal enum NetlinkFlags : ushort
{
    None = 0,
    Request = 0x1,
    Multi = 0x2,
    Ack = 0x4,
    Echo = 0x8,
    DumpInterrupted = 0x10,
    Root = 0x100,
    Match = 0x200,
    Dump = Root | Match,
    Replace = 0x100,
    Exclusive = 0x200,
    Create = 0x400,
    Append = 0x800,

    /// <summary>On an error reply: the request's payload is not repeated.</summary>
    Capped = 0x100,

    /// <summary>On an error reply: attributes with the kernel's text follow.</summary>
    AckAttributes = 0x200,
}

/// <summary>One received message, valid while its buffer is.</summary>
internal readonly ref struct NetlinkMessage
{
    public const int HeaderLength = 16;
    public const ushort Noop = 1;
    public const ushort Error = 2;
    public const ushort Done = 3;
    public const ushort Overrun = 4;

    public NetlinkMessage(ReadOnlySpan<byte> bytes)
    {
        Type = BinaryPrimitives.ReadUInt16LittleEndian(bytes[4..]);
        Flags = (NetlinkFlags)BinaryPrimitives.ReadUInt16LittleEndian(bytes[6..]);
        Sequence = BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]);
        Port = BinaryPrimitives.ReadUInt32LittleEndian(bytes[12..]);
        Payload = bytes[HeaderLength..];
    }

    public ushort Type { get; }

    public NetlinkFlags Flags { get; }

    public uint Sequence { get; }

    /// <summary>On a notification: the netlink port of whoever made the change.</summary>
    public uint Port { get; }

    /// <summary>What follows struct nlmsghdr.</summary>
    public ReadOnlySpan<byte> Payload { get; }

    /// <summary>The attributes behind a family header of so many bytes; none when the message is shorter.</summary>
    public NetlinkReader Attributes(int familyHeader) =>
        new(Payload.Length > ((familyHeader + 3) & ~3) ? Payload[((familyHeader + 3) & ~3)..] : default);

    /// <summary>Takes the first message off a datagram; false at its end.</summary>
    public static bool TryTake(ref ReadOnlySpan<byte> datagram, out NetlinkMessage message)
    {
        message = default;
        if (datagram.Length < HeaderLength)
            return false;
        var length = BinaryPrimitives.ReadInt32LittleEndian(datagram);
        if (length < HeaderLength || length > datagram.Length)
            return false;
        message = new NetlinkMessage(datagram[..length]);
        datagram = datagram[Math.Min((length + 3) & ~3, datagram.Length)..];
        return true;
    }

    /// <summary>An NLMSG_ERROR's (or NLMSG_DONE's) errno, zero for an acknowledgement, with the kernel's text and the offset of the attribute it dislikes.</summary>
    public NetlinkError ReadError()
    {
        var errno = Payload.Length >= 4 ? -BinaryPrimitives.ReadInt32LittleEndian(Payload) : 0;
        string? text = null;
        var offset = 0;
        if ((Flags & NetlinkFlags.AckAttributes) != 0 && Payload.Length >= 4 + HeaderLength)
        {
            // struct nlmsgerr: the errno and the request's header, then its payload unless the reply is capped.
            var skip = 4 + HeaderLength;
            if ((Flags & NetlinkFlags.Capped) == 0)
                skip = 4 + ((BinaryPrimitives.ReadInt32LittleEndian(Payload[4..]) + 3) & ~3);
            var attributes = new NetlinkReader(skip <= Payload.Length && skip >= 0 ? Payload[skip..] : default);
            while (attributes.Next())
            {
                if (attributes.Type == 1)
                    text = attributes.Text();
                else if (attributes.Type == 2)
                    offset = attributes.I32();
            }
        }

        return new NetlinkError(errno, text, offset);
    }
}

/// <param name="Errno">Positive; zero acknowledges.</param>
/// <param name="AttributeOffset">From the start of the request's nlmsghdr; zero when the kernel names none.</param>
internal readonly record struct NetlinkError(int Errno, string? Text, int AttributeOffset);
