using Hypr.Compose.Model;

namespace Hypr.Compose.Plan;

/// <content>VMs: made, made anew, started, left alone, removed.</content>
public sealed partial class UpPlan
{
    /// <summary>By service: what must have been done before its VMs run; empty: they run.</summary>
    private readonly Dictionary<string, List<(string Machine, Step? Start)>> _machines = [];
    private readonly HashSet<string> _replaced = [];

    /// <summary>By service: the making of its first VM, which those that take volumes from it wait for.</summary>
    private readonly Dictionary<string, Step> _creations = [];

    private readonly Dictionary<string, Step> _removals = [];

    /// <summary>Its stop, where it is up, and its removal; once only. What is given is the last of them.</summary>
    private List<Step> Remove(PresentMachine machine, IReadOnlyList<Step> after)
    {
        if (_removals.TryGetValue(machine.Id, out var known))
        {
            return [known];
        }

        if (machine.IsUp)
        {
            after = [Add(new StopMachine(machine.Name, _options.Timeout) { After = after })];
        }

        var removal = Add(new RemoveMachine(machine.Name, Volumes: false) { After = after });
        _removals[machine.Id] = removal;
        return [removal];
    }

    private void PlanService(Service service)
    {
        var hash = MachineRequest.Hash(_project, service);
        var scale = _options.Scale.TryGetValue(service.Name, out var asked) ? asked : service.Scale;
        var all = _present.Machines.Where(m => m.IsService && m.Service == service.Name).ToList();

        // Those that stay as they are first: scaling down takes the outdated and the youngest.
        var sorted = all.OrderBy(m => IsOutdated(service, m, hash)).ThenBy(m => m.Number).ToList();
        foreach (var surplus in sorted.Skip(scale))
        {
            Remove(surplus, []);
        }

        var ready = Ready(service);
        var made = _machines[service.Name] = [];
        foreach (var machine in sorted.Take(scale))
        {
            made.Add(PlanPresent(service, machine, hash, ready));
        }

        var free = Enumerable.Range(1, int.MaxValue).Where(n => all.All(m => m.Number != n));
        foreach (var number in free.Take(Math.Max(0, scale - all.Count)))
        {
            var name = MachineRequest.NameOf(_project, service, number);
            made.Add((name, Create(service, name, number, hash, [], ready)));
        }

        if (made.Any(m => m.Start is not null) || all.Count != scale)
        {
            _replaced.Add(service.Name);
        }
    }

    private (string Machine, Step? Start) PlanPresent(Service service, PresentMachine machine, string hash, List<Step> ready)
    {
        if (IsOutdated(service, machine, hash))
        {
            // The old one runs until all that the new one needs is there: what fails before that leaves it running.
            var needs = _removals.ContainsKey(machine.Id) ? [] : Needs(service).Concat(ready).ToList();
            var gone = Remove(machine, needs);
            var name = MachineRequest.NameOf(_project, service, machine.Number);
            return (name, Create(service, name, machine.Number, hash, gone, ready, Inherited(machine)));
        }

        if (_options.NoStart)
        {
            return (machine.Name, null);
        }

        if (!machine.IsUp)
        {
            return (machine.Name, Add(new StartMachine(machine.Name) { After = ready }));
        }

        // Docker: restart: true of depends_on takes a VM along with the one that it depends on.
        if (service.Predecessors.Any(d => d.Restart && _replaced.Contains(d.Service)))
        {
            return (machine.Name, Add(new RestartMachine(machine.Name, _options.Timeout) { After = ready }));
        }

        _unchanged.Add(machine.Name);
        return (machine.Name, null);
    }

    private Step? Create(Service service, string name, int number, string hash, IReadOnlyList<Step> after, List<Step> ready, Dictionary<string, string>? inherited = null)
    {
        var create = Add(new CreateMachine(name, service, number, hash) { After = [.. Needs(service).Concat(after).Distinct()], Inherited = inherited ?? [] });
        if (number == 1)
        {
            _creations[service.Name] = create;
        }

        return _options.NoStart ? null : Add(new StartMachine(name) { After = [create, .. ready] });
    }

    private IEnumerable<Step> Needs(Service service)
    {
        if (_pulls.TryGetValue(service.Image!, out var pull))
        {
            yield return pull;
        }

        foreach (var on in service.Networks)
        {
            if (_networks.TryGetValue(_project.Networks[on.Key].Name, out var create))
            {
                yield return create;
            }
        }

        foreach (var mount in service.Volumes)
        {
            if (mount is { Type: "volume", Source: { } source } && _volumes.TryGetValue(source, out var create))
            {
                yield return create;
            }
        }

        foreach (var create in service.VolumeServices.Select(s => _creations.GetValueOrDefault(s)).OfType<Step>())
        {
            yield return create;
        }
    }

    private bool IsOutdated(Service service, PresentMachine machine, string hash)
    {
        if (_options.Recreate == Recreate.Always || machine.State is "dead" or "removing" || machine.Networks.Any(_networksToReplace.Contains))
        {
            return true;
        }

        return _options.Recreate != Recreate.Never
            && (machine.ConfigHash != hash
                || service.VolumeServices.Any(_creations.ContainsKey)
                || (_present.Images.GetValueOrDefault(service.Image!) is { } image && machine.ImageId.Length > 0 && machine.ImageId != image));
    }

    private void PlanOrphans()
    {
        var known = _project.Services.Select(s => s.Name).Concat(_project.InactiveServices).ToHashSet();
        var orphans = _present.Machines.Where(m => m.IsService && !known.Contains(m.Service)).ToList();
        if (orphans.Count == 0)
        {
            return;
        }

        if (!_options.RemoveOrphans)
        {
            _notes.Add($"VMs of services that the file no longer has: {string.Join(", ", orphans.Select(o => o.Name))}. Remove them with --remove-orphans");
            return;
        }

        foreach (var orphan in orphans)
        {
            Remove(orphan, []);
        }
    }
}
