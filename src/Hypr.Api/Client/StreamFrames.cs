using System.Buffers.Binary;

namespace Hypr.Api.Client;

/// <summary>
/// Docker's multiplexed stream: frames of <c>[stream, 0, 0, 0, length as 32 bits big-endian]</c> and that many bytes; stream 1 is stdout, 2
/// stderr and 3 an error of the daemon (Docker Engine API, «Stream format»; moby pkg/stdcopy).
/// </summary>
public static class StreamFrames
{
    private const int HeadBytes = 8;

    public delegate int ReadSome(Span<byte> into);

    /// <summary>Copies each frame to its stream up to the end, flushing after what one read gave.</summary>
    /// <exception cref="IOException">It is not such a stream, it breaks off within a frame, or the daemon sent an error in it.</exception>
    public static void CopyTo(ReadSome read, Stream output, Stream error)
    {
        byte[] buffer = new byte[32 * 1024];
        byte[] head = new byte[HeadBytes];
        while (ReadHead(read, head))
        {
            byte stream = head[0];
            uint left = BinaryPrimitives.ReadUInt32BigEndian(head.AsSpan(4));
            using var complaint = stream == 3 ? new MemoryStream() : null;
            var target = stream switch
            {
                0 or 1 => output,
                2 => error,
                3 => complaint!,
                _ => throw new IOException($"the output of the process has an unknown stream {stream}"),
            };
            while (left > 0)
            {
                int count = read(buffer.AsSpan(0, (int)Math.Min(left, (uint)buffer.Length)));
                if (count == 0)
                    throw new IOException("the output of the process breaks off within a frame");
                target.Write(buffer, 0, count);
                target.Flush();
                left -= (uint)count;
            }
            if (complaint is not null)
                throw new IOException($"error from the daemon in the stream: {System.Text.Encoding.UTF8.GetString(complaint.ToArray())}");
        }
    }

    private static bool ReadHead(ReadSome read, byte[] head)
    {
        int got = 0;
        while (got < HeadBytes)
        {
            int count = read(head.AsSpan(got));
            if (count == 0)
                return got == 0 ? false : throw new IOException("the output of the process breaks off within a frame");
            got += count;
        }
        return true;
    }
}
