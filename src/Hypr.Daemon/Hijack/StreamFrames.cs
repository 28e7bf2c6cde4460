using System.Buffers.Binary;

namespace Hypr.Daemon.Hijack;

/// <summary>Docker's two forms of output: raw with a terminal; else frames of <c>[stream, 0, 0, 0, length as 32 bits big-endian]</c> (pkg/stdcopy).</summary>
internal static class StreamFrames
{
    public const string RawType = "application/vnd.docker.raw-stream";
    public const string MultiplexedType = "application/vnd.docker.multiplexed-stream";
    public const int HeaderLength = 8;
    public const byte Stdout = 1;
    public const byte Stderr = 2;

    public static void WriteHeader(Span<byte> header, byte stream, int length)
    {
        header[..4].Clear();
        header[0] = stream;
        BinaryPrimitives.WriteInt32BigEndian(header[4..], length);
    }

    public static byte[] Frame(byte stream, ReadOnlySpan<byte> data)
    {
        var frame = new byte[HeaderLength + data.Length];
        WriteHeader(frame, stream, data.Length);
        data.CopyTo(frame.AsSpan(HeaderLength));
        return frame;
    }
}
