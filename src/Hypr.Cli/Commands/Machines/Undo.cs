using System.Runtime.InteropServices;
using Hypr.Api.Client;
using Hypr.Primitives;

namespace Hypr.Cli.Commands.Machines;

/// <summary>
/// Until the process has started, a failure or Ctrl-C removes the VM: nobody asked for a VM that never ran. Before there is a VM, while its image is pulled, a
/// signal ends us as it ends any program, and hyprd ends the pull.
/// </summary>
internal sealed class Undo : IDisposable
{
    private readonly Session _session;
    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _interrupted = new();
    private readonly PosixSignalRegistration[] _signals;
    private string? _id;
    private PosixSignal? _signal;
    private bool _isCreating;
    private bool _isOver;

    public Undo(Session session)
    {
        _session = session;
        _signals = [PosixSignalRegistration.Create(PosixSignal.SIGINT, Signalled), PosixSignalRegistration.Create(PosixSignal.SIGTERM, Signalled)];
    }

    /// <summary>What is under way shall end: the VM goes.</summary>
    public CancellationToken Interrupted => _interrupted.Token;

    /// <summary>The VM is being made: whether it is there is known when the answer is.</summary>
    public T Creating<T>(Func<T> create)
    {
        lock (_lock)
            _isCreating = true;
        try
        {
            return create();
        }
        catch
        {
            lock (_lock)
                _isCreating = false;
            ExitIfSignalled();
            throw;
        }
    }

    public void Created(string id)
    {
        lock (_lock)
            (_id, _isCreating) = (id, false);
        ExitIfSignalled();
    }

    /// <summary>The process has started: signals are for who comes next, or end us.</summary>
    public void Done()
    {
        lock (_lock)
            _isOver = true;
        ExitIfSignalled();
    }

    /// <summary>Of a failure that the caller tells. A signal that came before it is answered instead.</summary>
    public void Remove()
    {
        ExitIfSignalled();
        lock (_lock)
        {
            if (_isOver)
                return;
            _isOver = true;
        }

        Delete();
    }

    public void Dispose()
    {
        foreach (var signal in _signals)
            signal.Dispose();
        _interrupted.Dispose();
    }

    /// <summary>In a thread of the runtime's, beside the one that waits for hyprd: that one goes on, sees it, and does the rest.</summary>
    private void Signalled(PosixSignalContext context)
    {
        lock (_lock)
        {
            if (_isOver || (_id is null && !_isCreating))
                return;
            context.Cancel = true;
            _signal ??= context.Signal;
        }

        _interrupted.Cancel();
    }

    private void ExitIfSignalled()
    {
        PosixSignal signal;
        lock (_lock)
        {
            if (_signal is not { } came)
                return;
            (signal, _isOver) = (came, true);
        }

        Delete();
        System.Environment.Exit(128 + (signal == PosixSignal.SIGINT ? 2 : 15));
    }

    private void Delete()
    {
        if (_id is null)
            return;
        try
        {
            _session.Api.Delete(new Query("containers", _id).Add("force", true).Add("v", true));
        }
        catch (Exception e) when (e is HyprException or IOException)
        {
            // --rm may have removed it already; the failure that brought us here is what the person must read.
        }
    }
}
