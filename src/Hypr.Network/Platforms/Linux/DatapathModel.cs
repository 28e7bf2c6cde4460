using System.Net;
using Hypr.Network.Platforms.Linux.Foreign;
using Hypr.Network.Platforms.Linux.Links;
using Hypr.Network.Platforms.Linux.Rules;

namespace Hypr.Network.Platforms.Linux;

/// <summary>An endpoint and its link. <see cref="Tap"/> is null when the machine it was for lost it.</summary>
internal sealed record AttachedEndpoint(DatapathEndpoint Endpoint, string? Tap);

/// <summary>What was last asked for, and what of it each owner has in the rules. On the datapath's thread only.</summary>
internal sealed class DatapathModel
{
    public Dictionary<string, DatapathNetwork> Networks { get; } = [];

    public Dictionary<string, AttachedEndpoint> Endpoints { get; } = [];

    /// <summary>By machine.</summary>
    public Dictionary<string, IReadOnlyList<DatapathPort>> Ports { get; } = [];

    /// <summary>By network: ports of the name server that other programs have.</summary>
    public Dictionary<string, IReadOnlyList<TakenPort>> Taken { get; } = [];

    public bool WantsIPv6 => Networks.Values.Any(static n => n.Gateways.Any(static g => g.IsIPv6));

    /// <summary>What leaves the host under its address, for the rows that iptables shows.</summary>
    public List<MasqueradedSubnet> Masqueraded() =>
        [.. from network in Networks.Values
            where network.Masquerade && !RuleElement.IsClosed(network)
            from gateway in network.Gateways
            where (gateway.IsIPv6 ? network.Mode6 : network.Mode4) == GatewayMode.Nat
            orderby network.Bridge
            select new MasqueradedSubnet(Prefixes.Of(gateway.Address, gateway.PrefixLength), network.Bridge)];

    public HashSet<string> TapsInUse() => [.. Endpoints.Values.Where(static e => e.Tap is not null).Select(static e => e.Tap!)];

    public bool Publishes(string machineId) => Ports.TryGetValue(machineId, out var ports) && ports.Count > 0;

    /// <summary>Elements of what a machine publishes; a port of a closed network has none.</summary>
    public List<RuleElement> ElementsOf(IEnumerable<DatapathPort> ports)
    {
        var all = new List<RuleElement>();
        foreach (var port in ports)
        {
            if (NetworkOf(port.Target) is { } network && RuleElement.Of(port, network) is { } element)
                all.Add(element);
        }

        return [.. all.Distinct()];
    }

    /// <summary>The first of the ports that another machine has; null when there is none. A routed network's port, 0, is the machine's own.</summary>
    public (string MachineId, DatapathPort Port)? Holder(string machineId, IReadOnlyList<DatapathPort> ports)
    {
        var wanted = ports.Where(static p => p.HostPort != 0).Select(static p => (p.HostIp, p.HostPort, p.Protocol)).ToHashSet();
        if (wanted.Count == 0)
            return null;
        foreach (var (other, theirs) in Ports)
        {
            if (other == machineId)
                continue;
            foreach (var held in theirs)
            {
                if (wanted.Contains((held.HostIp, held.HostPort, held.Protocol)))
                    return (other, held);
            }
        }

        return null;
    }

    public static string OwnerOf(DatapathNetwork network) => $"network {network.Id}";

    public static string OwnerOf(DatapathEndpoint endpoint) => $"endpoint {endpoint.Id}";

    public static string PortsOwner(string machineId) => $"ports {machineId}";

    public static string NamesOwner(string networkId) => $"names {networkId}";

    private DatapathNetwork? NetworkOf(IPAddress address)
    {
        foreach (var network in Networks.Values)
        {
            foreach (var gateway in network.Gateways)
            {
                if (Prefixes.Of(gateway.Address, gateway.PrefixLength).Contains(address))
                    return network;
            }
        }

        return null;
    }
}
