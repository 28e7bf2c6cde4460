namespace Hypr.Tar;

/// <summary>A tar that comes as a stream: read in order, never back.</summary>
public class StreamSource(Stream tar, int bufferBytes = 64 << 10) : ITarSource
{
    private readonly byte[] _buffer = new byte[bufferBytes];
    private int _start;
    private int _end;
    private long _read;

    public long Position => _read - (_end - _start);

    public bool TryReadBlock(Span<byte> block)
    {
        if (_start == _end && !Fill())
            return false;
        ReadExactly(block);
        return true;
    }

    public void ReadExactly(Span<byte> to)
    {
        while (to.Length > 0)
        {
            if (_start == _end && !Fill())
                throw new MalformedException("it is truncated");
            var count = Math.Min(to.Length, _end - _start);
            _buffer.AsSpan(_start, count).CopyTo(to);
            _start += count;
            to = to[count..];
        }
    }

    public void Skip(long count)
    {
        if (Forward(count) > 0)
            throw new MalformedException("it is truncated");
    }

    /// <summary>Padding may be missing at the end of the stream: umoci 0.4.7 leaves it out behind the last file, and Go's archive/tar reads that.</summary>
    public void SkipPadding(long count) => Forward(count);

    public void SkipToEnd() => Forward(long.MaxValue);

    /// <summary>The stream's next bytes; 0 at its end.</summary>
    protected virtual int Read(byte[] buffer) => tar.Read(buffer, 0, buffer.Length);

    /// <summary>Gives how many bytes were not there.</summary>
    private long Forward(long count)
    {
        while (count > 0 && (_start < _end || Fill()))
        {
            var step = (int)Math.Min(count, _end - _start);
            _start += step;
            count -= step;
        }

        return count;
    }

    private bool Fill()
    {
        var count = Read(_buffer);
        _read += count;
        (_start, _end) = (0, count);
        return count > 0;
    }
}
