using System.Text;

namespace Hypr.Api.Client;

/// <summary>A request's body in chunks (RFC 9112, 7.1), each write one.</summary>
internal sealed class ChunkedRequest(HttpWire wire) : Stream
{
    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        // An empty chunk is the end.
        if (buffer.Length == 0)
            return;
        try
        {
            wire.Send(Encoding.ASCII.GetBytes($"{buffer.Length:x}\r\n"));
            wire.Send(buffer);
            wire.Send("\r\n"u8);
        }
        catch (IOException e)
        {
            throw new BodyRefusedException(e);
        }
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public void End()
    {
        try
        {
            wire.Send("0\r\n\r\n"u8);
        }
        catch (IOException e)
        {
            throw new BodyRefusedException(e);
        }
    }

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}

/// <summary>The server takes no more of a request's body.</summary>
internal sealed class BodyRefusedException(Exception inner) : IOException(inner.Message, inner);
