using Hypr.Engine.Health;
using Hypr.Machines;
using Hypr.Primitives;

namespace Hypr.Engine.Machines;

/// <summary>
/// A machine in hyprd's memory. <see cref="Name"/>, <see cref="Config"/> and <see cref="State"/> are replaced whole, so that readers need no lock; who changes the machine holds
/// <see cref="Gate"/>.
/// </summary>
internal sealed class Machine(string id, string name, DateTimeOffset created, string imageId, MachineConfig config, MachineState state)
{
    private readonly Lock _attachLock = new();
    private readonly List<TaskCompletionSource<IGuestSession>> _waitingAttachments = [];
    private volatile MachineState _state = state;
    private volatile MachineConfig _config = config;

    public string Id => id;

    public string Name { get; set; } = name;

    public DateTimeOffset Created => created;

    public string ImageId => imageId;

    public MachineConfig Config
    {
        get => _config;
        set => _config = value;
    }

    public MachineState State
    {
        get => _state;
        set => _state = value;
    }

    /// <summary>One change of the machine at a time.</summary>
    public SemaphoreSlim Gate { get; } = new(1, 1);

    /// <summary>Set while its VMM runs.</summary>
    public IRunningMachine? Running { get; set; }

    /// <summary>Completes at the next end of the machine, when its state is stored and its network is down; renewed at each end.</summary>
    public TaskCompletionSource<WaitResult> NextExit { get; set; } = New<WaitResult>();

    public TaskCompletionSource Removed { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public MachineHealth Health { get; } = new();

    /// <summary>Ends the pause before a restart by policy.</summary>
    public CancellationTokenSource? RestartDelay { get; set; }

    public static TaskCompletionSource<T> New<T>() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The caller gets a session as soon as the machine starts.</summary>
    public Task<IGuestSession> WaitForStartAsync(CancellationToken cancel)
    {
        var waiting = New<IGuestSession>();
        lock (_attachLock)
        {
            _waitingAttachments.Add(waiting);
        }

        cancel.Register(() =>
        {
            lock (_attachLock)
            {
                _waitingAttachments.Remove(waiting);
            }

            waiting.TrySetCanceled(cancel);
        });
        return waiting.Task;
    }

    /// <summary>Just before the image's process starts: all who wait are attached, so that they see its first byte.</summary>
    public async Task AttachWaitingAsync(IRunningMachine running, CancellationToken cancel)
    {
        var all = TakeWaiting();
        try
        {
            foreach (var waiting in all)
            {
                var session = await running.AttachAsync(cancel);
                if (!waiting.TrySetResult(session))
                {
                    await session.DisposeAsync();
                }
            }
        }
        catch (Exception e)
        {
            foreach (var waiting in all)
            {
                waiting.TrySetException(e);
            }

            throw;
        }
    }

    /// <summary>Who began to wait while the process was started came too late for its first byte, and is attached now. What fails is told to them only.</summary>
    public async Task AttachLateAsync(IRunningMachine running)
    {
        try
        {
            await AttachWaitingAsync(running, CancellationToken.None);
        }
        catch (HyprException)
        {
            // The machine ended again, as those who waited were told.
        }
    }

    public void FailWaiting(Exception reason)
    {
        foreach (var waiting in TakeWaiting())
        {
            waiting.TrySetException(reason);
        }
    }

    private TaskCompletionSource<IGuestSession>[] TakeWaiting()
    {
        lock (_attachLock)
        {
            var taken = _waitingAttachments.ToArray();
            _waitingAttachments.Clear();
            return taken;
        }
    }
}
