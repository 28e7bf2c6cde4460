using System.Collections.Concurrent;
using Hypr.Network.Networks;
using Hypr.Network.Platforms;
using Hypr.Network.Ports;
using Hypr.Primitives;
using Microsoft.Win32.SafeHandles;

namespace Hypr.Network.Tests.Fakes;

/// <summary>A datapath of dictionaries, for the logic above it; it refuses what the real one would, and fails where a test says.</summary>
internal sealed class MemoryDatapath : IDatapath
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, DatapathNetwork> _networks = [];
    private readonly Dictionary<string, (DatapathEndpoint Endpoint, string Tap)> _endpoints = [];
    private readonly Dictionary<string, IReadOnlyList<DatapathPort>> _ports = [];
    private int _calls;

    /// <summary>Links of the host that are not ours.</summary>
    public HashSet<string> HostLinks { get; } = [];

    public List<OccupiedPrefix> Occupying { get; } = [];

    /// <summary>The call with this number, from 1, fails; 0: none.</summary>
    public int FailAt { get; set; }

    /// <summary>Given the call's name; true fails it.</summary>
    public Func<string, bool>? Fail { get; set; }

    public int Calls => _calls;

    public IReadOnlyList<string> Notes => [];

    public long Repairs => 0;

    public DatapathState State
    {
        get
        {
            lock (_gate)
            {
                return new DatapathState([.. _networks.Values], [.. _endpoints.Values.Select(e => e.Endpoint with { Tap = e.Tap })], new Dictionary<string, IReadOnlyList<DatapathPort>>(_ports));
            }
        }
    }

    /// <summary>All that is there, as text, for comparing.</summary>
    public string Dump() => Dump(State);

    public Task<IReadOnlyList<string>> CheckAsync(DatapathState desired, CancellationToken cancel) =>
        Task.FromResult<IReadOnlyList<string>>(Dump(desired) == Dump() ? [] : [$"the datapath has\n{Dump()}\nand should have\n{Dump(desired)}"]);

    private static string Dump(DatapathState state)
    {
        var lines = state.Networks.Select(n => $"network {n.Id} {n.Bridge} {string.Join(',', n.Gateways)}")
            .Concat(state.Endpoints.Select(e => $"endpoint {e.Id} {e.Tap} {e.Mac} {string.Join(',', e.Addresses)}"))
            .Concat(state.Ports.SelectMany(p => p.Value.Select(v => $"port {p.Key} {v}")));
        return string.Join('\n', lines.Order(StringComparer.Ordinal));
    }

    /// <summary>Everything that is published is reached.</summary>
    public Task<IReadOnlyList<PortProbe>> ProbeAsync(IReadOnlyList<ProbeRequest> ports, CancellationToken cancel) => Task.FromResult<IReadOnlyList<PortProbe>>(
        [.. ports.Select(p => new PortProbe(
            new PublishedPort(p.HostIp, p.HostPort, p.Guest.Port, p.Protocol), p.Guest, GuestAnswer.Listens, [new ProbeWay("eth0", p.From, p.HostIp, ProbeEnd.Arrives, null)]))]);

    /// <summary>What was last redirected of a network's name server.</summary>
    public ConcurrentDictionary<string, IReadOnlyList<TakenPort>> Taken { get; } = [];

    /// <summary>What its links carried, by their names.</summary>
    public Dictionary<string, LinkTraffic> Carried { get; } = [];

    public Task<IReadOnlyDictionary<string, LinkTraffic>> TrafficAsync(IReadOnlyCollection<string> links, CancellationToken cancel)
    {
        lock (_gate)
        {
            return Task.FromResult<IReadOnlyDictionary<string, LinkTraffic>>(
                links.Where(l => Carried.ContainsKey(l) || _endpoints.Values.Any(e => e.Tap == l)).ToDictionary(l => l, l => Carried.GetValueOrDefault(l)));
        }
    }

    public Task RedirectNamesAsync(string networkId, IReadOnlyList<TakenPort> taken, CancellationToken cancel)
    {
        Step("redirect");
        Taken[networkId] = taken;
        return Task.CompletedTask;
    }

    public Task StartAsync(DatapathState desired, CancellationToken cancel)
    {
        Step("start");
        lock (_gate)
        {
            _networks.Clear();
            _endpoints.Clear();
            _ports.Clear();
            foreach (var network in desired.Networks)
            {
                _networks.Add(network.Id, network);
            }

            foreach (var endpoint in desired.Endpoints)
            {
                Assert.True(_networks.ContainsKey(endpoint.NetworkId));
                _endpoints.Add(endpoint.Id, (endpoint, endpoint.Tap ?? throw new InvalidOperationException("a running machine's TAP has a name")));
            }

            foreach (var (machine, ports) in desired.Ports)
            {
                _ports.Add(machine, ports);
            }
        }

        return Task.CompletedTask;
    }

    public IReadOnlyList<OccupiedPrefix> Occupied() => Occupying;

    public string ChooseBridge(IReadOnlySet<string> reserved)
    {
        for (var i = 0; ; i++)
        {
            if (!reserved.Contains($"vbr{i}") && !HostLinks.Contains($"vbr{i}"))
            {
                return $"vbr{i}";
            }
        }
    }

    public Task AddNetworkAsync(DatapathNetwork network, CancellationToken cancel)
    {
        Step("add network");
        lock (_gate)
        {
            if (HostLinks.Contains(network.Bridge))
            {
                throw HyprException.Conflict($"bridge {network.Bridge}: the host has a link of this name");
            }

            Assert.DoesNotContain(_networks.Values, n => n.Bridge == network.Bridge);
            foreach (var gateway in network.Gateways)
            {
                Assert.DoesNotContain(_networks.Values.SelectMany(n => n.Gateways), g => g.Address.Equals(gateway.Address));
            }

            _networks.Add(network.Id, network);
        }

        return Task.CompletedTask;
    }

    public Task RemoveNetworkAsync(string networkId, CancellationToken cancel)
    {
        Step("remove network");
        lock (_gate)
        {
            Assert.DoesNotContain(_endpoints.Values, e => e.Endpoint.NetworkId == networkId);
            _networks.Remove(networkId);
        }

        return Task.CompletedTask;
    }

    public Task<DatapathLink> AttachAsync(DatapathEndpoint endpoint, CancellationToken cancel)
    {
        Step("attach");
        lock (_gate)
        {
            Assert.True(_networks.ContainsKey(endpoint.NetworkId));
            Assert.DoesNotContain(_endpoints.Values, e => e.Endpoint.NetworkId == endpoint.NetworkId && e.Endpoint.Mac == endpoint.Mac);
            var taken = _endpoints.Values.Select(e => e.Tap).ToHashSet();
            var number = Enumerable.Range(0, int.MaxValue).First(i => !taken.Contains($"tap{i}"));
            _endpoints.Add(endpoint.Id, (endpoint, $"tap{number}"));
            return Task.FromResult(new DatapathLink($"tap{number}", File.OpenHandle("/dev/null", FileMode.Open, FileAccess.ReadWrite)));
        }
    }

    public Task DetachAsync(string endpointId, CancellationToken cancel)
    {
        Step("detach");
        lock (_gate)
        {
            _endpoints.Remove(endpointId);
        }

        return Task.CompletedTask;
    }

    public Task PublishAsync(string machineId, IReadOnlyList<DatapathPort> ports, CancellationToken cancel)
    {
        Step("publish");
        lock (_gate)
        {
            _ports.Remove(machineId);
            if (ports.Count > 0)
            {
                _ports.Add(machineId, ports);
            }
        }

        return Task.CompletedTask;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private void Step(string name)
    {
        if (Interlocked.Increment(ref _calls) == FailAt || Fail?.Invoke(name) == true)
        {
            throw HyprException.Unavailable($"the kernel refused to {name}, as the test wants");
        }
    }
}
