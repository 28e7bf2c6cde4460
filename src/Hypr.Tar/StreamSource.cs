namespace Hypr.Tar;

/// <summary>A tar that comes as a stream.</summary>
public sealed class StreamSource(Stream tar) : ITarSource
{
    private readonly byte[] _buffer = new byte[64 << 10];
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

    public void SkipPadding(long count) => Forward(count);

    public void SkipToEnd() => Forward(long.MaxValue);

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
        var count = tar.Read(_buffer, 0, _buffer.Length);
        _read += count;
        (_start, _end) = (0, count);
        return count > 0;
    }
}
