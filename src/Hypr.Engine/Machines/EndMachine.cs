using Hypr.Engine.Volumes;
using Hypr.Images;
using Hypr.Machines;
using Hypr.Network;
using Hypr.Primitives;

namespace Hypr.Engine.Machines;

/// <summary>Stop, kill and removal.</summary>
internal sealed class EndMachine(
    MachineRegistry machines, IImageService images, INetworkService networks, VolumeUseCases volumes, IMachineHost host, MachineEvents events)
{
    private const int DefaultSeconds = 10;

    /// <summary>False when it did not run. Returns when its end is stored and its network is down.</summary>
    public async Task<bool> StopAsync(Machine machine, int? seconds, string? signal, CancellationToken cancel)
    {
        Task<WaitResult> ended;
        await machine.Gate.WaitAsync(cancel);
        try
        {
            if (machine.Running is not { } running)
            {
                return EndRestarting(machine);
            }

            machines.SetState(machine, machine.State with { StoppedByHand = true });
            ended = machine.NextExit.Task;
            if (machine.State.Status == MachineStatus.Paused)
            {
                // A paused VM reads no signal.
                await running.ResumeAsync(cancel);
            }

            var grace = seconds ?? machine.Config.StopTimeout ?? DefaultSeconds;
            await running.StopAsync(Signals.Parse(signal ?? StopSignal(machine)), grace < 0 ? Timeout.InfiniteTimeSpan : TimeSpan.FromSeconds(grace), cancel);
        }
        finally
        {
            machine.Gate.Release();
        }

        await ended.WaitAsync(cancel);
        events.Publish(machine, "stop");
        return true;
    }

    public async Task KillAsync(Machine machine, string? signal, CancellationToken cancel)
    {
        var number = Signals.Parse(string.IsNullOrEmpty(signal) ? "SIGKILL" : signal);

        // In this order: were the exit looked up after the machine had ended, it would be the next run's.
        var ended = machine.NextExit.Task;
        var running = machine.Running
            ?? throw HyprException.Conflict($"Cannot kill container: {machine.Name}: container {machine.Id} is not running");
        events.Publish(machine, "kill", ("signal", number.ToString(System.Globalization.CultureInfo.InvariantCulture)));
        if (number != Signals.Kill)
        {
            await running.SignalAsync(number, cancel);
            return;
        }

        machines.SetState(machine, machine.State with { StoppedByHand = true });
        await running.KillAsync();
        await ended.WaitAsync(cancel);
    }

    /// <param name="withVolumes">Also those that were made for it alone.</param>
    public async Task RemoveAsync(Machine machine, bool force, bool withVolumes, CancellationToken cancel)
    {
        // A start that was under way when we asked for the gate leaves a running machine behind it: look again.
        await EndRunAsync(machine, force, cancel);
        await machine.Gate.WaitAsync(cancel);
        while (machine.Running is not null)
        {
            machine.Gate.Release();
            await EndRunAsync(machine, force, cancel);
            await machine.Gate.WaitAsync(cancel);
        }

        try
        {
            if (machine.Removed.Task.IsCompleted)
            {
                return;
            }

            EndRestarting(machine);

            // From here on it goes forward only: found in Removing at hyprd's start, the removal is finished.
            machines.SetState(machine, machine.State with { Status = MachineStatus.Removing });
            await networks.ForgetAsync(machine.Id, CancellationToken.None);
            host.Delete(machine.Id);
            machines.Remove(machine);
            if (withVolumes || machine.Config.AutoRemove)
            {
                await volumes.DropAsync(machine.Config.Volumes.Where(v => v.Anonymous).Select(v => v.Volume));
            }
        }
        finally
        {
            machine.Gate.Release();
        }

        events.Publish(machine, "destroy");
        machine.FailWaiting(HyprException.Conflict($"{machine.Name} was removed before it started"));
        machine.Removed.TrySetResult();
    }

    private async Task EndRunAsync(Machine machine, bool force, CancellationToken cancel)
    {
        if (!machine.State.HasVmm && machine.State.Status != MachineStatus.Restarting)
        {
            return;
        }

        if (!force)
        {
            throw HyprException.Conflict(
                $"cannot remove container \"/{machine.Name}\": container is {machine.State.Status.ToString().ToLowerInvariant()}: stop the container before removing or force remove");
        }

        try
        {
            await KillAsync(machine, null, cancel);
        }
        catch (HyprException e) when (e.Kind == ErrorKind.Conflict)
        {
            // It ended by itself meanwhile.
        }
    }

    private string StopSignal(Machine machine) =>
        !string.IsNullOrEmpty(machine.Config.StopSignal) ? machine.Config.StopSignal
        : images.Find(machine.ImageId)?.Config.StopSignal is { Length: > 0 } ofImage ? ofImage
        : "SIGTERM";

    /// <summary>Ends the pause before a restart by policy; true when there was one.</summary>
    private bool EndRestarting(Machine machine)
    {
        if (machine.State.Status != MachineStatus.Restarting)
        {
            return false;
        }

        machine.RestartDelay?.Cancel();
        machines.SetState(machine, machine.State with { Status = MachineStatus.Exited, StoppedByHand = true });
        return true;
    }
}
