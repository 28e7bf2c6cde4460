using Hypr.Guest.Protocol;
using Hypr.Guest.Protocol.Host;
using Hypr.Guest.Protocol.Messages;
using Hypr.Machines.Agent;
using Hypr.Machines.Logs;
using Hypr.Machines.Vmm;
using Hypr.Primitives;
using Microsoft.Extensions.Logging;

namespace Hypr.Machines.Lifecycle;

/// <summary>
/// A machine whose VMM runs: what supervises it. Three things end it: its process's exit told by the agent, the VMM's death, and letting
/// go of it. A connection
/// to the agent that breaks is made again for as long as the VMM lives.
/// </summary>
internal sealed partial class RunningMachine : IRunningMachine
{
    private static readonly TimeSpan ReadersPatience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan OutputDeadline = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan PowerOffDeadline = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan ProcessKillDeadline = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan DyingVmm = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly string _name;
    private readonly IVmmProcess _vmm;
    private readonly MachineFolders _folders;
    private readonly TimeSpan _answerDeadline;
    private readonly TimeProvider _clock;
    private readonly ILogger _log;
    private readonly MainOutput _output;
    private readonly MainInput _input;
    private readonly CancellationTokenSource _letGo = new();
    private readonly TaskCompletionSource<MachineExit> _exited = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task _supervision = Task.CompletedTask;
    private Task<bool> _pump = Task.FromResult(false);
    private bool _hasStdin;
    private volatile bool _wasKilled;
    private volatile bool _hasEnded;
    private int _pid;
    private GuestUsage _usage;

    /// <param name="hasStdin">Whether the process has a stdin; of an earlier hyprd's machine the agent knows.</param>
    public RunningMachine(
        string name, IVmmProcess vmm, LogFiles log, bool hasStdin, MachineFolders folders, TimeSpan answerDeadline, TimeProvider clock, ILogger logger)
    {
        _name = name;
        _vmm = vmm;
        _folders = folders;
        _answerDeadline = answerDeadline;
        _clock = clock;
        _log = logger;
        _hasStdin = hasStdin;
        _output = new MainOutput(new LogWriter(log, vmm.Handle.StartTime, clock));
        _input = new MainInput(OpenInputAsync);
    }

    public MachineHandle Handle => _vmm.Handle;

    public bool IsWarm { get; init; }

    public Task<MachineExit> Exited => _exited.Task;

    /// <summary>Takes the first connection.</summary>
    public void Take(GuestConnection connection)
    {
        _pid = connection.Hello.Pid;
        lock (_lock)
            _connection.TrySetResult(connection);
    }

    public void Read(GuestOutput output) => Pump(Task.Run(() => _output.PumpAsync(output, _letGo.Token), CancellationToken.None));

    /// <summary>The image's process is starting over the connection taken.</summary>
    public async Task StartedAsync(Task<int> pid, CancellationToken cancel)
    {
        if (_hasStdin)
            await _input.OpenAsync(cancel);
        _pid = await pid.WaitAsync(cancel);
    }

    /// <summary>From here on the machine is looked after until it ends.</summary>
    public void Supervise()
    {
        _supervision = Task.Run(SuperviseAsync);
        _ = Task.Run(WatchAsync);
    }

    public async ValueTask DisposeAsync()
    {
        await _letGo.CancelAsync();
        GuestConnection? connection;
        lock (_lock)
            connection = _connection.Task.IsCompletedSuccessfully ? _connection.Task.Result : null;
        if (connection is not null)
            await connection.DisposeAsync();
        await _supervision;
        if (!_exited.Task.IsCompleted)
            _output.Abandon(new IOException("hyprd lets go of the machine"));
        await _vmm.DisposeAsync();
    }

    private async Task SuperviseAsync()
    {
        try
        {
            while (!_letGo.IsCancellationRequested && !await EndAsync())
                await ReconnectAsync();
        }
        catch (Exception e) when (_letGo.IsCancellationRequested
            && e is OperationCanceledException or IOException or ProtocolException or ObjectDisposedException)
        {
            // Let go of.
        }
        catch (Exception e)
        {
            // A failure of this supervision must not leave a VM that nobody looks after.
            SupervisionFailed(_log, e, _name);
            _vmm.Kill();
            await _vmm.Exited;
            Finish(new MachineExit(255, _clock.GetUtcNow(), OomKilled: false, $"the VM could not be looked after any more: {e.Message}"));
        }
    }

    /// <summary>Waits for whatever ends the connection or the machine; false: only the connection has ended.</summary>
    private async Task<bool> EndAsync()
    {
        Task<GuestConnection> current;
        lock (_lock)
            current = _connection.Task;
        if (!current.IsCompleted)
            return _vmm.Exited.IsCompleted && await DiedAsync();
        var connection = await current;
        if (connection.Hello.Exit is { } before && await EndedAsync(connection, before))
            return true;
        await Task.WhenAny(connection.MainExited, connection.Closed, _vmm.Exited).WaitAsync(_letGo.Token);
        if (connection.MainExited.IsCompletedSuccessfully && await EndedAsync(connection, await connection.MainExited))
            return true;

        // A dying VMM closes its sockets before it is gone.
        await Task.WhenAny(_vmm.Exited, Task.Delay(DyingVmm, _clock, _letGo.Token));
        if (_vmm.Exited.IsCompleted)
            return await DiedAsync();
        if (!_letGo.IsCancellationRequested)
            ConnectionBroke(_log, _name, LastWords.Printable(connection.Failure?.Message ?? "closed", 1, 300));
        await connection.DisposeAsync();
        return false;
    }

    /// <summary>
    /// The image's process has ended: output, exit code, then the guest may go. False: the connection broke before all output was there.
    /// </summary>
    private async Task<bool> EndedAsync(GuestConnection connection, MainExit main)
    {
        _hasEnded = true;

        // 1. All that it wrote. Who is attached and does not read delays that a little, a guest that does not end its output no more than
        // the deadline.
        _output.Hurry(ReadersPatience);
        await Task.WhenAny(_pump, Task.Delay(OutputDeadline, _clock, _letGo.Token));
        _letGo.Token.ThrowIfCancellationRequested();
        if (_pump.IsFaulted && connection.Closed.IsCompleted && !_vmm.Exited.IsCompleted)
            return false;

        // 2. The exit on disk, so that no crash of ours forgets it once the guest is told.
        var now = _clock.GetUtcNow();
        var exit = new MachineExit(main.Code, main.Time < now ? main.Time : now, main.OomKilled, null);
        Write(exit);

        // 3. The guest unmounts and powers off; the VMM's end is waited for, not without end.
        _output.Complete();
        _output.Ended(exit.Code);
        try
        {
            using var deadline = CancellationTokenSource.CreateLinkedTokenSource(_letGo.Token);
            deadline.CancelAfter(PowerOffDeadline);
            await connection.AcknowledgeExitAsync(deadline.Token);
        }
        catch (Exception e) when (e is IOException or GuestException or OperationCanceledException)
        {
            // It goes already, or it does not listen and is ended below.
        }

        await Task.WhenAny(_vmm.Exited, Task.Delay(PowerOffDeadline, _clock, _letGo.Token));
        _letGo.Token.ThrowIfCancellationRequested();
        if (!_vmm.Exited.IsCompleted)
        {
            NoPowerOff(_log, _name);
            _vmm.Kill();
        }

        await _vmm.Exited;
        await connection.DisposeAsync();
        Finish(exit);
        return true;
    }

    /// <summary>The VMM is gone without a word of the agent's.</summary>
    private async Task<bool> DiedAsync()
    {
        var signal = await _vmm.Exited;
        _output.Hurry(ReadersPatience);
        await Task.WhenAny(_pump, Task.Delay(ReadersPatience, _clock));
        var exit = _wasKilled
            ? new MachineExit(137, _clock.GetUtcNow(), OomKilled: false, null)
            : new MachineExit(255, _clock.GetUtcNow(), OomKilled: false, Cause(signal));
        Write(exit);
        _output.Complete();
        _output.Ended(exit.Code);
        Finish(exit);
        return true;
    }

    private string Cause(int? signal)
    {
        var words = _vmm.LastWords();
        var cause = signal switch
        {
            > 0 => $"the VMM was ended by signal {signal}",
            _ => "the VM ended under the process",
        };
        return words.Length > 0 ? $"{cause}; {words}" : cause;
    }

    private void Write(MachineExit exit)
    {
        try
        {
            ExitRecord.Write(_folders.Exit(Handle.MachineId), exit);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            ExitNotWritten(_log, e, _name);
        }
    }

    private void Finish(MachineExit exit)
    {
        try
        {
            MachineFolders.Remove(_folders.Runtime(Handle.MachineId));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            LeftBehind(_log, e, _name);
        }

        _exited.TrySetResult(exit);
    }

    [LoggerMessage(LogLevel.Error, "{Machine} cannot be looked after any more and is ended")]
    private static partial void SupervisionFailed(ILogger logger, Exception error, string machine);

    [LoggerMessage(LogLevel.Warning, "the connection to the agent of {Machine} broke and is made again: {Reason}")]
    private static partial void ConnectionBroke(ILogger logger, string machine, string reason);

    [LoggerMessage(LogLevel.Warning, "{Machine} did not power off and was ended")]
    private static partial void NoPowerOff(ILogger logger, string machine);

    [LoggerMessage(LogLevel.Error, "the exit of {Machine} could not be written")]
    private static partial void ExitNotWritten(ILogger logger, Exception error, string machine);

    [LoggerMessage(LogLevel.Warning, "the run-time files of {Machine} were not removed; the next start of hyprd does it")]
    private static partial void LeftBehind(ILogger logger, Exception error, string machine);
}
