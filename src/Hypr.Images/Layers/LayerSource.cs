using System.Security.Cryptography;
using Hypr.Tar;

namespace Hypr.Images.Layers;

/// <summary>The bytes of a layer's tar as they are unpacked: hashed and copied to a file once, read in order, never back.</summary>
internal sealed class LayerSource(Stream tar, IncrementalHash? hash, Stream? copy, Action<long> unpacked, CancellationToken cancel) : ITarSource
{
    private readonly byte[] _buffer = new byte[256 << 10];
    private int _start;
    private int _end;
    private long _read;

    /// <summary>In the tar.</summary>
    public long Position => _read - (_end - _start);

    /// <summary>False at the end of the stream; what is neither an end nor a whole block is truncated.</summary>
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
        while (count > 0)
        {
            if (_start == _end && !Fill())
                throw new MalformedException("it is truncated");
            var step = (int)Math.Min(count, _end - _start);
            _start += step;
            count -= step;
        }
    }

    /// <summary>Padding may be missing at the end of the stream: umoci 0.4.7 leaves it out behind the last file, and Go's archive/tar reads that.</summary>
    public void SkipPadding(long count)
    {
        while (count > 0 && (_start < _end || Fill()))
        {
            var step = (int)Math.Min(count, _end - _start);
            _start += step;
            count -= step;
        }
    }

    /// <summary>What stands behind the end of the archive counts for the digest.</summary>
    public void SkipToEnd()
    {
        do
            _start = _end;
        while (Fill());
    }

    private bool Fill()
    {
        cancel.ThrowIfCancellationRequested();
        int count;
        try
        {
            count = tar.ReadAtLeast(_buffer, _buffer.Length, throwOnEndOfStream: false);
        }
        catch (Exception e) when (e is InvalidDataException or ZstdSharp.ZstdException or EndOfStreamException)
        {
            throw new MalformedException($"it cannot be unpacked ({e.Message.TrimEnd('.')})", e);
        }

        hash?.AppendData(_buffer, 0, count);
        copy?.Write(_buffer, 0, count);
        _read += count;
        (_start, _end) = (0, count);
        if (count > 0)
            unpacked(_read);
        return count > 0;
    }
}
