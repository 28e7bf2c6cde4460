using System.IO.Pipelines;

namespace Hypr.Machines.Agent;

/// <summary>
/// One who is attached to the image's process. What he does not read stalls the process, as a terminal would, but neither its end nor the
/// machine's.
/// </summary>
internal sealed class MainSession : IGuestSession
{
    private const int MostWaitingBytes = 256 * 1024;

    private readonly Pipe _stdout = NewPipe();
    private readonly Pipe _stderr = NewPipe();
    private readonly DeliveredStream _stdoutStream;
    private readonly DeliveredStream _stderrStream;
    private readonly MainInput? _input;
    private readonly Func<ushort, ushort, CancellationToken, Task> _resize;
    private readonly Func<int, CancellationToken, Task> _signal;
    private readonly TaskCompletionSource<int> _exit = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Func<int> _pid;
    private volatile bool _isDisposed;

    /// <param name="input">Null when stdin is not open.</param>
    public MainSession(
        MainInput? input, Func<int> pid, Func<ushort, ushort, CancellationToken, Task> resize, Func<int, CancellationToken, Task> signal)
    {
        _input = input;
        _pid = pid;
        _resize = resize;
        _signal = signal;
        _stdoutStream = new DeliveredStream(_stdout.Reader.AsStream());
        _stderrStream = new DeliveredStream(_stderr.Reader.AsStream());
        ExitCode = ExitAsync();
    }

    public Stream? Stdin => _input;

    public Stream Stdout => _stdoutStream;

    public Stream Stderr => _stderrStream;

    public Task<int> ExitCode { get; }

    public int Pid => _pid();

    /// <summary>Nobody reads here any more.</summary>
    public bool IsDisposed => _isDisposed;

    public Task CloseStdinAsync() => _input?.CloseAsync() ?? Task.CompletedTask;

    public Task ResizeAsync(ushort rows, ushort columns, CancellationToken cancel) => _resize(rows, columns, cancel);

    public Task SignalAsync(int signal, CancellationToken cancel) => _signal(signal, cancel);

    public ValueTask DisposeAsync()
    {
        _isDisposed = true;
        _stdoutStream.Dispose();
        _stderrStream.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>Waits while its reader has much to read still.</summary>
    public async ValueTask DeliverAsync(int stream, ReadOnlyMemory<byte> data, CancellationToken cancel)
    {
        if (!_isDisposed)
            await (stream == 1 ? _stdout : _stderr).Writer.WriteAsync(data, cancel);
    }

    /// <summary>No output comes any more.</summary>
    public void CompleteOutput()
    {
        _stdout.Writer.Complete();
        _stderr.Writer.Complete();
    }

    /// <summary>The process's exit code is known, or why it is not.</summary>
    public void Ended(int code) => _exit.TrySetResult(code);

    public void Lost(Exception why)
    {
        _stdout.Writer.Complete(why);
        _stderr.Writer.Complete(why);
        _exit.TrySetException(why);
        // Nobody may wait for it.
        _ = _exit.Task.Exception;
        _ = ExitCode.ContinueWith(t => t.Exception, TaskScheduler.Default);
    }

    private static Pipe NewPipe() => new(new PipeOptions(
        pauseWriterThreshold: MostWaitingBytes, resumeWriterThreshold: MostWaitingBytes / 2, useSynchronizationContext: false));

    private async Task<int> ExitAsync()
    {
        var code = await _exit.Task;
        await _stdoutStream.Delivered;
        await _stderrStream.Delivered;
        return code;
    }
}
