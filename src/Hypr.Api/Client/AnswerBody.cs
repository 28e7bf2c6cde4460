using System.Globalization;

namespace Hypr.Api.Client;

/// <summary>The body of an answer as a stream: chunked, of a given length, or up to the end of the connection (RFC 9112, 6.3).</summary>
internal sealed class AnswerBody : Stream
{
    private const long UntilClosed = -1;
    private readonly HttpWire _wire;
    private readonly bool _chunked;
    private bool _first = true;
    private bool _ended;
    private long _left;

    public AnswerBody(HttpWire wire, HttpHead head, bool hasNone)
    {
        _wire = wire;
        _chunked = head.Headers.TryGetValue("Transfer-Encoding", out string? coding)
            && coding.EndsWith("chunked", StringComparison.OrdinalIgnoreCase);
        if (hasNone || head.Status is 204 or 304)
            _ended = true;
        else if (!_chunked)
            _left = head.Headers.TryGetValue("Content-Length", out string? length) ? Length10(length) : UntilClosed;
    }

    private static long Length10(string text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long length)
            ? length
            : throw new IOException($"hyprd's answer has a bad Content-Length: {text}");

    public override int Read(Span<byte> buffer)
    {
        if (_ended || buffer.Length == 0)
            return 0;
        if (_chunked && _left == 0 && !NextChunk())
            return 0;
        if (_left == 0)
        {
            _ended = true;
            return 0;
        }
        int count = _wire.Read(_left == UntilClosed ? buffer : buffer[..(int)Math.Min(buffer.Length, _left)]);
        if (count == 0)
        {
            _ended = true;
            if (_left != UntilClosed)
                throw new IOException("the connection to hyprd broke in the middle of an answer");
        }
        else if (_left != UntilClosed)
            _left -= count;
        return count;
    }

    private bool NextChunk()
    {
        if (!_first)
            _wire.ReadLine();
        _first = false;
        string line = _wire.ReadLine();
        int extension = line.IndexOf(';', StringComparison.Ordinal);
        if (!long.TryParse(extension < 0 ? line : line[..extension], NumberStyles.HexNumber, CultureInfo.InvariantCulture, out _left)
            || _left < 0)
            throw new IOException($"hyprd's answer has a bad chunk size: {line[..Math.Min(20, line.Length)]}");
        if (_left > 0)
            return true;
        while (_wire.ReadLine().Length > 0)
        {
            // Trailers say nothing that we ask for.
        }
        _ended = true;
        return false;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _wire.Dispose();
        base.Dispose(disposing);
    }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
