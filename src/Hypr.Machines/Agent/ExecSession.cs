using Hypr.Guest.Protocol.Host;

namespace Hypr.Machines.Agent;

/// <summary>A further process in the guest.</summary>
internal sealed class ExecSession : IGuestSession
{
    private readonly GuestExec _exec;
    private readonly string _machine;
    private readonly TimeSpan _deadline;
    private readonly DeliveredStream _stdout;
    private readonly DeliveredStream? _stderr;

    /// <param name="deadline">Of an answer.</param>
    public ExecSession(GuestExec exec, string machine, TimeSpan deadline)
    {
        (_exec, _machine, _deadline) = (exec, machine, deadline);
        _stdout = new DeliveredStream(exec.Stdout);
        _stderr = exec.Stderr is { } stderr ? new DeliveredStream(stderr) : null;
        ExitCode = ExitAsync();
    }

    public Stream? Stdin => _exec.Stdin;

    public Stream Stdout => _stdout;

    public Stream Stderr => (Stream?)_stderr ?? Stream.Null;

    public Task<int> ExitCode { get; }

    public int Pid => _exec.Pid;

    public Task CloseStdinAsync() => _exec.Stdin?.CloseAsync() ?? Task.CompletedTask;

    public Task ResizeAsync(ushort rows, ushort columns, CancellationToken cancel) => AskAsync(limit => _exec.ResizeAsync(rows, columns, limit), cancel);

    public Task SignalAsync(int signal, CancellationToken cancel) => AskAsync(limit => _exec.SignalAsync(signal, limit), cancel);

    public async ValueTask DisposeAsync()
    {
        await _stdout.DisposeAsync();
        if (_stderr is not null)
            await _stderr.DisposeAsync();
        await _exec.DisposeAsync();
    }

    private async Task<int> ExitAsync()
    {
        var code = await _exec.Exited;
        await _stdout.Delivered;
        if (_stderr is not null)
            await _stderr.Delivered;
        return code;
    }

    private async Task AskAsync(Func<CancellationToken, Task> request, CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(_deadline);
        try
        {
            await request(limit.Token);
        }
        catch (GuestException e)
        {
            throw GuestWords.Refused(e);
        }
        catch (IOException e)
        {
            throw GuestWords.Unreachable(_machine, e);
        }
        catch (OperationCanceledException e) when (!cancel.IsCancellationRequested)
        {
            throw GuestWords.Unreachable(_machine, new TimeoutException($"no answer within {_deadline.TotalSeconds:0} s", e));
        }
    }
}

/// <summary>An output that tells when all of it was read, or nobody wants the rest.</summary>
internal sealed class DeliveredStream(Stream inner) : Stream
{
    private readonly TaskCompletionSource _delivered = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task Delivered => _delivered.Task;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        try
        {
            var count = await inner.ReadAsync(buffer, cancellationToken);
            if (count == 0 && !buffer.IsEmpty)
                _delivered.TrySetResult();
            return count;
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            _delivered.TrySetResult();
            throw;
        }
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) =>
        ReadAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        inner.Dispose();
        _delivered.TrySetResult();
        base.Dispose(disposing);
    }
}
