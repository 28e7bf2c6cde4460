using System.Net;
using Hypr.Network.Platforms;
using Hypr.Network.Platforms.Linux;
using Hypr.Network.Ports;
using Hypr.Primitives;
using Hypr.Testing;
using Microsoft.Extensions.Logging;

namespace Hypr.KernelTests.Datapath;

/// <summary>A lab whose host runs the Linux datapath, and stand-ins for VMs on real TAPs.</summary>
internal sealed class DatapathLab : IDisposable, IAsyncDisposable
{
    private readonly List<StandInMachine> _machines = [];
    private readonly Dictionary<string, DatapathNetwork> _networks = [];
    private readonly Dictionary<string, EchoServer> _servers = [];

    public DatapathLab(bool bridgeNetfilter = false, DatapathSettings? settings = null)
    {
        World = new LabNetwork();
        World.SetBridgeNetfilter(bridgeNetfilter);
        Settings = settings ?? new DatapathSettings();
        Datapath = Open();
    }

    public LabNetwork World { get; }
    public DatapathSettings Settings { get; }
    public LinuxDatapath Datapath { get; private set; }
    public LogList Log { get; } = new();
    public TestNamespace Host => World.Host;

    public LinuxDatapath Open() => World.Host.Run(() => LinuxDatapath.Open(Settings, Log, TimeProvider.System));

    /// <summary>As when hyprd ends and another starts.</summary>
    public async Task Restart(DatapathState desired)
    {
        await Datapath.DisposeAsync();
        Datapath = Open();
        await Datapath.StartAsync(desired, default);
    }

    public static DatapathNetwork Describe(string bridge, string[] gateways, bool isInternal = false, bool isolate = false, GatewayMode mode = GatewayMode.Nat) => new(
        $"{bridge}-{new string('0', 40)}", $"net-{bridge}", bridge, [.. gateways.Select(InterfaceAddress.Parse)], 1500, isInternal, isolate, Masquerade: true, mode, mode);

    public async Task<DatapathNetwork> Network(DatapathNetwork network)
    {
        await Datapath.AddNetworkAsync(network, default);
        _networks[network.Id] = network;
        return network;
    }

    public Task<DatapathNetwork> Network(string bridge, params string[] gateways) => Network(Describe(bridge, gateways));

    /// <summary>A stand-in with one NIC on the network, whose default routes are the network's gateways.</summary>
    public async Task<Vm> Machine(string name, DatapathNetwork network, params string[] addresses)
    {
        var ips = addresses.Select(IPAddress.Parse).ToList();
        var mac = ips[0].GetAddressBytes().Length == 4 ? MacAddress.FromIPv4(ips[0]) : MacAddress.FromBytes([2, 0, .. ips[0].GetAddressBytes()[^4..]]);
        var endpoint = new DatapathEndpoint($"ep-{name}", network.Id, $"machine-{name}", mac, ips);
        var link = await Datapath.AttachAsync(endpoint, default);
        var machine = new StandInMachine(TestNamespace.Create(name));
        _machines.Add(machine);
        machine.Plug(
            "eth0",
            link.Queue,
            mac.ToBytes(),
            ips.Select(ip => (ip, network.Gateways.First(g => g.Address.AddressFamily == ip.AddressFamily).PrefixLength)),
            [.. network.Gateways.Select(g => g.Address)]);
        return new Vm(name, machine, endpoint, link.Name, network);
    }

    /// <summary>An echo server on all addresses of a namespace, which goes with the lab.</summary>
    public EchoServer Serve(TestNamespace space, string name, int port, IPAddress? address = null)
    {
        var server = new EchoServer(space, name, address ?? IPAddress.IPv6Any, port);
        _servers.Add($"{name} {port} {_servers.Count}", server);
        return server;
    }

    public Task Publish(Vm vm, params DatapathPort[] ports) => Datapath.PublishAsync(vm.Endpoint.MachineId, ports, default);

    public static DatapathPort Port(string host, int hostPort, string target, int guestPort, PortProtocol protocol = PortProtocol.Tcp) =>
        new(IPAddress.Parse(host), hostPort, IPAddress.Parse(target), guestPort, protocol);

    public void Dispose() => DisposeAsync().AsTask().GetAwaiter().GetResult();

    public async ValueTask DisposeAsync()
    {
        using (World)
        {
            foreach (var server in _servers.Values)
                server.Dispose();
            foreach (var machine in _machines)
                machine.Dispose();
            await Datapath.DisposeAsync();
        }
    }
}

internal sealed record Vm(string Name, StandInMachine Machine, DatapathEndpoint Endpoint, string Tap, DatapathNetwork Network)
{
    public TestNamespace Space => Machine.Space;

    public IPAddress Address => Endpoint.Addresses[0];
}

/// <summary>What was logged.</summary>
internal sealed class LogList : ILoggerFactory, ILogger
{
    private readonly List<string> _lines = [];

    public IReadOnlyList<string> Lines
    {
        get
        {
            lock (_lines)
                return [.. _lines];
        }
    }

    public void Log<TState>(LogLevel level, EventId id, TState state, Exception? error, Func<TState, Exception?, string> format)
    {
        lock (_lines)
            _lines.Add(format(state, error) + (error is null ? "" : $": {error}"));
    }

    public bool IsEnabled(LogLevel level) => true;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public ILogger CreateLogger(string category) => this;

    public void AddProvider(ILoggerProvider provider)
    {
    }

    public void Dispose()
    {
    }
}
