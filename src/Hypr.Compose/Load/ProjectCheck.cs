using System.Net;
using Hypr.Compose.Model;

namespace Hypr.Compose.Load;

/// <summary>What only the whole project can tell: unknown names, cycles, addresses outside their subnets, two services on one port or name.</summary>
internal static class ProjectCheck
{
    public static void Run(ComposeProject project, Problems problems)
    {
        foreach (var service in project.Services)
        {
            Names(project, service, problems);
            Addresses(project, service, problems);
            if (service.Image is null && !service.HasBuild)
            {
                problems.Error(service.At, $"the service {service.Name} has no image");
            }

            if (service is { ContainerName: { } fixedName, Scale: > 1 })
            {
                problems.Error(service.At, $"the service {service.Name} has {service.Scale} replicas and one name, {fixedName}: leave container_name out");
            }
        }

        Ports(project, problems);
        Cycles(project, problems);
    }

    private static void Names(ComposeProject project, Service service, Problems problems)
    {
        var services = project.Services.Select(s => s.Name).ToHashSet();
        foreach (var d in service.DependsOn.Where(d => d.Required && !services.Contains(d.Service)))
        {
            problems.Error(d.At, project.InactiveServices.Contains(d.Service)
                ? $"{service.Name} depends on {d.Service}, whose profile is not active: give --profile, or required: false"
                : $"{service.Name} depends on {d.Service}, which is no service. There are: {string.Join(", ", services.Order())}");
        }

        foreach (var link in service.Links.Select(l => l.Split(':')[0]).Where(l => !services.Contains(l)))
        {
            problems.Error(service.At, $"{service.Name} links to {link}, which is no service");
        }

        foreach (var from in service.VolumeServices.Where(f => !services.Contains(f)))
        {
            problems.Error(service.Place("volumes_from"), $"{service.Name} takes volumes from {from}, which is no service; one that is not of the stack is container:{from}");
        }

        foreach (var n in service.Networks.Where(n => !project.Networks.ContainsKey(n.Key)))
        {
            problems.Error(n.At, $"{service.Name} is on the network {n.Key}, which is not under networks. {Known(project.Networks.Keys)}");
        }

        foreach (var v in service.Volumes.Where(v => v is { Type: "volume", Source: { } source } && !project.Volumes.ContainsKey(source)))
        {
            problems.Error(v.At, $"{service.Name} uses the volume {v.Source}, which is not under volumes. {Known(project.Volumes.Keys)}");
        }

        foreach (var c in service.Configs.Where(c => !project.Configs.ContainsKey(c.Source)))
        {
            problems.Error(c.At, $"{service.Name} uses the config {c.Source}, which is not under configs. {Known(project.Configs.Keys)}");
        }

        foreach (var c in service.Secrets.Where(c => !project.Secrets.ContainsKey(c.Source)))
        {
            problems.Error(c.At, $"{service.Name} uses the secret {c.Source}, which is not under secrets. {Known(project.Secrets.Keys)}");
        }
    }

    private static void Addresses(ComposeProject project, Service service, Problems problems)
    {
        foreach (var n in service.Networks)
        {
            if (!project.Networks.TryGetValue(n.Key, out var network))
            {
                continue;
            }

            foreach (var text in new[] { n.IPv4Address, n.IPv6Address }.OfType<string>())
            {
                if (!IPAddress.TryParse(text, out var address))
                {
                    problems.Error(n.At, $"{service.Name}: {text} is no IP address");
                    continue;
                }

                if (service.Scale > 1)
                {
                    problems.Error(n.At, $"{service.Name} has {service.Scale} replicas and one address, {text}");
                }

                var subnets = network.Subnets.Select(s => IPNetwork.TryParse(s.Cidr, out var cidr) ? cidr : (IPNetwork?)null).OfType<IPNetwork>()
                    .Where(s => s.BaseAddress.AddressFamily == address.AddressFamily).ToList();
                if (subnets.Count > 0 && !subnets.Any(s => s.Contains(address)))
                {
                    problems.Error(n.At, $"{service.Name}: {text} is outside the subnet {string.Join(", ", subnets)} of the network {n.Key}");
                }
            }
        }
    }

    private static void Ports(ComposeProject project, Problems problems)
    {
        var taken = new Dictionary<(string Protocol, string Published), List<(string Service, string Ip)>>();
        foreach (var (service, port) in project.Services.SelectMany(s => s.Ports, (s, p) => (s, p)).Where(p => p.p.Published.Length > 0 && !p.p.Published.Contains('-')))
        {
            var ip = port.HostIp is null or "0.0.0.0" or "::" ? "" : port.HostIp;
            var holders = taken.TryGetValue((port.Protocol, port.Published), out var known) ? known : taken[(port.Protocol, port.Published)] = [];
            if (holders.FirstOrDefault(h => h.Ip == ip || h.Ip == "" || ip == "") is { Service: { } other })
            {
                problems.Error(port.At, other == service.Name
                    ? $"{service.Name} publishes the port {port.Published}/{port.Protocol} twice"
                    : $"{service.Name} publishes the port {port.Published}/{port.Protocol}, which {other} publishes too");
            }

            if (service.Scale > 1)
            {
                problems.Error(port.At, $"{service.Name} has {service.Scale} replicas and one host port, {port.Published}: give a range, or the target alone");
            }

            holders.Add((service.Name, ip));
        }
    }

    private static void Cycles(ComposeProject project, Problems problems)
    {
        var services = project.Services.ToDictionary(s => s.Name);
        var done = new HashSet<string>();
        foreach (var service in project.Services)
        {
            Visit(service, []);
        }

        void Visit(Service service, List<string> chain)
        {
            if (chain.IndexOf(service.Name) is >= 0 and var from)
            {
                problems.Error(service.At, $"services depend on each other in a circle: {string.Join(" -> ", chain[from..].Append(service.Name))}");
                return;
            }

            if (!done.Add(service.Name))
            {
                return;
            }

            foreach (var d in service.Predecessors.Where(d => services.ContainsKey(d.Service)))
            {
                Visit(services[d.Service], [.. chain, service.Name]);
            }
        }
    }

    private static string Known(IEnumerable<string> keys) => keys.Order().ToList() is { Count: > 0 } list ? $"There are: {string.Join(", ", list)}" : "There are none";
}
