using Hypr.Guest.Protocol.Multiplexing;

namespace Hypr.Guest.Protocol.Host;

/// <summary>
/// Bytes to a process's input. Writing waits while the process does not read. Closing it (or <see cref="CloseAsync"/>) is the end of input, sent after all bytes.
/// </summary>
public sealed class GuestWriteStream : Stream
{
    private readonly OutgoingStream _stream;
    private readonly Lock _lock;
    private readonly Action _wake;
    private readonly Action _closed;
    private readonly SemaphoreSlim _changed = new(0, 1);
    private Exception? _failure;
    private bool _isClosed;

    internal GuestWriteStream(OutgoingStream stream, Lock connectionLock, Action wake, Action closed)
    {
        _stream = stream;
        _lock = connectionLock;
        _wake = wake;
        _closed = closed;
    }

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    internal uint Id => _stream.Id;

    /// <summary>One writer at a time.</summary>
    /// <exception cref="IOException">The process reads no more, or the connection ended.</exception>
    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            lock (_lock)
            {
                ObjectDisposedException.ThrowIf(_isClosed, this);
                if (_failure is not null)
                    throw new IOException(_failure.Message, _failure);
                buffer = buffer[_stream.Write(buffer.Span)..];
            }

            _wake();
            if (buffer.IsEmpty)
                return;
            await _changed.WaitAsync(cancellationToken);
        }
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Write(byte[] buffer, int offset, int count) => WriteAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <summary>Nothing: bytes are sent as the guest takes them.</summary>
    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    /// <summary>The end of input.</summary>
    public Task CloseAsync()
    {
        Close();
        return Task.CompletedTask;
    }

    /// <summary>Lets go without an end of input: another connection, or another stream, goes on.</summary>
    internal void Abandon()
    {
        lock (_lock)
        {
            _isClosed = true;
            _stream.Abandon();
            _closed();
        }
    }

    internal void Fail(Exception why)
    {
        lock (_lock)
            _failure ??= why;
        SignalRoom();
    }

    internal void SignalRoom()
    {
        lock (_changed)
        {
            if (_changed.CurrentCount == 0)
                _changed.Release();
        }
    }

    protected override void Dispose(bool disposing)
    {
        lock (_lock)
        {
            if (!_isClosed && _failure is null)
                _stream.End();
            if (!_isClosed)
                _closed();
            _isClosed = true;
        }

        _wake();
        base.Dispose(disposing);
    }
}
