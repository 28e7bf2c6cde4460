using Hypr.Compose.Model;

namespace Hypr.Compose.Plan;

/// <content>Networks: made, made anew with every VM on them, or used as they are.</content>
public sealed partial class UpPlan
{
    private readonly Dictionary<string, Step> _networks = [];
    private readonly HashSet<string> _networksToReplace = [];

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
}
