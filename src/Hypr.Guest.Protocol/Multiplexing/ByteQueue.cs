namespace Hypr.Guest.Protocol.Multiplexing;

/// <summary>Bytes first in, first out. Grows up to what is put in; its owner bounds that.</summary>
public sealed class ByteQueue
{
    private byte[] _bytes = [];
    private int _start;

    public int Length { get; private set; }

    public void Write(ReadOnlySpan<byte> bytes)
    {
        if (_start + Length + bytes.Length > _bytes.Length)
            MakeRoom(bytes.Length);
        bytes.CopyTo(_bytes.AsSpan(_start + Length));
        Length += bytes.Length;
    }

    /// <summary>The bytes, first first. Valid until the next write.</summary>
    public ReadOnlySpan<byte> Peek() => _bytes.AsSpan(_start, Length);

    /// <summary>Drops the first so many.</summary>
    public void Skip(int count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, Length);
        _start += count;
        Length -= count;
        if (Length == 0)
            _start = 0;
    }

    public int Read(Span<byte> to)
    {
        var count = Math.Min(to.Length, Length);
        _bytes.AsSpan(_start, count).CopyTo(to);
        Skip(count);
        return count;
    }

    public void Clear()
    {
        _start = Length = 0;
        _bytes = [];
    }

    private void MakeRoom(int more)
    {
        var needed = Length + more;
        // Moving beats growing when half of the array or more is free at its start.
        var to = needed > _bytes.Length || _start < _bytes.Length / 2 ? new byte[Math.Max(4096, Math.Max(needed, Math.Min(_bytes.Length * 2, needed * 2)))] : _bytes;
        _bytes.AsSpan(_start, Length).CopyTo(to);
        _bytes = to;
        _start = 0;
    }
}
