using Hypr.Engine.Machines;
using Hypr.Images;
using Hypr.Machines;
using Hypr.Primitives;
using Microsoft.Extensions.Logging;

namespace Hypr.Engine.Health;

/// <summary>
/// Runs the health checks of all machines, each in a loop of its own, as execs that everybody else can make too. What a guest does with one is its own affair: it
/// is killed at its time-out, its output is bounded, and one that does not end even then holds up the next.
/// </summary>
internal sealed partial class HealthMonitor(IImageService images, Execs execs, MachineEvents events, TimeProvider clock, ILogger<HealthMonitor> log)
{
    private static readonly TimeSpan KillPatience = TimeSpan.FromSeconds(10);

    /// <summary>The machine's process is there (or found again); called before anybody can see that it runs.</summary>
    public void Begin(Machine machine, DateTimeOffset startedAt, bool isPaused = false)
    {
        var check = CheckOf(machine);
        machine.Health.Reset(check is not null);
        if (check is not null && !isPaused)
        {
            _ = WatchAsync(machine, check, startedAt, machine.Health.Watch());
        }
    }

    /// <summary>Before a pause: a frozen check cannot answer in time.</summary>
    public void Pause(Machine machine) => machine.Health.EndWatch();

    /// <summary>After it: what was known still holds.</summary>
    public void Resume(Machine machine)
    {
        if (CheckOf(machine) is { } check)
        {
            _ = WatchAsync(machine, check, machine.State.StartedAt ?? clock.GetUtcNow(), machine.Health.Watch());
        }
    }

    public void End(Machine machine) => machine.Health.MachineEnded();

    private HealthCheck? CheckOf(Machine machine) => HealthRules.Of(machine.Config.Healthcheck, ImageOf(machine).Healthcheck);

    private ImageConfig ImageOf(Machine machine) => images.Find(machine.ImageId)?.Config ?? new ImageConfig();

    private async Task WatchAsync(Machine machine, HealthCheck check, DateTimeOffset startedAt, CancellationToken ended)
    {
        try
        {
            var lastEnded = Task.CompletedTask;
            while (true)
            {
                var status = machine.Health.State?.Status ?? HealthStatus.Starting;
                await Task.Delay(HealthRules.Pause(check, status, clock.GetUtcNow() - startedAt), clock, ended);
                ProbeResult result;
                if (lastEnded.IsCompleted)
                {
                    (result, lastEnded) = await ProbeAsync(machine, check, ended);
                }
                else
                {
                    var now = clock.GetUtcNow();
                    result = new ProbeResult(now, now, -1, "the check before this one was killed at its time-out and has not ended yet");
                }

                Take(machine, check, result, startedAt, ended);
            }
        }
        catch (OperationCanceledException)
        {
            // The machine ended or is paused.
        }
        catch (Exception e)
        {
            Failed(log, e, machine.Name);
        }
    }

    private void Take(Machine machine, HealthCheck check, ProbeResult result, DateTimeOffset startedAt, CancellationToken ended)
    {
        if (machine.Health.Change(ended, before => HealthRules.Next(before, check, result, result.Start - startedAt)) is not var (before, after) || before == after)
        {
            return;
        }

        events.Publish(machine, $"health_status: {(after == HealthStatus.Healthy ? "healthy" : "unhealthy")}");
    }

    /// <summary>
    /// The result, and when the process has really ended. Until it runs its time-out does not: starting an exec takes what the guest's load makes of it (Docker).
    /// </summary>
    private async Task<(ProbeResult Result, Task Ended)> ProbeAsync(Machine machine, HealthCheck check, CancellationToken ended)
    {
        var start = clock.GetUtcNow();
        var output = new ProbeOutput();
        try
        {
            var starting = StartAsync(machine, check);
            IGuestSession session;
            try
            {
                session = await starting.WaitAsync(ended);
            }
            catch (OperationCanceledException)
            {
                _ = EndAsync(starting);
                throw;
            }

            var timeout = HealthRules.Timeout(check);
            using var timer = new CancellationTokenSource(timeout, clock);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(ended, timer.Token);
            try
            {
                var reading = Task.WhenAll(output.ReadAsync(session.Stdout), output.ReadAsync(session.Stderr));
                var code = await session.ExitCode.WaitAsync(either.Token);
                await reading;
                await session.DisposeAsync();
                return (Result(code, output.ToString()), Task.CompletedTask);
            }
            catch (OperationCanceledException)
            {
                var ending = EndAsync(starting);
                ended.ThrowIfCancellationRequested();
                var said = output.ToString();
                return (Result(-1, $"Health check exceeded timeout ({HealthRules.Words(timeout)}){(said.Length > 0 ? ": " + said : "")}"), ending);
            }
        }
        catch (Exception e) when (e is HyprException or IOException)
        {
            return (Result(-1, e.Message), Task.CompletedTask);
        }

        ProbeResult Result(int code, string text) => new(start, clock.GetUtcNow(), code, ProbeOutput.Bounded(text));
    }

    private Task<IGuestSession> StartAsync(Machine machine, HealthCheck check)
    {
        var image = ImageOf(machine);
        var id = execs.Create(machine, new ExecConfig { Cmd = HealthRules.Command(check, image.Shell), AttachStdout = true, AttachStderr = true });

        // Not to be cancelled: nobody would know the process that the guest starts all the same.
        return execs.StartAsync(id, image, tty: false, 0, 0, CancellationToken.None);
    }

    /// <summary>Kills it, lets go of its streams, and completes when it is gone, or the connection to the guest.</summary>
    private static async Task EndAsync(Task<IGuestSession> starting)
    {
        try
        {
            await using var session = await starting;
            using var patience = new CancellationTokenSource(KillPatience);
            await session.SignalAsync(Signals.Kill, patience.Token);
            await session.Stdout.DisposeAsync();
            await session.Stderr.DisposeAsync();
            await session.ExitCode;
        }
        catch (Exception e) when (e is HyprException or IOException or OperationCanceledException or ObjectDisposedException)
        {
            // It ended by itself, or the guest does not answer: the next check will tell.
        }
    }

    [LoggerMessage(LogLevel.Error, "the health of {Machine} is not watched any more")]
    private static partial void Failed(ILogger logger, Exception error, string machine);
}
