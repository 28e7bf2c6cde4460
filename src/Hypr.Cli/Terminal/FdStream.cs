using System.Runtime.InteropServices;

namespace Hypr.Cli.Terminal;

/// <summary>The reader of our output has gone (<c>hypr ps | head -1</c>): there is nobody to tell.</summary>
internal sealed class BrokenPipeException() : IOException("the reader has closed the pipe");

/// <summary>
/// A standard descriptor as a stream. FileStream would write a file at an offset of its own (pwrite), and overwrite what others of the same
/// shell wrote.
/// </summary>
internal sealed class FdStream(int fd) : Stream
{
    public override unsafe int Read(Span<byte> buffer)
    {
        if (buffer.Length == 0)
            return 0;
        fixed (byte* to = buffer)
        {
            while (true)
            {
                nint count = Libc.Read(fd, to, (nuint)buffer.Length);
                if (count >= 0)
                    return (int)count;
                Again(Libc.POLLIN, "read");
            }
        }
    }

    public override unsafe void Write(ReadOnlySpan<byte> buffer)
    {
        fixed (byte* from = buffer)
        {
            for (int done = 0; done < buffer.Length;)
            {
                nint count = Libc.Write(fd, from + done, (nuint)(buffer.Length - done));
                if (count >= 0)
                    done += (int)count;
                else
                    Again(Libc.POLLOUT, "write");
            }
        }
    }

    /// <summary>Waits where another holder of the descriptor made it non-blocking; throws what is no reason to try again.</summary>
    private unsafe void Again(short events, string what)
    {
        int error = Marshal.GetLastPInvokeError();
        switch (error)
        {
            case Libc.EINTR:
                return;
            case Libc.EAGAIN:
                var poll = new Libc.PollFd { Fd = fd, Events = events };
                _ = Libc.Poll(&poll, 1, -1);
                return;
            case Libc.EPIPE:
                throw new BrokenPipeException();
            default:
                throw new IOException(
                    $"cannot {what} {(fd == 0 ? "standard input" : fd == 1 ? "standard output" : "standard error")}: {Marshal.GetPInvokeErrorMessage(error)}");
        }
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}
