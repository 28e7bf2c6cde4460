namespace Hypr.Compose.Plan;

/// <summary>Plans for what is there already, from its labels alone: no compose file is needed.</summary>
public static class LifePlans
{
    /// <summary>Removes VMs, those first that others do not depend on, then the networks.</summary>
    /// <param name="services">The services of the file; VMs of others stay. Null: everything of the stack goes.</param>
    /// <param name="volumes">Names of named volumes that go too.</param>
    public static StackPlan Down(Present present, string project, IReadOnlySet<string>? services, IReadOnlyList<string> volumes, bool anonymous, int? timeout)
    {
        var going = present.Machines.Where(m => services is null || !m.IsService || services.Contains(m.Service)).ToList();
        var staying = present.Machines.Except(going).ToList();
        var steps = new List<Step>();
        var removals = Removals(steps, going, anonymous, timeout).ToDictionary(r => r.Machine.Name, r => (Step)r.Removal);
        var notes = new List<string>();
        if (staying.Count > 0)
        {
            notes.Add($"VMs of services that the file no longer has stay: {string.Join(", ", staying.Select(o => o.Name))}. Remove them with --remove-orphans");
        }

        foreach (var network in present.Networks.Where(n => n.Project == project))
        {
            if (staying.Any(m => m.Networks.Contains(network.Name)))
            {
                notes.Add($"the network {network.Name} stays: it is in use");
                continue;
            }

            steps.Add(new RemoveNetwork(network.Id, network.Name) { After = [.. going.Where(m => m.Networks.Contains(network.Name)).Select(m => removals[m.Name])] });
        }

        steps.AddRange(volumes.Select(v => new RemoveVolume(v) { After = [.. removals.Values] }));
        return new StackPlan(steps) { Notes = notes };
    }

    /// <summary>Those that nothing depends on first.</summary>
    public static StackPlan Stop(IReadOnlyList<PresentMachine> machines, int? timeout)
    {
        var steps = new List<Step>();
        Stops(steps, [.. machines.Where(m => m.IsUp)], timeout);
        return new StackPlan(steps);
    }

    /// <param name="stop">Those that run are stopped first; else they are left alone.</param>
    public static StackPlan Remove(IReadOnlyList<PresentMachine> machines, bool stop, bool anonymous, int? timeout)
    {
        var steps = new List<Step>();
        _ = Removals(steps, [.. machines.Where(m => stop || !m.IsUp)], anonymous, timeout);
        return new StackPlan(steps) { Notes = machines.All(m => !stop && m.IsUp) ? ["no stopped VMs"] : [] };
    }

    /// <summary>Each after what it depends on, as its label says.</summary>
    public static StackPlan Start(IReadOnlyList<PresentMachine> machines)
    {
        var steps = new List<Step>();
        var starts = new Dictionary<PresentMachine, Step>(ReferenceEqualityComparer.Instance);
        foreach (var machine in Dependencies.InOrder(machines))
        {
            var after = new List<Step>();
            foreach (var d in machine.DependsOn)
            {
                foreach (var other in machines.Where(m => m.IsService && m.Service == d.Service && m != machine))
                {
                    var start = starts.GetValueOrDefault(other);
                    if (d.Condition == "service_started")
                    {
                        after.AddRange(start is null ? [] : [start]);
                        continue;
                    }

                    var wait = steps.OfType<Await>().FirstOrDefault(a => a.Name == other.Name && a.Condition == d.Condition);
                    if (wait is null)
                    {
                        steps.Add(wait = new Await(other.Name, d.Condition, Required: true, new Load.Location(machine.Name, 0, 0)) { After = start is null ? [] : [start] });
                    }

                    after.Add(wait);
                }
            }

            if (!machine.IsUp)
            {
                steps.Add(starts[machine] = new StartMachine(machine.Name) { After = after });
            }
        }

        return new StackPlan(steps);
    }

    /// <summary>Each after what it depends on.</summary>
    public static StackPlan Restart(IReadOnlyList<PresentMachine> machines, int? timeout)
    {
        var steps = new Dictionary<PresentMachine, Step>(ReferenceEqualityComparer.Instance);
        foreach (var machine in Dependencies.InOrder(machines))
        {
            steps[machine] = new RestartMachine(machine.Name, timeout)
            {
                After = [.. machines.Where(m => m.IsService && machine.DependsOn.Any(d => d.Service == m.Service)).Select(m => steps.GetValueOrDefault(m)).OfType<Step>()],
            };
        }

        return new StackPlan([.. steps.Values]);
    }

    public static StackPlan Kill(IReadOnlyList<PresentMachine> machines, string? signal) =>
        new([.. machines.Where(m => m.IsUp).Select(m => new KillMachine(m.Name, signal))]);

    public static StackPlan Pause(IReadOnlyList<PresentMachine> machines) =>
        new([.. machines.Where(m => m.State == "running").Select(m => new PauseMachine(m.Name, Unpause: false))]);

    public static StackPlan Unpause(IReadOnlyList<PresentMachine> machines) =>
        new([.. machines.Where(m => m.State == "paused").Select(m => new PauseMachine(m.Name, Unpause: true))]);

    private static List<(PresentMachine Machine, RemoveMachine Removal)> Removals(List<Step> steps, List<PresentMachine> machines, bool anonymous, int? timeout)
    {
        var stops = Stops(steps, machines, timeout);
        var removals = machines.Select(m => (m, new RemoveMachine(m.Name, anonymous) { After = stops.TryGetValue(m, out var stop) ? [stop] : [] })).ToList();
        steps.AddRange(removals.Select(r => r.Item2));
        return removals;
    }

    private static Dictionary<PresentMachine, Step> Stops(List<Step> steps, List<PresentMachine> machines, int? timeout)
    {
        var stops = new Dictionary<PresentMachine, Step>(ReferenceEqualityComparer.Instance);
        foreach (var machine in Dependencies.InOrder(machines).Reverse())
        {
            if (!machine.IsUp)
            {
                continue;
            }

            var dependents = machine.IsService ? machines.Where(m => m.DependsOn.Any(d => d.Service == machine.Service)) : [];
            stops[machine] = new StopMachine(machine.Name, timeout) { After = [.. dependents.Select(m => stops.GetValueOrDefault(m)).OfType<Step>()] };
        }

        steps.AddRange(stops.Values);
        return stops;
    }
}
