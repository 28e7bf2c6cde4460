using Hypr.Compose.Load;
using Hypr.Compose.Model;

namespace Hypr.Compose.Plan;

/// <summary>What makes of what is there what the project says: the difference only.</summary>
public sealed partial class UpPlan
{
    private readonly ComposeProject _project;
    private readonly Present _present;
    private readonly UpOptions _options;
    private readonly Problems _problems = new();
    private readonly List<Step> _steps = [];
    private readonly List<string> _unchanged = [];
    private readonly List<string> _notes = [];

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
}
