using Hypr.Engine.Health;
using Hypr.Engine.Volumes;
using Hypr.Machines;
using Hypr.Network;
using Microsoft.Extensions.Logging;

namespace Hypr.Engine.Machines;

/// <summary>
/// What a new hyprd does with the machines of an earlier one: finds the running ones again, finishes or undoes what was half-way, and then applies restart policies.
/// </summary>
internal sealed partial class RestoreMachines(
    MachineRegistry machines, INetworkService networks, VolumeUseCases volumes, VolumeHolders holders, IMachineHost host, MachineExits exits, EndMachine end,
    StartMachine start, HealthMonitor health, TimeProvider clock, ILogger<RestoreMachines> log)
{
    public async Task RunAsync(CancellationToken cancel)
    {
        // 1. Who still runs. Nobody's agent is waited for: one that is silent would keep all others from being served.
        foreach (var machine in machines.All().Where(m => m.State.HasVmm && m.State.BootId == BootId.Current))
        {
            var handle = new MachineHandle(machine.Id, machine.State.Pid, machine.State.PidStartTime);
            machine.Running = host.Adopt(handle, LogOptions.Bounds(machine.Config), machine.State.Status == MachineStatus.Paused);
        }

        // 2. VMMs that nobody knows, and the kernel's state: TAPs, rules and names of the running ones stay, of all others they go.
        var running = machines.All().Where(m => m.Running is not null).ToList();
        await host.SweepAsync([.. running.Select(m => m.Id)], cancel);
        await networks.StartAsync([.. running.Select(CreateMachine.Identity)], cancel);
        volumes.Restore();
        running.ForEach(holders.Adopt);
        foreach (var machine in running)
        {
            health.Begin(machine, machine.State.StartedAt ?? clock.GetUtcNow(), machine.State.Status == MachineStatus.Paused);
            exits.Watch(machine);
        }

        // 3. Operations that a killed hyprd left half-way: a create or a removal goes, a start is taken back.
        foreach (var machine in machines.All())
        {
            switch (machine.State.Status)
            {
                case MachineStatus.Creating or MachineStatus.Removing:
                    await end.RemoveAsync(machine, force: true, withVolumes: machine.State.Status == MachineStatus.Creating, cancel);
                    break;
                case MachineStatus.Starting or MachineStatus.Restarting:
                    machines.SetState(machine, machine.State with { Status = machine.State.StartedAt is null ? MachineStatus.Created : MachineStatus.Exited, Pid = 0 });
                    break;
                case MachineStatus.Running or MachineStatus.Paused when machine.Running is null:
                    var exit = host.LastExit(machine.Id) ?? Unknown(machine);
                    machines.SetState(machine, machine.State with
                    {
                        Status = MachineStatus.Exited,
                        Pid = 0,
                        ExitCode = exit.Code,
                        OomKilled = exit.OomKilled,
                        Error = exit.Error ?? "",
                        FinishedAt = exit.FinishedAt,
                    });
                    break;
            }
        }

        // 4. Those that were to remove themselves at their end.
        foreach (var machine in machines.All().Where(m => m is { Running: null, Config.AutoRemove: true, State.Status: MachineStatus.Exited }))
        {
            await end.RemoveAsync(machine, force: true, withVolumes: true, cancel);
        }
    }

    /// <summary>
    /// Docker's policies at the daemon's start: <c>always</c> starts even what a person had stopped. A few at a time, while clients are served: a host that comes
    /// up with thirty VMs would be deaf for as long as they boot.
    /// </summary>
    public Task StartByPolicyAsync(CancellationToken cancel)
    {
        var due = machines.All().Where(ShouldStart).ToList();
        var options = new ParallelOptions { MaxDegreeOfParallelism = Math.Max(2, Environment.ProcessorCount), CancellationToken = cancel };
        return Parallel.ForEachAsync(due, options, (machine, stop) => new ValueTask(TryStartAsync(machine, stop)));
    }

    /// <summary>Nobody was there to hear its end: Docker's code for that is 255.</summary>
    private MachineExit Unknown(Machine machine) => new(255, clock.GetUtcNow(), OomKilled: false, machine.State.BootId == BootId.Current
        ? "the exit code is unknown: the VM ended while hyprd was not running"
        : "the exit code is unknown: the host was restarted while the VM ran");

    private static bool ShouldStart(Machine machine) => machine is { Running: null, State: { Status: MachineStatus.Exited } state } && machine.Config.Restart.Name switch
    {
        "always" => true,
        "unless-stopped" => !state.StoppedByHand,
        "on-failure" => !state.StoppedByHand && state.ExitCode != 0 && machine.Config.Restart.Allows(state.RestartCount),
        _ => false,
    };

    private async Task TryStartAsync(Machine machine, CancellationToken cancel)
    {
        await machine.Gate.WaitAsync(cancel);
        try
        {
            // A person may have started or removed it while it waited for its turn.
            if (ShouldStart(machine))
                await start.RunAsync(machine, cancel);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            NotStarted(log, machine.Name, e.Message);
        }
        finally
        {
            machine.Gate.Release();
        }
    }

    [LoggerMessage(LogLevel.Warning, "{Machine} was not started by its restart policy: {Reason}")]
    private static partial void NotStarted(ILogger logger, string machine, string reason);
}
