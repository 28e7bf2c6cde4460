using Hypr.Engine.Machines;
using Hypr.Engine.Networks;
using Hypr.Engine.Volumes;
using Hypr.Images;
using Hypr.Machines;
using Hypr.Primitives;

namespace Hypr.Engine;

/// <summary>The machines themselves.</summary>
public sealed partial class HyprEngine
{
    public IReadOnlyList<MachineView> Machines() => [.. _machines.All().Where(m => m.State.Status != MachineStatus.Creating).Select(View)];

    public MachineView Machine(string nameOrId) => View(_machines.Get(nameOrId));

    public Task<MachineCreated> CreateAsync(string? name, MachineConfig config, CancellationToken cancel) => _create.RunAsync(name, config, cancel);

    /// <summary>One that removes itself at its end is removed when it does not start either (Docker): <c>docker run --rm</c> waits for that.</summary>
    public async Task StartAsync(string nameOrId, CancellationToken cancel)
    {
        var machine = _machines.Get(nameOrId);
        var failed = false;
        try
        {
            await Gated(machine, async () =>
            {
                if (machine.Running is not null)
                {
                    throw new HyprException(ErrorKind.NotModified, $"{machine.Name} runs already");
                }

                failed = true;
                await _start.RunAsync(machine, cancel);
                failed = false;
            }, cancel);
        }
        catch when (failed && machine.Config.AutoRemove)
        {
            await _end.RemoveAsync(machine, force: true, withVolumes: true, CancellationToken.None);
            throw;
        }
    }

    public async Task StopAsync(string nameOrId, int? seconds, string? signal, CancellationToken cancel)
    {
        var machine = _machines.Get(nameOrId);
        if (!await _end.StopAsync(machine, seconds, signal, cancel))
        {
            throw new HyprException(ErrorKind.NotModified, $"{machine.Name} does not run");
        }
    }

    public async Task RestartAsync(string nameOrId, int? seconds, string? signal, CancellationToken cancel)
    {
        var machine = _machines.Get(nameOrId);
        await _end.StopAsync(machine, seconds, signal, cancel);
        await Gated(machine, () => _start.RunAsync(machine, cancel), cancel);
        _events.Publish(machine, "restart");
    }

    public Task KillAsync(string nameOrId, string? signal, CancellationToken cancel) => _end.KillAsync(_machines.Get(nameOrId), signal, cancel);

    public Task PauseAsync(string nameOrId, CancellationToken cancel) => SetPausedAsync(_machines.Get(nameOrId), true, cancel);

    public Task UnpauseAsync(string nameOrId, CancellationToken cancel) => SetPausedAsync(_machines.Get(nameOrId), false, cancel);

    public Task RenameAsync(string nameOrId, string newName, CancellationToken cancel)
    {
        var machine = _machines.Get(nameOrId);
        var name = MachineName.Checked(newName);
        return Gated(machine, async () =>
        {
            var old = machine.Name;
            _machines.Rename(machine, name);
            await _networks.RenameAsync(CreateMachine.Identity(machine), cancel);
            _events.Publish(machine, "rename", ("oldName", "/" + old));
        }, cancel);
    }

    public Task RemoveAsync(string nameOrId, bool force, bool volumes, CancellationToken cancel) =>
        _end.RemoveAsync(_machines.Get(nameOrId), force, volumes, cancel);

    public Task<WaitResult> WaitAsync(string nameOrId, WaitCondition condition, CancellationToken cancel)
    {
        var machine = _machines.Get(nameOrId);
        var ended = machine.NextExit.Task;
        return condition switch
        {
            WaitCondition.NextExit => ended.WaitAsync(cancel),
            WaitCondition.Removed => RemovedAsync(machine, cancel),
            _ => machine.State.HasVmm || machine.State.Status is MachineStatus.Starting or MachineStatus.Restarting
                ? ended.WaitAsync(cancel)
                : Task.FromResult(new WaitResult(machine.State.ExitCode, null)),
        };
    }

    public long DiskUsage(string nameOrId) => _host.DiskUsage(_machines.Get(nameOrId).Id);

    public async Task<UsageView?> UsageAsync(string nameOrId, CancellationToken cancel)
    {
        var machine = _machines.Get(nameOrId);
        if (machine.Running is not { } running)
        {
            return null;
        }

        var usage = await running.UsageAsync(machine.State.Status == MachineStatus.Paused, cancel);
        return new UsageView(_clock.GetUtcNow(), usage, await _networks.TrafficAsync(machine.Id, cancel));
    }

    public async Task<IReadOnlyList<string>> UpdateAsync(string nameOrId, MachineUpdate update, CancellationToken cancel)
    {
        var machine = _machines.Get(nameOrId);
        IReadOnlyList<string> notes = [];
        await Gated(machine, () =>
        {
            notes = _update.Run(machine, update);
            return Task.CompletedTask;
        }, cancel);
        return notes;
    }

    public IReadOnlyList<MachineTemplate> Templates() => _host.Templates();

    public Task<MachineTemplate> WarmAsync(int cpus, long memoryBytes, CancellationToken cancel)
    {
        var config = new MachineConfig { Image = "", NanoCpus = cpus * 1_000_000_000L, Memory = memoryBytes };
        Sizing.Check(config, _host.MinimumMemoryBytes);
        return _host.WarmAsync(Sizing.Cpus(config), Sizing.Memory(config), cancel);
    }

    private static async Task Gated(Machine machine, Func<Task> change, CancellationToken cancel)
    {
        await machine.Gate.WaitAsync(cancel);
        try
        {
            if (machine.State.Status == MachineStatus.Removing)
            {
                throw HyprException.Conflict($"{machine.Name} is being removed");
            }

            await change();
        }
        finally
        {
            machine.Gate.Release();
        }
    }

    private static async Task<WaitResult> RemovedAsync(Machine machine, CancellationToken cancel)
    {
        await machine.Removed.Task.WaitAsync(cancel);
        return new WaitResult(machine.State.ExitCode, null);
    }

    private Task SetPausedAsync(Machine machine, bool pause, CancellationToken cancel) => Gated(machine, async () =>
    {
        var running = machine.Running ?? throw HyprException.Conflict($"Container {machine.Name} is not running");
        if (pause == (machine.State.Status == MachineStatus.Paused))
        {
            throw HyprException.Conflict(pause ? $"Container {machine.Name} is already paused" : $"Container {machine.Name} is not paused");
        }

        // Paused is what is stored first and taken back last: found at hyprd's start, the VM is paused once more.
        if (pause)
        {
            _machines.SetState(machine, machine.State with { Status = MachineStatus.Paused });
            _health.Pause(machine);
            try
            {
                // Not given up half-way: QEMU may stop the VM after nobody waits for it.
                await running.PauseAsync(CancellationToken.None);
            }
            catch
            {
                await RunOnAsync(running);
                Goes();
                throw;
            }
        }
        else
        {
            await running.ResumeAsync(CancellationToken.None);
            Goes();
        }

        void Goes()
        {
            _machines.Happened(machine, machine.State with { Status = MachineStatus.Running });
            _health.Resume(machine);
        }

        _events.Publish(machine, pause ? "pause" : "unpause");
    }, cancel);

    /// <summary>A pause that failed may still come: the monitor takes its commands in their order.</summary>
    private static async Task RunOnAsync(IRunningMachine running)
    {
        try
        {
            await running.ResumeAsync(CancellationToken.None);
        }
        catch (HyprException)
        {
            // The monitor does not answer at all: the pause's own failure says so.
        }
    }

    private MachineView View(Machine machine) => new(
        machine.Id, machine.Name, machine.Created, machine.ImageId, _images.Find(machine.ImageId), machine.Config, machine.State,
        [.. _networks.EndpointsOf(machine.Id).Select(e => (Network: _networks.Find(e.NetworkId), Endpoint: e))
            .Where(p => p.Network is not null).Select(p => new AttachedNetwork(p.Network!, p.Endpoint))],
        machine.Running is null ? [] : _networks.PortsOf(machine.Id),
        [.. machine.Config.Volumes.Select(m => new MachineMountView(m, _host.Volumes.PathOf(m.Volume)))])
    { Health = machine.Health.State };
}
