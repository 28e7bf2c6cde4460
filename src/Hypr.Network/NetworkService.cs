using System.Net;
using Hypr.Dns;
using Hypr.Network.Endpoints;
using Hypr.Network.Names;
using Hypr.Network.Networks;
using Hypr.Network.Platforms;
using Hypr.Network.Ports;
using Hypr.Primitives;
using Hypr.Store;
using Hypr.Store.Networks;
using Microsoft.Extensions.Logging;

namespace Hypr.Network;

/// <summary>Puts the network's parts together. <see cref="StartAsync"/> comes before anything else.</summary>
public sealed class NetworkService : INetworkService
{
    private readonly NetworkStore _store;
    private readonly NetworkCatalog _catalog = new();
    private readonly NetworkLife _life;
    private readonly EndpointConnections _connections;
    private readonly MachineActivation _activation;
    private readonly LiveChanges _live;
    private readonly LivePorts _livePorts;
    private readonly NetworkRestore _restore;
    private readonly NetworkConsistency _check;
    private readonly DefaultNetwork _default;
    private readonly NameBoard _names;
    private readonly IDatapath _datapath;

    /// <param name="resolvConf">Where the host's search list stands.</param>
    public NetworkService(
        Database database, IDatapath datapath, INameServer nameServer, IPortReserver reserver, NetworkSettings settings, TimeProvider clock, ILoggerFactory logs,
        string resolvConf = HostSearchList.DefaultPath)
    {
        var log = logs.CreateLogger<NetworkService>();
        var store = _store = new NetworkStore(database);
        var pools = new AddressPools(store, settings);
        var ports = new PortAssigner(reserver, NameOf);
        _datapath = datapath;
        _names = new NameBoard(nameServer, datapath, clock, log);
        _default = new DefaultNetwork(store, datapath, pools, settings, clock);
        _life = new NetworkLife(store, _catalog, datapath, _names, pools, clock, log);
        _connections = new EndpointConnections(store, _catalog, log);
        _activation = new MachineActivation(store, datapath, _names, ports, settings, resolvConf, log);
        _live = new LiveChanges(store, datapath, _names, ports, _connections, _activation, resolvConf, log);
        _livePorts = new LivePorts(store, datapath, _names, ports, _activation, log);
        _check = new NetworkConsistency(store, _catalog, datapath, _names);
        _restore = new NetworkRestore(store, _catalog, datapath, _names, ports, reserver, pools, _default, log);
    }

    public IReadOnlyList<string> Notes => [.. _default.Notes, .. _datapath.Notes, .. _names.Notes, .. _restore.Notes];

    public long Repairs => _datapath.Repairs;

    public DnsCounts NameCounts => _names.Counts;

    public Task StartAsync(IReadOnlyCollection<MachineIdentity> running, CancellationToken cancel) => _restore.RunAsync(running, cancel);

    public Task<NetworkCreated> CreateAsync(NetworkSpec spec, CancellationToken cancel) => _life.CreateAsync(spec, cancel);

    public IReadOnlyList<VmNetwork> List() =>
        [.. _catalog.Networks().Select(n => n.Network).OrderBy(n => n.Created).ThenBy(n => n.Name, StringComparer.Ordinal)];

    public VmNetwork? Find(string nameOrId) => _catalog.Find(nameOrId)?.Network;

    public Task RemoveAsync(string networkId, CancellationToken cancel) => _life.RemoveAsync(networkId, cancel);

    public IReadOnlyList<Endpoint> EndpointsOf(string machineId) =>
        [.. (_catalog.FindMachine(machineId)?.Endpoints ?? []).Select(e => e.Value)];

    public IReadOnlyList<Endpoint> EndpointsOn(string networkId) =>
        [.. (_catalog.Network(networkId)?.Endpoints ?? []).Select(e => e.Value).OrderBy(e => e.MachineName, StringComparer.Ordinal)];

    public IReadOnlyList<DnsRecord> NamesOn(string networkId) => _names.View(networkId);

    public IReadOnlyList<SubnetUsage> Usage(string networkId) => [.. _catalog.Get(networkId).Allocators.Select(a => a.Usage())];

    public Task<Endpoint> ConnectAsync(MachineIdentity machine, string networkId, EndpointRequest request, CancellationToken cancel) =>
        GatedAsync(machine.Id, async slot => (await _connections.ConnectAsync(slot, machine, networkId, request)).Value, cancel);

    public Task<LiveConnection> ConnectRunningAsync(
        MachineIdentity machine, string networkId, EndpointRequest request, IReadOnlyList<PortRequest> ports, CancellationToken cancel) =>
        GatedAsync(machine.Id, slot => _live.ConnectAsync(slot, machine, networkId, request, ports, cancel), cancel);

    public Task<GuestNetwork?> SuspendAsync(string machineId, string networkId, CancellationToken cancel) => GatedAsync(machineId, async slot =>
        Attached(slot, networkId) is { Value.Tap: not null } endpoint ? await _live.SuspendAsync(slot, endpoint) : null, cancel);

    public Task<GuestNetwork?> DisconnectAsync(string machineId, string networkId, CancellationToken cancel) => GatedAsync(machineId, async slot =>
    {
        var endpoint = Attached(slot, networkId);
        if (endpoint.Value.Tap is null)
        {
            _connections.Remove(slot, [endpoint], insist: false);
            return null;
        }

        // The guest has let go of it: whatever happens to hyprd now, it goes.
        var tap = endpoint.Value.Tap;
        _store.Database.Insist(() => _store.Endpoints.SetLink(endpoint.Id, tap, EndpointRow.Leaving));
        var left = await _live.SuspendAsync(slot, endpoint, leaves: true);
        _connections.Remove(slot, [endpoint], insist: true);
        return left;
    }, cancel);

    public Task<Activation> ActivateAsync(MachineIdentity machine, IReadOnlyList<PortRequest> ports, CancellationToken cancel) =>
        GatedAsync(machine.Id, slot => _activation.ActivateAsync(slot, machine, ports, cancel), cancel);

    public Task DeactivateAsync(string machineId, CancellationToken cancel) => GatedAsync(machineId, async slot =>
    {
        await _activation.DeactivateAsync(slot);
        return 0;
    }, cancel);

    public Task ForgetAsync(string machineId, CancellationToken cancel) => GatedAsync(machineId, async slot =>
    {
        await _activation.DeactivateAsync(slot);
        _connections.Remove(slot, slot.Endpoints, insist: true);
        _catalog.Forget(slot);
        return 0;
    }, cancel);

    public Task RenameAsync(MachineIdentity machine, CancellationToken cancel) => GatedAsync(machine.Id, slot =>
    {
        foreach (var endpoint in slot.Endpoints)
        {
            endpoint.Value = endpoint.Value with { MachineName = machine.Name };
        }

        if (slot.Active is not null)
        {
            slot.Active = machine;
            _names.Set(machine, slot.Endpoints, slot.Ports);
        }

        return Task.FromResult(0);
    }, cancel);

    public Task<IReadOnlyList<PublishedPort>> PublishAsync(string machineId, IReadOnlyList<PortRequest> ports, CancellationToken cancel) =>
        GatedAsync(machineId, slot => _livePorts.AddAsync(slot, ports, cancel), cancel);

    public Task RefitPortsAsync(string machineId, IReadOnlyList<PortRequest> ports, CancellationToken cancel) => GatedAsync(machineId, async slot =>
    {
        await _livePorts.RefitAsync(slot, ports, cancel);
        return 0;
    }, cancel);

    public Task UnpublishAsync(string machineId, IReadOnlyList<PublishedPort> ports, CancellationToken cancel) => GatedAsync(machineId, async slot =>
    {
        await _livePorts.RemoveAsync(slot, ports, cancel);
        return 0;
    }, cancel);

    public Task<IReadOnlyList<PortProbe>> ProbeAsync(string machineId, IReadOnlyList<PublishedPort> ports, IPAddress? from, CancellationToken cancel) =>
        _livePorts.ProbeAsync(_catalog.FindMachine(machineId) ?? throw HyprException.NotFound($"No such container: {machineId}"), ports, from, cancel);

    public IReadOnlyList<PublishedPort> PortsOf(string machineId) => _catalog.FindMachine(machineId)?.Ports ?? [];

    public Task<IReadOnlyList<string>> CheckAsync(CancellationToken cancel) => _check.RunAsync(cancel);

    public async Task<IReadOnlyDictionary<string, NicTraffic>> TrafficAsync(string machineId, CancellationToken cancel)
    {
        var linked = EndpointsOf(machineId).Where(e => e.Tap is not null && e.GuestName is not null).ToList();
        var traffic = linked.Count == 0 ? null : await _datapath.TrafficAsync([.. linked.Select(e => e.Tap!)], cancel);
        // A TAP receives what its VM sends.
        return linked.Where(e => traffic!.ContainsKey(e.Tap!)).ToDictionary(e => e.GuestName!, e => new NicTraffic(traffic![e.Tap!].Sent, traffic[e.Tap!].Received));
    }

    /// <summary>Lets go of datapath and name server, which are whoever made them's to dispose; the kernel keeps what it has.</summary>
    public ValueTask DisposeAsync() => _names.DisposeAsync();

    private EndpointSlot Attached(MachineSlot machine, string networkId) =>
        machine.Endpoints.FirstOrDefault(e => e.Network.Network.Id == networkId)
        ?? throw HyprException.NotFound($"container {NameOf(machine.Id)} is not connected to network {Find(networkId)?.Name ?? networkId}");

    private string NameOf(string machineId) => _catalog.FindMachine(machineId)?.Active?.Name
        ?? _catalog.FindMachine(machineId)?.Endpoints.FirstOrDefault()?.Value.MachineName ?? ObjectId.Short(machineId);

    private async Task<T> GatedAsync<T>(string machineId, Func<MachineSlot, Task<T>> change, CancellationToken cancel)
    {
        var slot = _catalog.Machine(machineId);
        await slot.Gate.WaitAsync(cancel);
        try
        {
            return await change(slot);
        }
        finally
        {
            slot.Gate.Release();
        }
    }
}
