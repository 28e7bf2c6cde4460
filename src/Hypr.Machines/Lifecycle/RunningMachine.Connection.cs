using Hypr.Guest.Protocol;
using Hypr.Guest.Protocol.Host;
using Hypr.Guest.Protocol.Messages;
using Hypr.Primitives;
using Microsoft.Extensions.Logging;

namespace Hypr.Machines.Lifecycle;

/// <summary>The connection to the agent: of a machine of an earlier hyprd the first, of any one the next.</summary>
internal sealed partial class RunningMachine
{
    private const int AttemptsInTurn = 3;
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan FirstPatience = TimeSpan.FromMilliseconds(300);

    private TaskCompletionSource<GuestConnection> _connection = NewConnection();
    private volatile TaskCompletionSource _awake = NewAwake(isAwake: true);
    private SemaphoreSlim? _greetings;

    /// <summary>It was an earlier hyprd's.</summary>
    /// <param name="greetings">The turns of all of them.</param>
    public void GoOn(SemaphoreSlim greetings, bool isPaused)
    {
        _greetings = greetings;
        if (isPaused)
        {
            _awake = NewAwake(isAwake: false);
            _ = PauseAgainAsync(_awake);
        }

        Supervise();
    }

    /// <summary>Until it is paused, or resumed, or ends: its state says that it is.</summary>
    private async Task PauseAgainAsync(TaskCompletionSource awake)
    {
        for (var pause = FirstPause; !awake.Task.IsCompleted && !_vmm.Exited.IsCompleted && !_letGo.IsCancellationRequested; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
        {
            try
            {
                await _vmm.PauseAsync(_letGo.Token);
                return;
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (HyprException e)
            {
                NotPaused(_log, _name, e.Message);
            }

            await Task.WhenAny(_vmm.Exited, awake.Task, Task.Delay(pause, _clock, _letGo.Token));
        }
    }

    private async Task ReconnectAsync()
    {
        lock (_lock)
        {
            if (_connection.Task.IsCompleted)
                _connection = NewConnection();
        }

        _input.Reset();
        var (pause, patience) = (FirstPause, FirstPatience);
        for (var attempt = 1; !_letGo.IsCancellationRequested && !_vmm.Exited.IsCompleted; attempt++)
        {
            // A paused guest is as silent as one that hangs.
            await Task.WhenAny(_awake.Task, _vmm.Exited).WaitAsync(_letGo.Token);
            try
            {
                var connection = await GreetAsync(patience, attempt <= AttemptsInTurn ? _greetings : null);
                _pid = connection.Hello.Pid;
                Pump(PumpAfterAsync(_pump, connection));
                lock (_lock)
                    _connection.TrySetResult(connection);
                return;
            }
            catch (Exception e) when (e is IOException or ProtocolException or GuestException or OperationCanceledException)
            {
                if (_vmm.Exited.IsCompleted || _letGo.IsCancellationRequested)
                    return;
                if (attempt == AttemptsInTurn && _awake.Task.IsCompleted)
                    Silent(_log, _name, e.Message);
            }

            await Task.WhenAny(_vmm.Exited, Task.Delay(pause, _clock, _letGo.Token));
            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
            patience = patience * 2 < _answerDeadline ? patience * 2 : _answerDeadline;
        }
    }

    /// <summary>
    /// An agent of before 2026-11-24, which a VM may still have, drops its answer now and then, when it reads the bytes of a new connection before its kernel
    /// knows that the port is open (AgentPort), and answers the next: so the first gets little patience, and each further one more.
    /// </summary>
    private async Task<GuestConnection> GreetAsync(TimeSpan patience, SemaphoreSlim? turns)
    {
        if (turns is not null)
            await turns.WaitAsync(_letGo.Token);
        try
        {
            using var deadline = CancellationTokenSource.CreateLinkedTokenSource(_letGo.Token);
            deadline.CancelAfter(patience);
            var opening = GuestConnection.OpenAsync(_vmm.ConnectAgent(), freshGuest: false, deadline.Token);
            if (await Task.WhenAny(opening, _vmm.Exited) != opening)
                await deadline.CancelAsync();
            var connection = await opening;
            if (connection.Hello.State is not (GuestState.Fresh or GuestState.Configured))
                return connection;
            await connection.DisposeAsync();
            throw new InvalidOperationException("its agent knows of no process");
        }
        finally
        {
            turns?.Release();
        }
    }

    /// <summary>
    /// The output over a new connection, when the former one's was taken to its end: a reader who stalls that stalls no request.
    /// </summary>
    private async Task<bool> PumpAfterAsync(Task<bool> former, GuestConnection connection)
    {
        await Task.WhenAny(former);
        return await _output.PumpAsync(await connection.OpenOutputAsync(_output.Next, _letGo.Token), _letGo.Token);
    }

    /// <summary>Who waits for the end or the output of a further process asks nothing: a guest that hangs is found out by a question in his place.</summary>
    private async Task WatchAsync()
    {
        while (!_letGo.IsCancellationRequested && !Exited.IsCompleted)
        {
            await Task.WhenAny(Exited, Task.Delay(_answerDeadline, _clock, _letGo.Token));
            Task<GuestConnection> connection;
            lock (_lock)
                connection = _connection.Task;
            if (connection.IsCompletedSuccessfully && connection.Result.HasSessions && _awake.Task.IsCompleted)
                await TryAsync(AskAsync(static (guest, limit) => guest.PingAsync(limit), _letGo.Token));
        }
    }

    /// <summary>An answer did not come. If nothing else came either, and the guest was not paused meanwhile, the next connection may wake it.</summary>
    private void Doubt(TaskCompletionSource awake)
    {
        Task<GuestConnection> connection;
        lock (_lock)
            connection = _connection.Task;
        if (connection.IsCompletedSuccessfully && connection.Result.Silence >= _answerDeadline && awake == _awake && awake.Task.IsCompleted)
            connection.Result.GiveUp($"its agent has said nothing for {connection.Result.Silence.TotalSeconds:0} s");
    }

    private void Pump(Task<bool> pump)
    {
        _pump = pump;
        // Its failure is looked at when the connection has ended.
        _ = pump.ContinueWith(t => t.Exception, TaskScheduler.Default);
    }

    private static TaskCompletionSource<GuestConnection> NewConnection() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static TaskCompletionSource NewAwake(bool isAwake)
    {
        var awake = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        if (isAwake)
            awake.SetResult();
        return awake;
    }

    [LoggerMessage(LogLevel.Warning, "{Machine} was paused and cannot be paused again yet: {Reason}")]
    private static partial void NotPaused(ILogger logger, string machine, string reason);

    [LoggerMessage(LogLevel.Warning, "the agent of {Machine} does not answer yet: {Reason}")]
    private static partial void Silent(ILogger logger, string machine, string reason);
}
