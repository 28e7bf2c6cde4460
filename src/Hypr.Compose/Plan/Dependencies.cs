using Hypr.Compose.Model;

namespace Hypr.Compose.Plan;

/// <summary>Who starts after whom.</summary>
public static class Dependencies
{
    /// <summary>The named services with all that they depend on, in an order in which each comes after those; no names: all.</summary>
    /// <param name="alone">Only the named ones.</param>
    public static IReadOnlyList<Service> InOrder(ComposeProject project, IReadOnlyCollection<string> names, bool alone = false)
    {
        var byName = project.Services.ToDictionary(s => s.Name);
        var result = new List<Service>();
        var seen = new HashSet<string>();
        foreach (var service in project.Services.Where(s => names.Count == 0 || names.Contains(s.Name)))
        {
            Visit(service);
        }

        return result;

        void Visit(Service service)
        {
            if (!seen.Add(service.Name))
            {
                return;
            }

            foreach (var d in service.Predecessors.Where(d => byName.ContainsKey(d.Service) && (!alone || names.Contains(d.Service))))
            {
                Visit(byName[d.Service]);
            }

            result.Add(service);
        }
    }

    /// <summary>VMs in an order in which each comes after those that its labels say it depends on. A circle, which no compose file makes, is cut somewhere.</summary>
    public static IReadOnlyList<PresentMachine> InOrder(IReadOnlyList<PresentMachine> machines)
    {
        var result = new List<PresentMachine>();
        var seen = new HashSet<PresentMachine>(ReferenceEqualityComparer.Instance);
        foreach (var machine in machines.OrderBy(m => m.Name, StringComparer.Ordinal))
        {
            Visit(machine);
        }

        return result;

        void Visit(PresentMachine machine)
        {
            if (!seen.Add(machine))
            {
                return;
            }

            foreach (var other in machines.Where(m => m.IsService && machine.DependsOn.Any(d => d.Service == m.Service)))
            {
                Visit(other);
            }

            result.Add(machine);
        }
    }
}
