using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using Hypr.Network;
using Hypr.Network.Endpoints;
using Hypr.Network.Networks;
using Hypr.Network.Ports;
using Hypr.Primitives;

namespace Hypr.Daemon.Tests.Fakes;

/// <summary>Networks without a kernel: names, addresses in order, ports as asked for.</summary>
internal sealed class MemoryNetworks : INetworkService
{
    private readonly ConcurrentDictionary<string, VmNetwork> _networks = new();
    private readonly ConcurrentDictionary<string, Endpoint> _endpoints = new();
    private readonly ConcurrentDictionary<string, IReadOnlyList<PublishedPort>> _ports = new();
    private int _subnets = 87;
    private int _hosts = 1;

    public MemoryNetworks() => Make(new NetworkSpec { Name = "bridge" });

    public IReadOnlyList<string> Notes => ["this is a test"];

    public Task StartAsync(IReadOnlyCollection<MachineIdentity> running, CancellationToken cancel) => Task.CompletedTask;

    public Task<NetworkCreated> CreateAsync(NetworkSpec spec, CancellationToken cancel) => _networks.Values.Any(n => n.Name == spec.Name)
        ? throw HyprException.Conflict($"network with name {spec.Name} already exists")
        : Task.FromResult(new NetworkCreated(Make(spec), null));

    public IReadOnlyList<VmNetwork> List() => [.. _networks.Values.OrderBy(n => n.Created)];

    public VmNetwork? Find(string nameOrId) => _networks.GetValueOrDefault(nameOrId) ?? _networks.Values.FirstOrDefault(n => n.Name == nameOrId);

    public Task RemoveAsync(string networkId, CancellationToken cancel)
    {
        if (EndpointsOn(networkId) is [var first, ..])
        {
            throw HyprException.Forbidden($"network has active endpoints: {first.MachineName}");
        }

        _networks.TryRemove(networkId, out _);
        return Task.CompletedTask;
    }

    public IReadOnlyList<Endpoint> EndpointsOf(string machineId) => [.. _endpoints.Values.Where(e => e.MachineId == machineId)];

    public IReadOnlyList<Endpoint> EndpointsOn(string networkId) => [.. _endpoints.Values.Where(e => e.NetworkId == networkId)];

    public IReadOnlyList<Hypr.Dns.DnsRecord> NamesOn(string networkId) => [];

    public IReadOnlyList<SubnetUsage> Usage(string networkId) =>
        [new SubnetUsage(_networks[networkId].Subnets[0].Subnet, (UInt128)(1 + EndpointsOn(networkId).Count), 65533)];

    public Task<Endpoint> ConnectAsync(MachineIdentity machine, string networkId, EndpointRequest request, CancellationToken cancel)
    {
        var gateway = _networks[networkId].Subnets[0].Gateway.GetAddressBytes();
        gateway[3] = (byte)Interlocked.Increment(ref _hosts);
        var address = new IPAddress(gateway);
        var endpoint = new Endpoint
        {
            Id = ObjectId.New(),
            NetworkId = networkId,
            MachineId = machine.Id,
            MachineName = machine.Name,
            IPv4 = new InterfaceAddress(address, 16),
            Mac = MacAddress.FromIPv4(address),
            Aliases = request.Aliases,
        };
        _endpoints[endpoint.Id] = endpoint;
        return Task.FromResult(endpoint);
    }

    public Task<LiveConnection> ConnectRunningAsync(
        MachineIdentity machine, string networkId, EndpointRequest request, IReadOnlyList<PortRequest> ports, CancellationToken cancel) =>
        throw HyprException.Unavailable("these machines take no NIC while they run");

    public Task RefitPortsAsync(string machineId, IReadOnlyList<PortRequest> ports, CancellationToken cancel) => Task.CompletedTask;

    public Task<GuestNetwork?> SuspendAsync(string machineId, string networkId, CancellationToken cancel) => Task.FromResult<GuestNetwork?>(null);

    public Task<GuestNetwork?> DisconnectAsync(string machineId, string networkId, CancellationToken cancel)
    {
        foreach (var endpoint in EndpointsOf(machineId).Where(e => e.NetworkId == networkId))
        {
            _endpoints.TryRemove(endpoint.Id, out _);
        }

        return Task.FromResult<GuestNetwork?>(null);
    }

    public Task<Activation> ActivateAsync(MachineIdentity machine, IReadOnlyList<PortRequest> ports, CancellationToken cancel)
    {
        _ports[machine.Id] = [.. ports.SelectMany(p => p.HostIp is { } ip
            ? new[] { new PublishedPort(ip, p.HostPortFirst, p.GuestPort, p.Protocol) }
            : [new PublishedPort(IPAddress.Any, p.HostPortFirst, p.GuestPort, p.Protocol), new PublishedPort(IPAddress.IPv6Any, p.HostPortFirst, p.GuestPort, p.Protocol)])];
        return Task.FromResult(new Activation([], _ports[machine.Id], null, [], null));
    }

    public Task DeactivateAsync(string machineId, CancellationToken cancel)
    {
        _ports.TryRemove(machineId, out _);
        return Task.CompletedTask;
    }

    public Task ForgetAsync(string machineId, CancellationToken cancel)
    {
        foreach (var endpoint in EndpointsOf(machineId))
        {
            _endpoints.TryRemove(endpoint.Id, out _);
        }

        return DeactivateAsync(machineId, cancel);
    }

    public Task RenameAsync(MachineIdentity machine, CancellationToken cancel) => Task.CompletedTask;

    public Task<IReadOnlyList<PublishedPort>> PublishAsync(string machineId, IReadOnlyList<PortRequest> ports, CancellationToken cancel)
    {
        IReadOnlyList<PublishedPort> added = [.. ports.Select(p => new PublishedPort(p.HostIp ?? IPAddress.Any, p.HostPortFirst, p.GuestPort, p.Protocol))];
        _ports[machineId] = [.. PortsOf(machineId), .. added];
        return Task.FromResult(added);
    }

    public Task UnpublishAsync(string machineId, IReadOnlyList<PublishedPort> ports, CancellationToken cancel)
    {
        _ports[machineId] = [.. PortsOf(machineId).Except(ports)];
        return Task.CompletedTask;
    }

    /// <summary>Everything that is published is reached from one neighbour, but what is on a port of the host above 9000: a rule is in its way.</summary>
    public Task<IReadOnlyList<PortProbe>> ProbeAsync(string machineId, IReadOnlyList<PublishedPort> ports, IPAddress? from, CancellationToken cancel) =>
        Task.FromResult<IReadOnlyList<PortProbe>>([.. ports.Select(p => new PortProbe(
            p, new IPEndPoint(IPAddress.Parse("10.88.0.2"), p.GuestPort), GuestAnswer.Listens,
            [new ProbeWay("eth0", from ?? IPAddress.Parse("192.0.2.1"), p.HostIp, p.HostPort > 9000 ? ProbeEnd.Dropped : ProbeEnd.Arrives, p.HostPort > 9000 ? "iptables: -A FORWARD -j DROP" : null)]))]);

    public Task<IReadOnlyDictionary<string, NicTraffic>> TrafficAsync(string machineId, CancellationToken cancel) =>
        Task.FromResult<IReadOnlyDictionary<string, NicTraffic>>(new Dictionary<string, NicTraffic> { ["eth0"] = new(new(1000, 10, 0, 0), new(500, 5, 0, 0)) });

    public IReadOnlyList<PublishedPort> PortsOf(string machineId) => _ports.GetValueOrDefault(machineId) ?? [];

    public long Repairs => 0;

    public Task<IReadOnlyList<string>> CheckAsync(CancellationToken cancel) => Task.FromResult<IReadOnlyList<string>>([]);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private VmNetwork Make(NetworkSpec spec)
    {
        var block = Interlocked.Increment(ref _subnets);
        var subnet = IPNetwork.Parse(string.Create(CultureInfo.InvariantCulture, $"10.{block}.0.0/16"));
        var gateway = IPAddress.Parse(string.Create(CultureInfo.InvariantCulture, $"10.{block}.0.1"));
        var network = new VmNetwork
        {
            Id = ObjectId.New(),
            Name = spec.Name,
            Created = DateTimeOffset.UtcNow,
            Bridge = $"vbr{block - 88}",
            Internal = spec.Internal,
            Subnets = [new SubnetConfig(subnet, gateway, null, new Dictionary<string, IPAddress>())],
            Options = new Dictionary<string, string> { ["com.docker.network.bridge.name"] = $"vbr{block - 88}" },
            Labels = spec.Labels,
        };
        _networks[network.Id] = network;
        return network;
    }
}
