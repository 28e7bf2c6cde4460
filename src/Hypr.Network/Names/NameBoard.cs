using System.Collections.Concurrent;
using System.Net;
using Hypr.Dns;
using Hypr.Network.Endpoints;
using Hypr.Network.Networks;
using Hypr.Network.Ports;
using Hypr.Primitives;

namespace Hypr.Network.Names;

/// <summary>Keeps the name server to what is: networks that are there, machines that run (the names of a stopped one are not answered, as in Docker).</summary>
internal sealed class NameBoard(INameServer names)
{
    private readonly ConcurrentDictionary<string, IReadOnlyList<string>> _failures = new(StringComparer.Ordinal);

    public IEnumerable<string> Notes => _failures.Values.SelectMany(f => f);

    public void Add(NetworkSlot network)
    {
        var failed = names.AddNetwork(network.ToDns());
        if (failed.Count > 0)
        {
            _failures[network.Network.Id] = [.. failed.Select(f => $"DNS of network {network.Network.Name} does not listen on {f.EndPoint} ({f.Protocol}): {f.Reason}")];
        }
    }

    public void Remove(NetworkSlot network)
    {
        names.RemoveNetwork(network.Network.Id);
        _failures.TryRemove(network.Network.Id, out _);
    }

    public void Set(MachineIdentity machine, IEnumerable<EndpointSlot> endpoints, IReadOnlyList<PublishedPort> ports) => names.SetMachine(new DnsMachine(
        machine.Id, machine.Name, machine.Stack, machine.Service,
        [.. endpoints.Where(e => e.Value.Tap is not null).Select(Endpoint)],
        [.. ports.Where(p => p.Protocol != PortProtocol.Sctp)
            .Select(p => new DnsPort(ProtocolWord.Of(p.Protocol), p.GuestPort, p.HostPort == 0 ? p.GuestPort : p.HostPort)).Distinct()],
        machine.Upstreams));

    public void Remove(string machineId) => names.RemoveMachine(machineId);

    private static DnsEndpoint Endpoint(EndpointSlot slot) => new(
        slot.Network.Network.Id,
        [.. new[] { slot.Value.IPv4, slot.Value.IPv6 }.OfType<InterfaceAddress>().Select(a => a.Address)],
        slot.Value.Aliases);
}
