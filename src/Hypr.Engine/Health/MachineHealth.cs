namespace Hypr.Engine.Health;

/// <summary>A machine's health and whether somebody watches it. A watch that was ended changes nothing any more, even if its probe ends later.</summary>
internal sealed class MachineHealth
{
    private readonly Lock _lock = new();
    private CancellationTokenSource? _watch;
    private HealthState? _state;

    /// <summary>Null: there is no check, or the machine has not run since hyprd started.</summary>
    public HealthState? State
    {
        get
        {
            lock (_lock)
            {
                return _state;
            }
        }
    }

    /// <summary>Its last results stay, as in Docker.</summary>
    public void Reset(bool hasCheck)
    {
        lock (_lock)
        {
            _watch?.Cancel();
            _watch = null;
            _state = hasCheck ? new HealthState(HealthStatus.Starting, 0, _state?.Log ?? []) : null;
        }
    }

    /// <summary>In place of the watch before it; cancelled when it is to end.</summary>
    public CancellationToken Watch()
    {
        lock (_lock)
        {
            _watch?.Cancel();
            _watch = new CancellationTokenSource();
            return _watch.Token;
        }
    }

    public void EndWatch()
    {
        lock (_lock)
        {
            _watch?.Cancel();
            _watch = null;
        }
    }

    /// <summary>Docker calls a machine that has ended unhealthy: old clients wait for that.</summary>
    public void MachineEnded()
    {
        lock (_lock)
        {
            _watch?.Cancel();
            _watch = null;
            _state = _state is null ? null : _state with { Status = HealthStatus.Unhealthy };
        }
    }

    /// <summary>The status before and after; null when the watch was ended meanwhile.</summary>
    public (HealthStatus Before, HealthStatus After)? Change(CancellationToken watch, Func<HealthState, HealthState> next)
    {
        lock (_lock)
        {
            if (_state is not { } before || watch.IsCancellationRequested)
            {
                return null;
            }

            _state = next(before);
            return (before.Status, _state.Status);
        }
    }
}
