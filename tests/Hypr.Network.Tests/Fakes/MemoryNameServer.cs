using System.Collections.Concurrent;
using System.Net;
using Hypr.Dns;

namespace Hypr.Network.Tests.Fakes;

/// <summary>What the name server was last told.</summary>
internal sealed class MemoryNameServer : INameServer
{
    public ConcurrentDictionary<string, DnsNetwork> Networks { get; } = [];

    public ConcurrentDictionary<string, DnsMachine> Machines { get; } = [];

    public List<ListenFailure> Failures { get; } = [];

    public IReadOnlyList<ListenFailure> AddNetwork(DnsNetwork network)
    {
        Networks[network.Id] = network;
        return Failures;
    }

    public void RemoveNetwork(string networkId) => Networks.TryRemove(networkId, out _);

    public void SetMachine(DnsMachine machine) => Machines[machine.Id] = machine;

    public void RemoveMachine(string machineId) => Machines.TryRemove(machineId, out _);

    public IReadOnlyList<DnsRecord> View(string networkId) =>
        [.. from machine in Machines.Values
            from endpoint in machine.Endpoints
            where endpoint.NetworkId == networkId
            from address in endpoint.Addresses
            select new DnsRecord(machine.Name + ".hypr", address.GetAddressBytes().Length == 4 ? "A" : "AAAA", address.ToString())];

    /// <summary>The addresses of a machine by network.</summary>
    public IReadOnlyList<IPAddress> Addresses(string machineId) => [.. Machines[machineId].Endpoints.SelectMany(e => e.Addresses)];

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
