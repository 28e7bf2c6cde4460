using System.Net;
using Hypr.Network.Platforms.Linux.Foreign;
using Hypr.Network.Platforms.Linux.Links;
using Hypr.Network.Platforms.Linux.Rules;
using Hypr.Network.Ports;

namespace Hypr.Network.Platforms.Linux;

/// <summary>An endpoint and its link. <see cref="Tap"/> is null when the machine it was for lost it.</summary>
internal sealed record AttachedEndpoint(DatapathEndpoint Endpoint, string? Tap);

/// <summary>What was last asked for, and what of it each owner has in the rules. On the datapath's thread only.</summary>
internal sealed class DatapathModel
{
    private readonly Dictionary<string, IReadOnlyList<DatapathPort>> _ports = [];

    /// <summary>Who has a port of the host: one more costs the same whatever others have.</summary>
    private readonly Dictionary<(IPAddress HostIp, int Port, PortProtocol Protocol), string> _holders = [];

    public Dictionary<string, DatapathNetwork> Networks { get; } = [];

    public Dictionary<string, AttachedEndpoint> Endpoints { get; } = [];

    /// <summary>By machine.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<DatapathPort>> Ports => _ports;

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

    /// <summary>In place of what the machine had; a routed network's port, 0, is its own.</summary>
    public void SetPorts(string machineId, IReadOnlyList<DatapathPort> ports)
    {
        foreach (var port in _ports.GetValueOrDefault(machineId, []))
            _holders.Remove((port.HostIp, port.HostPort, port.Protocol));
        _ports.Remove(machineId);
        if (ports.Count == 0)
            return;
        _ports[machineId] = [.. ports];
        _holders.EnsureCapacity(_holders.Count + ports.Count);
        foreach (var port in ports.Where(static p => p.HostPort != 0))
            _holders[(port.HostIp, port.HostPort, port.Protocol)] = machineId;
    }

    public void ClearPorts()
    {
        _ports.Clear();
        _holders.Clear();
    }

    public bool Publishes(string machineId) => Ports.TryGetValue(machineId, out var ports) && ports.Count > 0;

    /// <summary>Elements of what a machine publishes; a port of a closed network has none.</summary>
    public List<RuleElement> ElementsOf(IReadOnlyList<DatapathPort> ports)
    {
        var all = new List<RuleElement>(ports.Count);
        var networks = new Dictionary<IPAddress, DatapathNetwork?>();
        var routed = new HashSet<RuleElement>();
        foreach (var port in ports)
        {
            if (!networks.TryGetValue(port.Target, out var network))
                networks.Add(port.Target, network = NetworkOf(port.Target));
            // Ports of the host are different from each other; a routed network's are the guest's, one for each address that was asked for.
            if (network is not null && RuleElement.Of(port, network) is { } element && (port.HostPort != 0 || routed.Add(element)))
                all.Add(element);
        }

        return all;
    }

    /// <summary>The first of the ports that another machine has; null when there is none.</summary>
    public (string MachineId, DatapathPort Port)? Holder(string machineId, IReadOnlyList<DatapathPort> ports)
    {
        if (_holders.Count == 0)
            return null;
        foreach (var port in ports)
        {
            if (port.HostPort != 0 && _holders.TryGetValue((port.HostIp, port.HostPort, port.Protocol), out var holder) && holder != machineId)
                return (holder, port);
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
