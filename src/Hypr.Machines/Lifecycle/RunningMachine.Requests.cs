using Hypr.Guest.Protocol;
using Hypr.Guest.Protocol.Host;
using Hypr.Machines.Agent;
using Hypr.Machines.Vmm;
using Hypr.Primitives;

namespace Hypr.Machines.Lifecycle;

/// <summary>What is asked of a running machine.</summary>
internal sealed partial class RunningMachine
{
    private const int SigKill = 9;
    private static readonly TimeSpan UsageDeadline = TimeSpan.FromSeconds(5);

    public Task SignalAsync(int signal, CancellationToken cancel) =>
        AskAsync((guest, limit) => guest.SignalAsync(0, signal, limit), cancel);

    public async Task StopAsync(int signal, TimeSpan grace, CancellationToken cancel)
    {
        // A guest that does not answer is ended when its time is up, too.
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var asked = TryAsync(SignalAsync(signal, limit.Token));
        if (!await EndsWithinAsync(grace, cancel))
        {
            // The process first: the guest then unmounts its disk.
            await limit.CancelAsync();
            await asked;
            using var last = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            asked = TryAsync(SignalAsync(SigKill, last.Token));
            // A guest that has told its process's end is writing to its disks what it has in memory.
            if (!await EndsWithinAsync(ProcessKillDeadline, cancel) && !_hasEnded)
                await KillAsync();
            await last.CancelAsync();
        }

        await asked;
        await Exited.WaitAsync(cancel);
    }

    public async Task KillAsync()
    {
        if (Exited.IsCompleted)
            return;
        _wasKilled = true;
        _vmm.Kill();
        await Exited;
    }

    public async Task PauseAsync(CancellationToken cancel)
    {
        await _vmm.PauseAsync(cancel);
        if (_awake.Task.IsCompleted)
            _awake = NewAwake(isAwake: false);
    }

    public async Task ResumeAsync(CancellationToken cancel)
    {
        await _vmm.ResumeAsync(cancel);
        _awake.TrySetResult();
    }

    public async Task<IGuestSession> ExecAsync(GuestProcess process, CancellationToken cancel) =>
        new ExecSession(await AskAsync((guest, limit) => guest.ExecAsync(GuestWords.Process(process), limit), cancel), _name, _answerDeadline);

    public async Task<MachineUsage> UsageAsync(bool isPaused, CancellationToken cancel)
    {
        var vmm = await _vmm.UsageAsync(cancel);
        if (!isPaused)
            _usage = await AskAsync((guest, limit) => guest.UsageAsync(limit), cancel, UsageDeadline);
        var guest = _usage;
        return new MachineUsage(
            vmm.Cpu, guest.Memory, guest.InactiveFile, guest.MemoryLimit, guest.Processes, vmm.ReadBytes, vmm.ReadOperations, vmm.WrittenBytes, vmm.WriteOperations);
    }

    public async Task<IGuestSession> AttachAsync(CancellationToken cancel)
    {
        if (_hasStdin)
            _hasStdin = await AskAsync((_, limit) => _input.OpenAsync(limit), cancel);
        var session = new MainSession(_hasStdin ? _input : null, () => _pid, ResizeAsync, SignalAsync);
        _output.Attach(session);
        return session;
    }

    public Task ResizeAsync(ushort rows, ushort columns, CancellationToken cancel) =>
        AskAsync((guest, limit) => guest.ResizeAsync(0, rows, columns, limit), cancel);

    public async Task AddNicAsync(MachineNic nic, CancellationToken cancel)
    {
        var slot = await _vmm.PlugNicAsync(new VmmNic(nic.Guest.Name, nic.Tap, nic.Guest.Mac), cancel);
        try
        {
            await AskAsync((guest, limit) => guest.AddNicAsync(GuestWords.Nic(nic.Guest, slot), limit), cancel);
        }
        catch
        {
            await TryAsync(_vmm.UnplugNicAsync(nic.Guest.Name, CancellationToken.None));
            throw;
        }
    }

    public async Task RemoveNicAsync(string name, CancellationToken cancel)
    {
        try
        {
            await AskAsync((guest, limit) => guest.RemoveNicAsync(name, limit), cancel);
        }
        finally
        {
            // Whatever the guest says: its TAP is closed and the device asked away. Where QEMU does not listen the TAP goes by the host's end alone, and the NIC's place
            // is taken until the next start: the guest has let go, and would refuse to do so twice.
            await TryAsync(_vmm.UnplugNicAsync(name, CancellationToken.None));
        }
    }

    public Task ConfigureNicAsync(GuestNic nic, CancellationToken cancel) =>
        AskAsync((guest, limit) => guest.ConfigureNicAsync(GuestWords.Nic(nic, _vmm.NicSlot(0)), limit), cancel);

    public Task ConfigureNamesAsync(string hostname, IReadOnlyList<HostsEntry> hosts, ResolvConf resolver, CancellationToken cancel) =>
        AskAsync((guest, limit) => guest.ConfigureNamesAsync(GuestWords.Names(hostname, null, hosts, resolver), limit), cancel);

    private async Task<GuestWriteStream?> OpenInputAsync(CancellationToken cancel)
    {
        try
        {
            return await (await ConnectionAsync(cancel)).OpenInputAsync(cancel);
        }
        catch (GuestException)
        {
            // It has none.
            return null;
        }
    }

    private Task AskAsync(Func<GuestConnection, CancellationToken, Task> request, CancellationToken cancel) =>
        AskAsync<object?>(
            async (guest, limit) =>
            {
                await request(guest, limit);
                return null;
            },
            cancel);

    /// <exception cref="HyprException">The agent refuses, or does not answer in time.</exception>
    /// <param name="patience">Of one who would rather have no answer than wait; null: the agent's time.</param>
    private async Task<T> AskAsync<T>(Func<GuestConnection, CancellationToken, Task<T>> request, CancellationToken cancel, TimeSpan? patience = null)
    {
        var deadline = patience < _answerDeadline ? patience.Value : _answerDeadline;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel, _letGo.Token);
        limit.CancelAfter(deadline);
        var (awake, wasAwake) = (_awake, _awake.Task.IsCompleted);
        try
        {
            return await request(await ConnectionAsync(limit.Token), limit.Token);
        }
        catch (GuestException e)
        {
            throw GuestWords.Refused(e);
        }
        catch (Exception e) when (e is IOException or ProtocolException)
        {
            throw Exited.IsCompleted ? HyprException.Conflict($"{_name} is not running") : GuestWords.Unreachable(_name, e);
        }
        catch (OperationCanceledException e) when (!cancel.IsCancellationRequested)
        {
            // One who had less patience than the agent has time says nothing against it.
            if (patience is null && wasAwake)
                Doubt(awake);
            throw GuestWords.Unreachable(_name, new TimeoutException($"no answer within {deadline.TotalSeconds:0} s", e));
        }
    }

    /// <summary>The connection that stands, or the next one.</summary>
    private async Task<GuestConnection> ConnectionAsync(CancellationToken cancel)
    {
        Task<GuestConnection> connection;
        lock (_lock)
            connection = _connection.Task;
        if (!connection.IsCompleted && await Task.WhenAny(connection, Exited, Task.Delay(Timeout.Infinite, cancel)) == Exited)
            throw new IOException("the VM has ended");
        return await connection.WaitAsync(cancel);
    }

    private async Task<bool> EndsWithinAsync(TimeSpan time, CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var ended = await Task.WhenAny(Exited, Task.Delay(time, _clock, limit.Token)) == Exited;
        await limit.CancelAsync();
        cancel.ThrowIfCancellationRequested();
        return ended;
    }

    private static async Task TryAsync(Task task)
    {
        try
        {
            await task;
        }
        catch (Exception e) when (e is HyprException or OperationCanceledException)
        {
            // What follows does it the hard way.
        }
    }
}
