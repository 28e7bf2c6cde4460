using System.Collections.Concurrent;
using Hypr.Machines;

namespace Hypr.Engine.Tests.Health;

/// <summary>A running machine of which only its execs are looked at; a test says what becomes of each.</summary>
internal sealed class CheckedGuest : IRunningMachine
{
    public ConcurrentQueue<GuestProcess> Started { get; } = [];

    public ConcurrentQueue<CheckSession> Sessions { get; } = [];

    /// <summary>What the next exec does.</summary>
    public Func<CheckSession> Next { get; set; } = () => CheckSession.Ending(0);

    public MachineHandle Handle => new("", 1, 1);

    public Task<MachineExit> Exited { get; } = new TaskCompletionSource<MachineExit>().Task;

    public Task<IGuestSession> ExecAsync(GuestProcess process, CancellationToken cancel)
    {
        Started.Enqueue(process);
        var session = Next();
        Sessions.Enqueue(session);
        return Task.FromResult<IGuestSession>(session);
    }

    public Task SignalAsync(int signal, CancellationToken cancel) => throw new InvalidOperationException();

    public Task StopAsync(int signal, TimeSpan grace, CancellationToken cancel) => throw new InvalidOperationException();

    public Task KillAsync() => throw new InvalidOperationException();

    public Task PauseAsync(CancellationToken cancel) => throw new InvalidOperationException();

    public Task ResumeAsync(CancellationToken cancel) => throw new InvalidOperationException();

    public Task<MachineUsage> UsageAsync(bool isPaused, CancellationToken cancel) => throw new InvalidOperationException();

    public Task<IGuestSession> AttachAsync(CancellationToken cancel) => throw new InvalidOperationException();

    public Task ResizeAsync(ushort rows, ushort columns, CancellationToken cancel) => throw new InvalidOperationException();

    public Task AddNicAsync(MachineNic nic, CancellationToken cancel) => throw new InvalidOperationException();

    public Task RemoveNicAsync(string name, CancellationToken cancel) => throw new InvalidOperationException();

    public Task ConfigureNicAsync(GuestNic nic, CancellationToken cancel) => throw new InvalidOperationException();

    public Task ConfigureNamesAsync(string hostname, IReadOnlyList<HostsEntry> hosts, ResolvConf resolver, CancellationToken cancel) =>
        throw new InvalidOperationException();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}

internal sealed class CheckSession(byte[] output, int? code) : IGuestSession
{
    private readonly TaskCompletionSource<int> _exit = code is { } known ? Completed(known) : new(TaskCreationOptions.RunContinuationsAsynchronously);

    public static CheckSession Ending(int code, string output = "") => new(System.Text.Encoding.UTF8.GetBytes(output), code);

    public static CheckSession Hanging(string output = "") => new(System.Text.Encoding.UTF8.GetBytes(output), null);

    public ConcurrentQueue<int> Signals { get; } = [];

    public Stream? Stdin => null;

    public Stream Stdout { get; } = new MemoryStream(output);

    public Stream Stderr => Stream.Null;

    public Task<int> ExitCode => _exit.Task;

    public int Pid => 7;

    public void End(int exitCode) => _exit.TrySetResult(exitCode);

    public Task CloseStdinAsync() => Task.CompletedTask;

    public Task ResizeAsync(ushort rows, ushort columns, CancellationToken cancel) => throw new InvalidOperationException();

    public Task SignalAsync(int signal, CancellationToken cancel)
    {
        Signals.Enqueue(signal);
        return Task.CompletedTask;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static TaskCompletionSource<int> Completed(int code)
    {
        var done = new TaskCompletionSource<int>();
        done.SetResult(code);
        return done;
    }
}
