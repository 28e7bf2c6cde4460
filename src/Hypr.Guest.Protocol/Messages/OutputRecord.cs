using System.Buffers.Binary;

namespace Hypr.Guest.Protocol.Messages;

/// <summary>The header before each piece of the image's process's output.</summary>
/// <param name="Stream">1 stdout (with a tty everything), 2 stderr.</param>
/// <param name="Length">Bytes that follow, 1 to <see cref="MaxLength"/>.</param>
/// <param name="Position">Of the first of them in the whole output. A gap to the end of the piece before: so many bytes were lost.</param>
/// <param name="UnixTimeNanoseconds">When the agent read it, by the guest's clock.</param>
public readonly record struct OutputRecord(byte Stream, int Length, ulong Position, long UnixTimeNanoseconds)
{
    public const int HeaderLength = 24;

    public const int MaxLength = 64 * 1024;

    public void Encode(Span<byte> to)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(to, Stream);
        BinaryPrimitives.WriteInt32LittleEndian(to[4..], Length);
        BinaryPrimitives.WriteUInt64LittleEndian(to[8..], Position);
        BinaryPrimitives.WriteInt64LittleEndian(to[16..], UnixTimeNanoseconds);
    }

    public static OutputRecord Decode(ReadOnlySpan<byte> from)
    {
        var stream = BinaryPrimitives.ReadUInt32LittleEndian(from);
        var length = BinaryPrimitives.ReadInt32LittleEndian(from[4..]);
        return stream is 1 or 2 && length is > 0 and <= MaxLength
            ? new OutputRecord((byte)stream, length, BinaryPrimitives.ReadUInt64LittleEndian(from[8..]), BinaryPrimitives.ReadInt64LittleEndian(from[16..]))
            : throw new ProtocolException($"an output record of stream {stream} with {length} bytes");
    }
}
