using System.Globalization;
using Hypr.Engine.Health;
using Hypr.Engine.Volumes;
using Hypr.Machines;
using Hypr.Network;
using Microsoft.Extensions.Logging;

namespace Hypr.Engine.Machines;

/// <summary>What follows when a machine ends, however it came: network down, state stored, waiters told, removed or started again by policy.</summary>
internal sealed partial class MachineExits(
    MachineRegistry machines, INetworkService networks, VolumeHolders volumes, MachineEvents events, HealthMonitor health, TimeProvider clock,
    ILogger<MachineExits> log)
{
    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LongEnough = TimeSpan.FromSeconds(10);

    /// <summary>Set once by the engine: the restart and the removal go through the same use cases as a client's.</summary>
    public Func<Machine, CancellationToken, Task>? Start { get; set; }

    public Func<Machine, Task>? Remove { get; set; }

    public void Watch(Machine machine)
    {
        var running = machine.Running!;
        _ = Task.Run(async () =>
        {
            try
            {
                await EndedAsync(machine, running, await running.Exited);
            }
            catch (Exception e)
            {
                Failed(log, e, machine.Name);
            }
        });
    }

    /// <summary>Takes the gate itself: whoever stops a machine waits for <see cref="Machine.NextExit"/> without holding it.</summary>
    private async Task EndedAsync(Machine machine, IRunningMachine running, MachineExit exit)
    {
        await machine.Gate.WaitAsync();
        TaskCompletionSource<WaitResult> told;
        TimeSpan? restartIn;
        try
        {
            health.End(machine);
            await running.DisposeAsync();
            volumes.Release(machine);
            await networks.DeactivateAsync(machine.Id, CancellationToken.None);
            machine.Running = null;
            restartIn = RestartDelay(machine, exit);
            machines.Happened(machine, machine.State with
            {
                Status = restartIn is null ? MachineStatus.Exited : MachineStatus.Restarting,
                Pid = 0,
                PidStartTime = 0,
                ExitCode = exit.Code,
                Error = exit.Error ?? "",
                OomKilled = exit.OomKilled,
                FinishedAt = exit.FinishedAt,
                RestartCount = restartIn is null ? machine.State.RestartCount : machine.State.RestartCount + 1,
            });
            if (restartIn is not null)
            {
                machine.RestartDelay = new CancellationTokenSource();
            }

            told = machine.NextExit;
            machine.NextExit = Machine.New<WaitResult>();
        }
        finally
        {
            machine.Gate.Release();
        }

        events.Publish(machine, "die", ("exitCode", exit.Code.ToString(CultureInfo.InvariantCulture)));
        told.TrySetResult(new WaitResult(exit.Code, exit.Error));
        if (restartIn is { } delay)
        {
            await RestartAsync(machine, delay);
        }
        else if (machine.Config.AutoRemove)
        {
            await Remove!(machine);
        }
    }

    private async Task RestartAsync(Machine machine, TimeSpan delay)
    {
        try
        {
            await Task.Delay(delay, clock, machine.RestartDelay!.Token);
            await Start!(machine, machine.RestartDelay.Token);
        }
        catch (OperationCanceledException)
        {
            // A person stopped or removed it meanwhile.
        }
        catch (Exception e)
        {
            RestartFailed(log, machine.Name, e.Message);
        }
    }

    /// <summary>Docker's restart manager: 100 ms, doubled at each quick end, at most a minute, from the start again after a run of 10 s.</summary>
    private TimeSpan? RestartDelay(Machine machine, MachineExit exit)
    {
        var policy = machine.Config.Restart;
        var state = machine.State;
        var again = !state.StoppedByHand && policy.Name switch
        {
            "always" or "unless-stopped" => true,
            "on-failure" => exit.Code != 0 && policy.Allows(state.RestartCount),
            _ => false,
        };
        if (!again)
        {
            return null;
        }

        var ranLong = clock.GetUtcNow() - state.StartedAt >= LongEnough;
        var delay = ranLong ? FirstDelay : FirstDelay * Math.Pow(2, Math.Min(state.RestartCount, 16));
        return delay < LongestDelay ? delay : LongestDelay;
    }

    [LoggerMessage(LogLevel.Error, "the end of {Machine} was not cleaned up wholly; the next start of hyprd does it")]
    private static partial void Failed(ILogger logger, Exception error, string machine);

    [LoggerMessage(LogLevel.Warning, "{Machine} could not be started again by its restart policy: {Reason}")]
    private static partial void RestartFailed(ILogger logger, string machine, string reason);
}
