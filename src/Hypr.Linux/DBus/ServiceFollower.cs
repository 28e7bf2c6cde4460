using System.Net.Sockets;

namespace Hypr.Linux.DBus;

/// <summary>
/// Keeps one service on a message bus told of something: whenever what it shall know changes, and anew whenever it may have forgotten, for it, the bus or its own
/// settings came anew. Without a bus or without the service it waits, and starts neither.
/// </summary>
public sealed class ServiceFollower : IAsyncDisposable
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(1);

    private readonly string _bus;
    private readonly string _service;
    private readonly string? _forgets;
    private readonly Func<DBusConnection, bool, CancellationToken, Task> _tell;
    private readonly Action<Exception> _onFailure;
    private readonly TimeProvider _clock;
    private readonly CancellationTokenSource _ending = new();
    private readonly SemaphoreSlim _changed = new(0);
    private readonly Task _working;
    private volatile bool _renewed;
    private Task? _next;

    /// <param name="bus">D-Bus address of the bus.</param>
    /// <param name="forgets">A match rule of the service's own signal after which it is told all anew; null: there is none.</param>
    /// <param name="tell">Tells the service. True: it may know nothing of us, whatever it was told before. Never called twice at once.</param>
    /// <param name="onFailure">There is no bus, or it or the service refused: tried again a while later.</param>
    public ServiceFollower(
        string bus, string service, string? forgets, TimeProvider clock, Func<DBusConnection, bool, CancellationToken, Task> tell, Action<Exception> onFailure)
    {
        (_bus, _service, _forgets, _clock, _tell, _onFailure) = (bus, service, forgets, clock, tell, onFailure);
        _working = Task.Run(WorkAsync);
    }

    /// <summary>What the service shall know is another now.</summary>
    public void Changed() => _changed.Release();

    /// <summary>Lets go; what the service was told stays.</summary>
    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await _working;
        _ending.Dispose();
        _changed.Dispose();
    }

    private async Task WorkAsync()
    {
        var pause = FirstPause;
        while (!_ending.IsCancellationRequested)
        {
            try
            {
                await using var bus = await DBusConnection.ConnectAsync(_bus, _ending.Token);
                _renewed = true;
                await ServeAsync(bus, () => pause = FirstPause);
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (Exception e) when (e is SocketException or DBusException)
            {
                _onFailure(e);
            }

            try
            {
                await Task.Delay(pause, _clock, _ending.Token);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
        }
    }

    private async Task ServeAsync(DBusConnection bus, Action told)
    {
        // The bus itself says NameAcquired, unasked. A new owner of the service's name is a service that was restarted.
        bus.Signal += signal =>
        {
            if (signal.Member == "NameAcquired")
                return;
            _renewed = true;
            _changed.Release();
        };
        await bus.SubscribeAsync(
            $"type='signal',sender='{DBusConnection.BusName}',interface='{DBusConnection.BusName}',member='NameOwnerChanged',arg0='{_service}'", _ending.Token);
        if (_forgets is not null)
            await bus.SubscribeAsync(_forgets, _ending.Token);
        while (!bus.Closed.IsCompleted)
        {
            // Taken back before it is told: what comes meanwhile is another round.
            var renewed = _renewed;
            _renewed = false;
            if (await bus.HasOwnerAsync(_service, _ending.Token))
                await _tell(bus, renewed, _ending.Token);
            else
                _renewed |= renewed;
            told();

            // One wait over all buses: one that is left behind would take a later change away.
            _next ??= _changed.WaitAsync(_ending.Token);
            await Task.WhenAny(_next, bus.Closed);
            _ending.Token.ThrowIfCancellationRequested();
            if (_next.IsCompleted)
                _next = null;
        }
    }
}
