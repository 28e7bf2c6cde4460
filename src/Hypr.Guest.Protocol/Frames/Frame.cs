using System.Buffers.Binary;

namespace Hypr.Guest.Protocol.Frames;

/// <summary>What a frame carries.</summary>
public enum FrameType : byte
{
    /// <summary>Host to guest: a new connection. Payload: 16 random bytes.</summary>
    Reset = 1,

    /// <summary>Guest to host: the reset was seen; the same 16 bytes.</summary>
    ResetAcknowledged = 2,

    /// <summary>A part of a control message; more follows.</summary>
    ControlPart = 3,

    /// <summary>The last, or only, part of a control message.</summary>
    Control = 4,

    /// <summary>Bytes of a stream, paid for with its credit.</summary>
    Data = 5,

    /// <summary>The sender has no more bytes for the stream.</summary>
    End = 6,

    /// <summary>The receiver has consumed so many bytes of the stream: four bytes, little endian.</summary>
    Credit = 7,

    /// <summary>The receiver wants no more of the stream.</summary>
    Stop = 8,
}

/// <summary>
/// The frame on the wire: a marker, the type, the payload's length (2 bytes), the stream (4 bytes), the payload, a trailer; numbers little endian. Zero bytes between
/// frames mean nothing. Marker and trailer are not zero, so a frame that a broken connection cut short and that is filled up with zeros is seen as torn.
/// </summary>
public static class Frame
{
    public const byte Marker = 0x9F;
    public const byte Trailer = 0x6A;
    public const int HeaderLength = 8;

    /// <summary>The largest payload.</summary>
    public const int MaxPayload = 16 * 1024;

    /// <summary>The longest frame, header and trailer included.</summary>
    public const int MaxLength = HeaderLength + MaxPayload + 1;

    /// <summary>Bytes of the number that names a connection.</summary>
    public const int NonceLength = 16;

    /// <summary>Writes a frame and returns its length. <paramref name="to"/> has room for it.</summary>
    public static int Write(Span<byte> to, FrameType type, uint stream, ReadOnlySpan<byte> payload)
    {
        payload.CopyTo(to[HeaderLength..]);
        return Seal(to, type, stream, payload.Length);
    }

    /// <summary>Writes header and trailer around a payload of <paramref name="length"/> bytes that already stands behind the header's place.</summary>
    public static int Seal(Span<byte> to, FrameType type, uint stream, int length)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, MaxPayload);
        to[0] = Marker;
        to[1] = (byte)type;
        BinaryPrimitives.WriteUInt16LittleEndian(to[2..], (ushort)length);
        BinaryPrimitives.WriteUInt32LittleEndian(to[4..], stream);
        to[HeaderLength + length] = Trailer;
        return HeaderLength + length + 1;
    }
}
