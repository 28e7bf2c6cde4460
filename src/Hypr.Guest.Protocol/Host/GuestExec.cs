namespace Hypr.Guest.Protocol.Host;

/// <summary>A further process in the guest with its streams. Disposing it lets go of them; the process is not ended by that.</summary>
public sealed class GuestExec : IAsyncDisposable
{
    private readonly GuestConnection _connection;

    internal GuestExec(
        GuestConnection connection, uint session, int pid, GuestWriteStream? stdin, GuestReadStream stdout, GuestReadStream? stderr, Task<int> exited)
    {
        _connection = connection;
        Session = session;
        Pid = pid;
        Stdin = stdin;
        Stdout = stdout;
        Stderr = stderr;
        Exited = exited;
    }

    public uint Session { get; }

    public int Pid { get; }

    /// <summary>Null when stdin is not open.</summary>
    public GuestWriteStream? Stdin { get; }

    public GuestReadStream Stdout { get; }

    /// <summary>Null with a tty.</summary>
    public GuestReadStream? Stderr { get; }

    /// <summary>The exit code; the outputs may have bytes still to come. Fails with <see cref="IOException"/> when the connection ends before.</summary>
    public Task<int> Exited { get; }

    public Task SignalAsync(int signal, CancellationToken cancel) => _connection.SignalAsync(Session, signal, cancel);

    public Task ResizeAsync(ushort rows, ushort columns, CancellationToken cancel) => _connection.ResizeAsync(Session, rows, columns, cancel);

    public async ValueTask DisposeAsync()
    {
        if (Stdin is not null)
            await Stdin.DisposeAsync();
        await Stdout.DisposeAsync();
        if (Stderr is not null)
            await Stderr.DisposeAsync();
    }
}
