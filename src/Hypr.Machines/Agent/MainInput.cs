using Hypr.Guest.Protocol.Host;

namespace Hypr.Machines.Agent;

/// <summary>
/// The image's process's stdin, for all who are attached: their writes do not mix, and the first to close it closes it for all.
/// </summary>
/// <param name="open">The input over the present connection; null: the process has none.</param>
internal sealed class MainInput(Func<CancellationToken, Task<GuestWriteStream?>> open) : Stream
{
    private readonly SemaphoreSlim _gate = new(1, 1);
    private volatile GuestWriteStream? _stream;
    private volatile bool _isClosed;

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    /// <summary>Opened before the process starts, so that it sees no end of input; false: it has no stdin.</summary>
    public async Task<bool> OpenAsync(CancellationToken cancel)
    {
        // Without the gate: a write that the process does not take must not keep others from attaching.
        if (_stream is not null)
            return true;
        await _gate.WaitAsync(cancel);
        try
        {
            return await StreamAsync(cancel) is not null;
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>The connection is another one: what is written next goes there.</summary>
    public void Reset() => _stream = null;

    /// <exception cref="IOException">The process reads no more, or the guest cannot be reached.</exception>
    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            if (_isClosed || await StreamAsync(cancellationToken) is not { } stream)
                throw new IOException("the process's stdin is closed");
            await stream.WriteAsync(buffer, cancellationToken);
        }
        catch (ObjectDisposedException e)
        {
            throw new IOException("the process's stdin is closed", e);
        }
        finally
        {
            _gate.Release();
        }
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Write(byte[] buffer, int offset, int count) =>
        WriteAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    /// <summary>The end of input. Waits for a write that is under way: its bytes come first.</summary>
    public async Task CloseAsync()
    {
        await _gate.WaitAsync();
        try
        {
            if (!_isClosed && await StreamAsync(CancellationToken.None) is { } stream)
                await stream.CloseAsync();
            _isClosed = true;
        }
        catch (IOException)
        {
            // The process reads no more, or the guest is gone.
            _isClosed = true;
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>One who detaches does not close it: <see cref="CloseAsync"/> does.</summary>
    protected override void Dispose(bool disposing)
    {
    }

    private async Task<GuestWriteStream?> StreamAsync(CancellationToken cancel) => _stream ??= await open(cancel);
}
