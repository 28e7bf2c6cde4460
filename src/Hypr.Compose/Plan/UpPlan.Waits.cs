using Hypr.Compose.Model;

namespace Hypr.Compose.Plan;

/// <content>What waits for what.</content>
public sealed partial class UpPlan
{
    /// <summary>What must be done before a VM of the service may start.</summary>
    private List<Step> Ready(Service service)
    {
        var result = new List<Step>();
        if (_options.NoStart)
        {
            return result;
        }

        foreach (var d in service.Predecessors.Where(d => _machines.ContainsKey(d.Service)))
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

    private void PlanWait(IReadOnlyList<Service> services)
    {
        var oneShots = _project.Services.SelectMany(s => s.Predecessors).Where(d => d.Condition == "service_completed_successfully").Select(d => d.Service).ToHashSet();
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
