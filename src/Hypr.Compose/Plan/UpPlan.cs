using Hypr.Compose.Load;
using Hypr.Compose.Model;

namespace Hypr.Compose.Plan;

public enum Recreate
{
    /// <summary>Where the configuration or the image differs.</summary>
    Changed,
    Always,
    Never,
}

public sealed record UpOptions
{
    /// <summary>With what they depend on; empty: all.</summary>
    public IReadOnlyList<string> Services { get; init; } = [];

    /// <summary>Without what they depend on.</summary>
    public bool Alone { get; init; }
    public Recreate Recreate { get; init; }
    public bool RemoveOrphans { get; init; }

    /// <summary>Over the file's number, by service.</summary>
    public IReadOnlyDictionary<string, int> Scale { get; init; } = new Dictionary<string, int>();

    /// <summary>Only create.</summary>
    public bool NoStart { get; init; }

    /// <summary><c>always</c>, <c>missing</c>, <c>never</c> over every service's own.</summary>
    public string? Pull { get; init; }

    /// <summary>Done when every VM runs, and is healthy where it has a check.</summary>
    public bool Wait { get; init; }

    /// <summary>Seconds for a VM that is replaced or removed; null: its own.</summary>
    public int? Timeout { get; init; }
}

/// <summary>What makes of what is there what the project says: the difference only.</summary>
public sealed class UpPlan
{
    private readonly ComposeProject _project;
    private readonly Present _present;
    private readonly UpOptions _options;
    private readonly Problems _problems = new();
    private readonly List<Step> _steps = [];
    private readonly List<string> _unchanged = [];
    private readonly List<string> _notes = [];
    private readonly Dictionary<string, Step> _networks = [];
    private readonly Dictionary<string, Step> _pulls = [];
    private readonly Dictionary<string, Step> _volumes = [];

    /// <summary>By service: what must have been done before its VMs run; empty: they run.</summary>
    private readonly Dictionary<string, List<(string Machine, Step? Start)>> _machines = [];
    private readonly HashSet<string> _replaced = [];
    private readonly HashSet<string> _networksToReplace = [];

    private UpPlan(ComposeProject project, Present present, UpOptions options)
    {
        _project = project;
        _present = present;
        _options = options;
    }

    /// <exception cref="ComposeException">The project cannot be brought up; nothing is to be done.</exception>
    public static StackPlan Of(ComposeProject project, Present present, UpOptions options) => new UpPlan(project, present, options).Run();

    /// <summary>What a one-off VM of the service needs before it is made: its image, its networks, and what its service depends on, as it is or begun.</summary>
    /// <param name="needed">Those of the services that it depends on that are to run.</param>
    /// <exception cref="ComposeException">The project cannot be brought up so far.</exception>
    public static StackPlan ForOneOff(ComposeProject project, Present present, Service service, IReadOnlyList<string> needed) =>
        new UpPlan(project, present, new UpOptions { Services = needed, Recreate = Recreate.Never }).RunForOneOff(service);

    private StackPlan RunForOneOff(Service service)
    {
        IReadOnlyList<Service> below = _options.Services.Count == 0 ? [] : Dependencies.InOrder(_project, _options.Services);
        IReadOnlyList<Service> all = [.. below, service];
        Check(all);
        PlanPulls(all);
        PlanNetworks(all);
        PlanVolumes(all);
        foreach (var needed in below)
        {
            PlanService(needed);
        }

        _ = Ready(service);
        return new StackPlan(_steps) { Unchanged = _unchanged, Warnings = _problems.Warnings, Notes = _notes };
    }

    private StackPlan Run()
    {
        // 1. Which services, and whether they can be at all.
        var services = Dependencies.InOrder(_project, _options.Services, _options.Alone);
        foreach (var name in _options.Services.Concat(_options.Scale.Keys).Where(n => _project.Services.All(s => s.Name != n)))
        {
            _problems.Error(new Location(_project.Files[0], 0, 0), _project.InactiveServices.Contains(name)
                ? $"the service {name} is of a profile that is not active: give --profile"
                : $"no such service: {name}. There are: {string.Join(", ", _project.Services.Select(s => s.Name))}");
        }

        Check(services);

        // 2. What the VMs need; 3. the VMs, each after what its service depends on; 4. what is no longer of the stack.
        PlanPulls(services);
        PlanNetworks(services);
        PlanVolumes(services);
        foreach (var service in services)
        {
            PlanService(service);
        }

        PlanOrphans();
        if (_options.Wait && !_options.NoStart)
        {
            PlanWait(services);
        }

        return new StackPlan(_steps) { Unchanged = _unchanged, Warnings = _problems.Warnings, Notes = _notes };
    }

    private void Check(IReadOnlyList<Service> services)
    {
        Support.Check(services, _problems);
        foreach (var service in services.Where(s => _options.Scale.TryGetValue(s.Name, out var scale) && scale > 1))
        {
            Support.CheckSeveral(service, _options.Scale[service.Name], _problems);
        }

        foreach (var service in services)
        {
            FileRequest.Check(_project, service, _problems);
        }

        CheckNetworks(services);
        CheckVolumes(services);
        CheckImages(services);
        _problems.ThrowIfAny();
    }

    private T Add<T>(T step)
        where T : Step
    {
        _steps.Add(step);
        return step;
    }

    private IEnumerable<Network> NetworksOf(IEnumerable<Service> services) =>
        services.SelectMany(s => s.Networks).Select(n => n.Key).Distinct().Select(k => _project.Networks[k]);

    private void CheckNetworks(IReadOnlyList<Service> services)
    {
        foreach (var network in NetworksOf(services))
        {
            var there = _present.Networks.FirstOrDefault(n => n.Name == network.Name);
            if (network.External && there is null)
            {
                _problems.Error(network.At, $"the network {network.Name} is external and is not there. Make it: hypr network create {network.Name}");
            }
            else if (!network.External && there is not null && there.Project != _project.Name)
            {
                _problems.Warn(network.At, there.Project.Length == 0
                    ? $"the network {network.Name} is there and of no stack; it is used as it is. Say external: true if that is meant"
                    : $"the network {network.Name} is of the stack {there.Project}; it is used as it is. Say external: true if that is meant");
            }
        }
    }

    private void CheckImages(IReadOnlyList<Service> services)
    {
        foreach (var service in services.Where(s => PolicyOf(s) == "never" && !IsThere(s)))
        {
            _problems.Error(service.Place("image"), $"the image {service.Image} of {service.Name} is not there, and is never to be pulled. Load it: hypr load, or hypr pull {service.Image}");
        }
    }

    private IEnumerable<Volume> VolumesOf(IEnumerable<Service> services) => services.SelectMany(s => s.Volumes)
        .Where(v => v is { Type: "volume", Source: not null }).Select(v => v.Source!).Distinct().Select(k => _project.Volumes[k]);

    private void CheckVolumes(IReadOnlyList<Service> services)
    {
        foreach (var volume in VolumesOf(services))
        {
            var there = _present.Volumes.FirstOrDefault(v => v.Name == volume.Name);
            if (volume.External && there is null)
            {
                _problems.Error(volume.At, $"the volume {volume.Name} is external and is not there. Make it: hypr volume create {volume.Name}");
            }
            else if (!volume.External && there is not null && there.Project != _project.Name)
            {
                _problems.Warn(volume.At, there.Project.Length == 0
                    ? $"the volume {volume.Name} is there and of no stack; it is used as it is. Say external: true if that is meant"
                    : $"the volume {volume.Name} is of the stack {there.Project}; it is used as it is. Say external: true if that is meant");
            }
            else if (!volume.External && there is { ConfigHash.Length: > 0 } && there.ConfigHash != VolumeRequest.Hash(volume))
            {
                _problems.Warn(volume.At,
                    $"the volume {volume.Name} is not as the file has it now; it is used as it is, with what is in it. To have it made anew: hypr compose down, hypr volume rm {volume.Name}");
            }
        }
    }

    private void PlanVolumes(IReadOnlyList<Service> services)
    {
        foreach (var volume in VolumesOf(services).Where(v => !v.External && _present.Volumes.All(p => p.Name != v.Name)))
        {
            _volumes[volume.Key] = Add(new CreateVolume(volume, VolumeRequest.Hash(volume)));
        }
    }

    /// <summary>What a VM has in volumes of its own, for the one that takes its place.</summary>
    private Dictionary<string, string> Inherited(PresentMachine machine) => machine.Volumes
        .Where(v => _present.Volumes.Any(p => p.Name == v.Value && p.Anonymous)).ToDictionary();

    private string PolicyOf(Service service) => PullPlan.Policy(service, _options.Pull);

    private bool IsThere(Service service) => service.Image is null || _present.Images.GetValueOrDefault(service.Image) is not null;

    private void PlanPulls(IReadOnlyList<Service> services)
    {
        foreach (var service in services.Where(s => PolicyOf(s) != "never" && !IsThere(s)))
        {
            if (!_pulls.ContainsKey(service.Image!))
            {
                _pulls[service.Image!] = Add(new Pull(service.Image!, service.Platform, service.Place("image")));
            }
        }
    }

    private void PlanNetworks(IReadOnlyList<Service> services)
    {
        foreach (var network in NetworksOf(services).Where(n => !n.External))
        {
            var hash = NetworkRequest.Hash(network);
            var there = _present.Networks.FirstOrDefault(n => n.Name == network.Name);
            if (there is null)
            {
                _networks[network.Name] = Add(new CreateNetwork(network, hash));
            }
            else if (there.Project == _project.Name && there.ConfigHash.Length > 0 && there.ConfigHash != hash && _options.Recreate != Recreate.Never)
            {
                // Its addresses are those of its VMs: they go first and are made anew.
                var gone = _present.Machines.Where(m => m.Networks.Contains(network.Name)).SelectMany(m => Remove(m, [])).ToList();
                var removed = Add(new RemoveNetwork(there.Id, there.Name) { After = gone });
                _networks[network.Name] = Add(new CreateNetwork(network, hash) { After = [removed] });
                _networksToReplace.Add(network.Name);
            }
        }
    }

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
        if (Dependencies.Of(service).Any(d => d.Restart && _replaced.Contains(d.Service)))
        {
            return (machine.Name, Add(new RestartMachine(machine.Name, _options.Timeout) { After = ready }));
        }

        _unchanged.Add(machine.Name);
        return (machine.Name, null);
    }

    private Step? Create(Service service, string name, int number, string hash, IReadOnlyList<Step> after, List<Step> ready, Dictionary<string, string>? inherited = null)
    {
        var create = Add(new CreateMachine(name, service, number, hash) { After = [.. Needs(service).Concat(after).Distinct()], Inherited = inherited ?? [] });
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
    }

    private bool IsOutdated(Service service, PresentMachine machine, string hash)
    {
        if (_options.Recreate == Recreate.Always || machine.State is "dead" or "removing" || machine.Networks.Any(_networksToReplace.Contains))
        {
            return true;
        }

        return _options.Recreate != Recreate.Never
            && (machine.ConfigHash != hash
                || (_present.Images.GetValueOrDefault(service.Image!) is { } image && machine.ImageId.Length > 0 && machine.ImageId != image));
    }

    /// <summary>What must be done before a VM of the service may start.</summary>
    private List<Step> Ready(Service service)
    {
        var result = new List<Step>();
        if (_options.NoStart)
        {
            return result;
        }

        foreach (var d in Dependencies.Of(service).Where(d => _machines.ContainsKey(d.Service)))
        {
            foreach (var (machine, start) in _machines[d.Service])
            {
                if (d.Condition == "service_started")
                {
                    if (start is not null)
                    {
                        result.Add(d.Required ? start : Once(new Await(machine, Await.RunningOrHealthy, false, d.At), start));
                    }
                }
                else
                {
                    result.Add(Once(new Await(machine, d.Condition, d.Required, d.At), start));
                }
            }
        }

        return result;
    }

    /// <summary>Several may wait for the same: it is asked once.</summary>
    private Step Once(Await wait, Step? after)
    {
        var known = _steps.OfType<Await>().FirstOrDefault(a => a.Name == wait.Name && a.Condition == wait.Condition && a.Required == wait.Required);
        return known ?? Add(wait with { After = after is null ? [] : [after] });
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

    private void PlanWait(IReadOnlyList<Service> services)
    {
        var oneShots = _project.Services.SelectMany(Dependencies.Of).Where(d => d.Condition == "service_completed_successfully").Select(d => d.Service).ToHashSet();
        foreach (var service in services)
        {
            foreach (var (machine, start) in _machines[service.Name])
            {
                var condition = oneShots.Contains(service.Name) ? "service_completed_successfully" : Await.RunningOrHealthy;
                Once(new Await(machine, condition, Required: true, service.At), start);
            }
        }
    }
}
