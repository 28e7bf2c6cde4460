using Hypr.Guest.Protocol.Multiplexing;

namespace Hypr.Guest.Protocol.Host;

/// <summary>Bytes from the guest. Holds at most one window; who does not read stalls the stream's sender only. Disposing it stops the sender.</summary>
public sealed class GuestReadStream : Stream
{
    private readonly Lock _lock = new();
    private readonly ByteQueue _queue = new();
    private readonly SemaphoreSlim _changed = new(0, 1);
    private readonly Action<uint, int> _consumed;
    private readonly Action<uint> _stop;
    private bool _isComplete;
    private bool _isDisposed;
    private Exception? _failure;

    internal GuestReadStream(uint id, Action<uint, int> consumed, Action<uint> stop)
    {
        Id = id;
        _consumed = consumed;
        _stop = stop;
    }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    internal uint Id { get; }

    /// <summary>One reader at a time. 0 at the end; <see cref="IOException"/> when the connection broke before the end.</summary>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.IsEmpty)
            return 0;
        while (true)
        {
            var count = 0;
            lock (_lock)
            {
                ObjectDisposedException.ThrowIf(_isDisposed, this);
                count = _queue.Read(buffer.Span);
                if (count == 0 && _failure is not null)
                    throw new IOException("the connection to the guest's agent ended", _failure);
                if (count == 0 && _isComplete)
                    return 0;
            }

            if (count > 0)
            {
                _consumed(Id, count);
                return count;
            }

            await _changed.WaitAsync(cancellationToken);
        }
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => ReadAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    internal void Deliver(ReadOnlySpan<byte> bytes)
    {
        lock (_lock)
        {
            if (!_isDisposed)
                _queue.Write(bytes);
        }

        Signal();
    }

    internal void Complete()
    {
        lock (_lock)
            _isComplete = true;
        Signal();
    }

    internal void Fail(Exception why)
    {
        lock (_lock)
            _failure ??= why;
        Signal();
    }

    protected override void Dispose(bool disposing)
    {
        bool stop;
        lock (_lock)
        {
            stop = !_isDisposed && !_isComplete && _failure is null;
            _isDisposed = true;
            _queue.Clear();
        }

        if (stop)
            _stop(Id);
        Signal();
        base.Dispose(disposing);
    }

    private void Signal()
    {
        lock (_changed)
        {
            if (_changed.CurrentCount == 0)
                _changed.Release();
        }
    }
}
