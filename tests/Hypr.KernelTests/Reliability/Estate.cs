using Hypr.KernelTests.Networks;
using Hypr.Network;
using Hypr.Network.Endpoints;
using Hypr.Network.Networks;
using Hypr.Network.Ports;
using Hypr.Primitives;
using Hypr.Testing;

namespace Hypr.KernelTests.Reliability;

/// <summary>
/// A host's networks and machines, changed in the order in which the engine does it. What a VMM has of a network are its TAPs' descriptors: here nothing else is
/// behind them.
/// </summary>
internal sealed class Estate : IAsyncDisposable
{
    private readonly SortedDictionary<string, Machine> _machines = new(StringComparer.Ordinal);

    /// <summary>The engine stores that a machine is on its way out, and its next start finishes that.</summary>
    private readonly List<MachineIdentity> _removed = [];

    private Estate(ServiceLab lab) => Lab = lab;

    public ServiceLab Lab { get; }

    public static async Task<Estate> StartAsync() => new(await ServiceLab.StartAsync());

    public Task CreateAsync(string network) => Lab.CreateAsync(network, s => s with { EnableIPv6 = true });

    public Task RemoveNetworkAsync(string network) => Lab.Service.RemoveAsync(Find(network), default);

    public void Make(string machine)
    {
        if (_machines.ContainsKey(machine))
            throw HyprException.Conflict($"there is a {machine}");
        var identity = new MachineIdentity(ObjectId.New(), machine);
        Lab.Store(identity);
        _machines.Add(machine, new Machine(identity));
    }

    public async Task StartAsync(string machine, params PortRequest[] ports)
    {
        var known = Stopped(machine);
        var activation = await ActivateAsync(known.Identity, ports);
        known.Taps = activation.Nics.ToDictionary(n => n.Endpoint.NetworkId, n => (IDisposable)n.Tap);
    }

    public async Task StopAsync(string machine)
    {
        var known = Running(machine);
        End(known);
        await Lab.Service.DeactivateAsync(known.Identity.Id, default);
    }

    public async Task RemoveAsync(string machine)
    {
        var known = Get(machine);
        _removed.Add(known.Identity);
        _machines.Remove(machine);
        End(known);
        await ForgetAsync(known.Identity);
    }

    public async Task ConnectAsync(string machine, string network)
    {
        var known = Get(machine);
        if (known.Taps is not { } taps)
        {
            await Lab.Service.ConnectAsync(known.Identity, Find(network), new(), default);
            return;
        }

        var live = await Lab.Service.ConnectRunningAsync(known.Identity, Find(network), new(), [], default);
        taps[live.Nic.Endpoint.NetworkId] = live.Nic.Tap;
    }

    public async Task DisconnectAsync(string machine, string network)
    {
        var (known, id) = (Get(machine), Find(network));
        if (known.Taps?.Remove(id, out var tap) == true)
            tap.Dispose();
        await Lab.Service.DisconnectAsync(known.Identity.Id, id, default);
    }

    public Task PublishAsync(string machine, int port) => Lab.Service.PublishAsync(Running(machine).Identity.Id, [Port(port)], default);

    public Task UnpublishAsync(string machine, int port)
    {
        var known = Running(machine);
        return Lab.Service.UnpublishAsync(known.Identity.Id, [.. Lab.Service.PortsOf(known.Identity.Id).Where(p => p.HostPort == port)], default);
    }

    public Task RestartAsync() => Lab.RestartAsync(Alive());

    public async Task CrashAsync()
    {
        await Lab.CrashAsync(Alive());

        foreach (var machine in _removed)
            await ForgetAsync(machine);
        _removed.Clear();
    }

    /// <summary>Waits until store, memory, kernel and name server agree; what they say otherwise.</summary>
    public async Task AgreeAsync(string after)
    {
        IReadOnlyList<string> faults = [];
        for (var until = DateTime.UtcNow + Probe.Patience; DateTime.UtcNow < until; await Task.Delay(50))
        {
            faults = await Lab.Service.CheckAsync(default);
            if (faults.Count == 0)
                return;
        }

        Assert.Fail($"after {after}:\n{string.Join('\n', faults)}\nlog:\n{string.Join('\n', Lab.Log.Lines.TakeLast(25).Select(l => l.Split('\n')[0]))}");
    }

    /// <summary>What a person sees of it.</summary>
    public string View()
    {
        var lines = Lab.Service.List().Where(n => !n.Predefined).Select(n => $"network {n.Name} {string.Join(' ', n.Subnets.Select(s => s.Subnet))}").Order(StringComparer.Ordinal).ToList();
        foreach (var (name, machine) in _machines)
        {
            var networks = Lab.Service.EndpointsOf(machine.Identity.Id).Select(e => $"{NameOf(e.NetworkId)}{(e.Tap is null ? "" : $"={e.IPv4}")}").Order(StringComparer.Ordinal);
            var ports = Lab.Service.PortsOf(machine.Identity.Id).Select(p => $"{p.HostIp}:{p.HostPort}").Order(StringComparer.Ordinal);
            lines.Add($"machine {name} {string.Join(' ', networks)} ports {string.Join(' ', ports)}");
        }

        return string.Join('\n', lines);
    }

    public IEnumerable<(string Name, string Id, bool Runs)> Machines() => _machines.Select(m => (m.Key, m.Value.Identity.Id, m.Value.Taps is not null));

    public static PortRequest Port(int port) => new(null, port, port, 80, PortProtocol.Tcp);

    public async ValueTask DisposeAsync()
    {
        Lab.Faults.Arm("");
        foreach (var machine in _machines.Values)
            End(machine);
        await Lab.DisposeAsync();
    }

    /// <summary>A program that another test starts at this moment has a copy of the socket that held the port until its exec; nobody is named then.</summary>
    private async Task<Activation> ActivateAsync(MachineIdentity machine, PortRequest[] ports)
    {
        for (var until = DateTime.UtcNow + Probe.Patience; ; await Task.Delay(10))
        {
            try
            {
                return await Lab.Service.ActivateAsync(machine, ports, default);
            }
            catch (HyprException e) when (e.Message.EndsWith("address already in use", StringComparison.Ordinal) && DateTime.UtcNow < until)
            {
            }
        }
    }

    private async Task ForgetAsync(MachineIdentity machine)
    {
        await Lab.Service.ForgetAsync(machine.Id, default);
        Lab.Unstore(machine);
    }

    private MachineIdentity[] Alive() => [.. _machines.Values.Where(m => m.Taps is not null).Select(m => m.Identity)];

    private string Find(string network) => Lab.Service.Find(network)?.Id ?? throw HyprException.NotFound($"no {network}");

    private string NameOf(string id) => Lab.Service.List().Single(n => n.Id == id).Name;

    private Machine Get(string name) => _machines.GetValueOrDefault(name) ?? throw HyprException.NotFound($"no {name}");

    private Machine Running(string name) => Get(name) is { Taps: not null } machine ? machine : throw HyprException.Conflict($"{name} does not run");

    private Machine Stopped(string name) => Get(name) is { Taps: null } machine ? machine : throw HyprException.Conflict($"{name} runs");

    /// <summary>As a VMM that ends.</summary>
    private static void End(Machine machine)
    {
        foreach (var tap in machine.Taps?.Values ?? Enumerable.Empty<IDisposable>())
            tap.Dispose();
        machine.Taps = null;
    }

    private sealed class Machine(MachineIdentity identity)
    {
        public MachineIdentity Identity { get; } = identity;

        /// <summary>By network; null: it does not run.</summary>
        public Dictionary<string, IDisposable>? Taps { get; set; }
    }
}
