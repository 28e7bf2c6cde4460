using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using Hypr.Api.Client;
using Hypr.Api.Contracts;
using Hypr.Compose.Apply;
using Hypr.Compose.Plan;
using Hypr.Primitives;

namespace Hypr.Cli.Commands.Compose;

/// <summary>
/// <c>up</c> without -d: the logs of the stack's VMs until all have ended, or Ctrl-C, which stops them. Who starts and ends is learnt from
/// the daemon's events, so that a VM that restarts is followed again.
/// </summary>
/// <param name="abort">Stop all when one ends.</param>
/// <param name="codeFrom">The service whose exit code is ours; null: 0.</param>
internal sealed class AttachedStack(Session session, Stack stack, LogView logs, bool timestamps, bool abort, string? codeFrom)
{
    private static readonly TimeSpan LastLines = TimeSpan.FromSeconds(2);

    /// <summary>Events, and null for a Ctrl-C.</summary>
    private readonly BlockingCollection<EventMessage?> _queue = [];
    private readonly Dictionary<string, Follower> _followers = [];
    private readonly HashSet<string> _up = [];
    private int _code;

    private sealed record Follower(PresentMachine Machine, Thread Thread);

    /// <param name="bring">Brings the stack up; its exit code.</param>
    /// <param name="carryOut">Carries out the plan that stops it.</param>
    public int Run(Func<CancellationToken, int> bring, UpOptions options, Func<StackPlan, int> carryOut, int? timeout)
    {
        using var cancel = new CancellationTokenSource();
        using var signals = new Interrupts(
            () =>
            {
                session.Io.WriteError("Gracefully stopping... (press Ctrl+C again to force)");
                cancel.Cancel();
                _queue.Add(null);
            },
            () =>
            {
                Force();
                System.Environment.Exit(130);
            });
        var begun = session.Now;
        ListenToEvents();
        int code = bring(cancel.Token);
        if (signals.Any)
            return Stop(carryOut, timeout, 130);
        if (code != 0)
            return code;
        Attach(options, begun);
        bool interrupted = Follow();
        if (interrupted)
            return Stop(carryOut, timeout, 130);
        return abort && _up.Count > 0 ? Stop(carryOut, timeout, _code) : _code;
    }

    private void ListenToEvents()
    {
        var answer = session.Api.Send("GET", new Query("events").AddFilters(
        [
            KeyValuePair.Create("type", "container"),
            KeyValuePair.Create("label", $"{StackLabels.Project}={stack.Name}"),
        ]));
        new Thread(() =>
        {
            try
            {
                foreach (var line in answer.JsonLines())
                    _queue.Add(line.Deserialize(HyprJson.Wire.EventMessage)!);
            }
            catch (Exception e) when (e is IOException or JsonException or ObjectDisposedException)
            {
                session.Fail($"the daemon's events have ended: {e.Message}. The VMs go on; see hypr compose ps");
            }
            _queue.CompleteAdding();
        })
        { IsBackground = true, Name = "events" }.Start();
    }

    /// <summary>Follows every VM of the services from the moment up began: what it wrote meanwhile, or before it ended already, is shown.</summary>
    private void Attach(UpOptions options, DateTimeOffset begun)
    {
        var all = stack.Machines([]);
        var chosen = options.Services.Count == 0 ? all : [.. all.Where(m => options.Services.Contains(m.Service))];
        logs.Announce(chosen.Select(Short));
        if (chosen.Count > 0)
            logs.Say($"Attaching to {string.Join(", ", chosen.Select(Short))}");
        foreach (var machine in chosen)
        {
            Follow(machine, begun);
            if (machine.IsUp)
                _up.Add(machine.Id);
            else
                Ended(machine);
        }
    }

    /// <summary>True when Ctrl-C ended it; else all VMs have ended, or one and that was to end all.</summary>
    private bool Follow()
    {
        while (_up.Count > 0 && _queue.TryTake(out var happened, Timeout.Infinite))
        {
            if (happened is null)
                return true;
            if (!_followers.TryGetValue(happened.Actor.Id, out var follower))
                continue;
            if (happened.Action == "start" && !follower.Thread.IsAlive)
            {
                _up.Add(follower.Machine.Id);
                Follow(follower.Machine, DateTimeOffset.FromUnixTimeMilliseconds(happened.TimeNano / 1_000_000));
            }
            else if (happened.Action == "die" && _up.Contains(follower.Machine.Id) && Ended(follower.Machine) && abort)
                return false;
        }
        return false;
    }

    /// <summary>Tells that it has ended; false when it is about to start again.</summary>
    private bool Ended(PresentMachine machine)
    {
        // What it wrote last is shown before its end is told.
        _followers[machine.Id].Thread.Join(LastLines);
        ContainerState state;
        try
        {
            state = stack.Reader.Inspect(machine.Id).State;
        }
        catch (HyprException e) when (e.Kind == ErrorKind.NotFound)
        {
            _up.Remove(machine.Id);
            return true;
        }
        logs.Say($"{Short(machine)} exited with code {state.ExitCode.ToString(CultureInfo.InvariantCulture)}{(state.Running || state.Restarting ? " (restarting)" : "")}");
        if (state.Running || state.Restarting)
            return false;
        _up.Remove(machine.Id);
        if (codeFrom is null ? abort && _code == 0 : machine.Service == codeFrom)
            _code = state.ExitCode;
        return true;
    }

    private void Follow(PresentMachine machine, DateTimeOffset since)
    {
        var thread = new Thread(() => LogsCommand.Copy(session, logs, machine, Short(machine), new Query("containers", machine.Id, "logs")
            .Add("stdout", true)
            .Add("stderr", true)
            .Add("follow", true)
            .Add("timestamps", timestamps)
            .Add("since", Output.Durations.Moment("--since", since.ToString("O", CultureInfo.InvariantCulture), session.Now))))
        { IsBackground = true, Name = machine.Name };
        _followers[machine.Id] = new Follower(machine, thread);
        thread.Start();
    }

    /// <summary>What was not asked for stays; what others depend on ends last.</summary>
    private int Stop(Func<StackPlan, int> carryOut, int? timeout, int code)
    {
        var followed = _followers.Keys.ToHashSet();
        var machines = stack.Machines([]).Where(m => followed.Count == 0 || followed.Contains(m.Id)).ToList();
        int stopped = carryOut(LifePlans.Stop(machines, timeout));
        foreach (var follower in _followers.Values)
            follower.Thread.Join(LastLines);
        return stopped == 0 ? code : stopped;
    }

    /// <summary>The second Ctrl-C.</summary>
    private void Force()
    {
        foreach (var machine in stack.Machines([]).Where(m => m.IsUp))
        {
            try
            {
                session.Api.Post(new Query("containers", machine.Id, "kill"));
            }
            catch (Exception e) when (e is HyprException or IOException)
            {
                // It has ended by itself meanwhile, or the daemon has gone: there is nothing left to force.
            }
        }
    }

    private string Short(PresentMachine machine) => LogsCommand.Short(stack.Name, machine.Name);
}
