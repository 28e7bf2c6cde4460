using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Hypr.Dns;
using Hypr.Network.Endpoints;
using Hypr.Network.Ipam;
using Hypr.Network.Platforms;
using Hypr.Primitives;

namespace Hypr.Network.Networks;

/// <summary>One network in memory: what it is, its addresses, who is on it. Its own lock is held for memory only, never over the store or the kernel.</summary>
internal sealed class NetworkSlot
{
    private readonly Lock _gate = new();
    private readonly ConcurrentDictionary<string, EndpointSlot> _endpoints = new(StringComparer.Ordinal);
    private readonly Dictionary<MacAddress, string> _macs = [];
    private readonly List<SubnetAllocator> _allocators;
    private bool _removing;

    public NetworkSlot(VmNetwork network)
    {
        Network = network;
        Options = NetworkOptions.Parse(network.Options);
        _allocators = [.. network.Subnets.Select(s => new SubnetAllocator(s))];
    }

    public VmNetwork Network { get; }

    public NetworkOptions Options { get; }

    public IReadOnlyList<SubnetAllocator> Allocators => _allocators;

    public IEnumerable<EndpointSlot> Endpoints => _endpoints.Values;

    public SubnetAllocator? Allocator(AddressFamily family) => _allocators.Find(a => a.Family == family);

    public EndpointSlot? Endpoint(string id) => _endpoints.GetValueOrDefault(id);

    /// <summary>NotFound when the network is being removed: an endpoint never comes onto a network that goes.</summary>
    public void Add(EndpointSlot endpoint)
    {
        lock (_gate)
        {
            if (_removing)
            {
                throw HyprException.NotFound($"network {Network.Name} not found");
            }

            _endpoints[endpoint.Id] = endpoint;
        }
    }

    public void Remove(EndpointSlot endpoint)
    {
        lock (_gate)
        {
            _endpoints.TryRemove(endpoint.Id, out _);
            if (endpoint.Value.Mac is { } mac && _macs.GetValueOrDefault(mac) == endpoint.Id)
            {
                _macs.Remove(mac);
            }
        }
    }

    /// <summary>From here on nobody joins. Gives who is on it: then nothing changed.</summary>
    public IReadOnlyList<EndpointSlot> TryBeginRemoval()
    {
        lock (_gate)
        {
            if (_endpoints.IsEmpty && _removing)
            {
                throw HyprException.NotFound($"network {Network.Name} not found");
            }

            _removing = _endpoints.IsEmpty;
            return [.. _endpoints.Values];
        }
    }

    public void EndRemoval()
    {
        lock (_gate)
        {
            _removing = false;
        }
    }

    /// <summary>Gives the id of the endpoint that has the MAC already; null: it is the caller's now.</summary>
    public string? TakeMac(MacAddress mac, string endpointId)
    {
        lock (_gate)
        {
            if (_macs.TryGetValue(mac, out var other) && other != endpointId)
            {
                return other;
            }

            _macs[mac] = endpointId;
            return null;
        }
    }

    public void ReleaseMac(MacAddress mac, string endpointId)
    {
        lock (_gate)
        {
            if (_macs.GetValueOrDefault(mac) == endpointId)
            {
                _macs.Remove(mac);
            }
        }
    }

    /// <summary>The gateway is the bridge's address unless the network has none in this family.</summary>
    public IPAddress? Gateway(AddressFamily family) =>
        Network.Subnets.FirstOrDefault(s => NetworkCheck.Family(s) == family) is { } subnet ? Network.GatewayIn(subnet) : null;

    public GatewayMode Mode(AddressFamily family) => family == AddressFamily.InterNetwork ? Options.Mode4 : Options.Mode6;

    public DatapathNetwork ToDatapath() => new(
        Network.Id, Network.Name, Network.Bridge,
        [.. Network.Subnets.Where(s => Mode(NetworkCheck.Family(s)) != GatewayMode.Isolated).Select(s => new InterfaceAddress(s.Gateway, s.Subnet.PrefixLength))],
        Network.Mtu, Network.Internal, Options.Isolate, Options.Masquerade, Options.Mode4, Options.Mode6, Network.Predefined);

    public DnsNetwork ToDns() => new(
        Network.Id, Network.Name, Network.Bridge,
        [.. Network.Subnets.Where(s => Mode(NetworkCheck.Family(s)) != GatewayMode.Isolated).Select(s => s.Gateway)],
        [.. Network.Subnets.Select(s => s.Subnet)], Network.Internal);
}
