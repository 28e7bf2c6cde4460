using Hypr.Dns;
using Hypr.Network.Ports;
using Hypr.Testing;

namespace Hypr.KernelTests.Networks;

/// <summary>The real name server, its sockets in the host's namespace whatever thread calls.</summary>
internal sealed class NameServerIn(TestNamespace space, NameServer server) : INameServer
{
    public IReadOnlyList<ListenFailure> AddNetwork(DnsNetwork network) => space.Run(() => server.AddNetwork(network));

    public void RemoveNetwork(string networkId) => server.RemoveNetwork(networkId);

    public void SetMachine(DnsMachine machine) => server.SetMachine(machine);

    public void RemoveMachine(string machineId) => server.RemoveMachine(machineId);

    public IReadOnlyList<DnsRecord> View(string networkId) => server.View(networkId);

    public ValueTask DisposeAsync() => server.DisposeAsync();
}

/// <summary>The real reservations, their sockets in the host's namespace whatever thread calls.</summary>
internal sealed class ReserverIn(TestNamespace space) : IPortReserver
{
    private readonly SocketPortReserver _reserver = new();

    public bool HasIPv6 => space.Run(() => SocketPortReserver.HostHasIPv6);

    public ValueTask<PortConflict?> ReserveAsync(string owner, IReadOnlyList<HostPort> ports, CancellationToken cancel) =>
        ValueTask.FromResult(space.Run(() => _reserver.ReserveAsync(owner, ports, cancel).AsTask().GetAwaiter().GetResult()));

    public ValueTask ReleaseAsync(string owner, IReadOnlyList<HostPort> ports) => _reserver.ReleaseAsync(owner, ports);

    public ValueTask KeepAsync(IReadOnlyCollection<string> owners) => _reserver.KeepAsync(owners);

    public ValueTask DisposeAsync() => _reserver.DisposeAsync();
}
