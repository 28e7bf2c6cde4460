using System.Globalization;
using System.Net;
using System.Text;
using Hypr.Linux.Netlink;
using Hypr.Network.Platforms;
using Hypr.Network.Platforms.Linux;
using Hypr.Network.Ports;
using Hypr.Primitives;
using Hypr.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Hypr.Bench.Publish;

/// <summary>
/// A client, a host and a namespace in the VM's place behind a bridge of the host: the same links in every way, other rules. A VM itself would be the bottleneck.
/// <code>client 192.0.2.20 --- 192.0.2.10 host, bridge 10.88.0.1 --- 10.88.0.2 vm</code>
/// </summary>
internal sealed class World : IAsyncDisposable
{
    private const int FirstPort = 20_000;
    private static readonly IPAddress Guest = IPAddress.Parse("10.88.0.2");
    private readonly string _load;
    private readonly TestNamespace _client = TestNamespace.Create("client");
    private readonly TestNamespace _host = TestNamespace.Create("host");
    private readonly TestNamespace _vm = TestNamespace.Create("vm");
    private readonly List<double> _connects = [], _p50 = [], _p99 = [], _gigabits = [];
    private string _address = "192.0.2.10";
    private int _port = 8080;
    private LinuxDatapath? _datapath;
    private Action? _before;

    private World(string name, string load)
    {
        (Name, _load) = (name, load);
        TestNamespace.Join(_client, "eth0", _host, "eth0");
        LabNetwork.Address(_client, "eth0", IPAddress.Parse("192.0.2.20"), 24);
        LabNetwork.Address(_host, "eth0", IPAddress.Parse("192.0.2.10"), 24);
        TestNamespace.Join(_host, "tap0", _vm, "eth0");
        _vm.Netlink.Links.Set("eth0", new LinkSettings { Mac = MacAddress.FromIPv4(Guest).ToBytes() });
        LabNetwork.Address(_vm, "eth0", Guest, 16);
        LabNetwork.Route(_vm, "0.0.0.0/0", IPAddress.Parse("10.88.0.1"));
        _host.Must("sysctl", "-qw", "net.ipv4.ip_forward=1");
        _vm.Start(load, "serve", "80");
    }

    public string Name { get; }

    public double ConnectionsPerSecond => Median(_connects);

    public double P50 => Median(_p50);

    public double P99 => Median(_p99);

    public double Gigabits => Median(_gigabits);

    /// <summary>Nothing but routing: the client calls the VM's address.</summary>
    public static World Direct(string load, bool conntrack)
    {
        var world = new World(conntrack ? "direct, with conntrack" : "direct", load);
        world.Bridge("br0");
        LabNetwork.Route(world._client, "10.88.0.0/16", IPAddress.Parse("192.0.2.10"));
        (world._address, world._port) = ("10.88.0.2", 80);
        if (conntrack)
            world._host.MustRead("table inet t { chain f { type filter hook forward priority 0; ct state invalid drop; }; }", "nft", "-f", "-");
        return world;
    }

    /// <summary>The least that translates: one map, and nothing that keeps anybody from anything.</summary>
    public static World ByHand(string load)
    {
        var world = new World("a map by hand", load);
        world.Bridge("br0");
        world._host.MustRead(
            """
            table ip nat {
              map ports { type inet_proto . inet_service : ipv4_addr . inet_service; elements = { tcp . 8080 : 10.88.0.2 . 80 }; }
              chain pre { type nat hook prerouting priority -100; fib daddr type local dnat to meta l4proto . th dport map @ports; }
            }
            """,
            "nft", "-f", "-");
        return world;
    }

    /// <summary>The datapath as hyprd has it; the veth stands where the TAP would.</summary>
    public static async Task<World> OursAsync(string load, int ports)
    {
        var world = new World($"ours, {ports:N0} ports", load);
        var datapath = world._host.Run(() => LinuxDatapath.Open(new DatapathSettings { TouchForeignFirewalls = false }, NullLoggerFactory.Instance, TimeProvider.System));
        world._datapath = datapath;
        await datapath.StartAsync(new DatapathState([], [], new Dictionary<string, IReadOnlyList<DatapathPort>>()), default);
        var network = new DatapathNetwork(new string('0', 64), "bridge", "vbr0", [InterfaceAddress.Parse("10.88.0.1/16")], 1500, false, false, true, GatewayMode.Nat, GatewayMode.Nat);
        await datapath.AddNetworkAsync(network, default);
        await datapath.AttachAsync(new DatapathEndpoint("endpoint", network.Id, "machine", MacAddress.FromIPv4(Guest), [Guest], "tap0"), default);
        await datapath.PublishAsync("machine", Times.Ports(FirstPort, ports - 1), default);
        await datapath.PublishAsync("other", [new DatapathPort(IPAddress.Any, 8080, Guest, 80, PortProtocol.Tcp)], default);
        return world;
    }

    /// <summary>The rules of dockerd 20.10 for as many ports of one container, the measured one the last, as dockerd appends them.</summary>
    public static World Docker(string load, int ports)
    {
        var world = new World($"Docker's rules, {ports:N0} ports", load);
        world.Bridge("docker0");
        var nat = new StringBuilder();
        var filter = new StringBuilder();
        foreach (var (host, guest) in Enumerable.Range(0, ports - 1).Select(i => (FirstPort + i, FirstPort + i)).Append((8080, 80)))
        {
            nat.Append(CultureInfo.InvariantCulture, $"-A POSTROUTING -s 10.88.0.2/32 -d 10.88.0.2/32 -p tcp -m tcp --dport {guest} -j MASQUERADE\n");
            nat.Append(CultureInfo.InvariantCulture, $"-A DOCKER ! -i docker0 -p tcp -m tcp --dport {host} -j DNAT --to-destination 10.88.0.2:{guest}\n");
            filter.Append(CultureInfo.InvariantCulture, $"-A DOCKER -d 10.88.0.2/32 ! -i docker0 -o docker0 -p tcp -m tcp --dport {guest} -j ACCEPT\n");
        }

        world._host.MustRead(
            $"""
            *nat
            :DOCKER - [0:0]
            -A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
            -A OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER
            -A POSTROUTING -s 10.88.0.0/16 ! -o docker0 -j MASQUERADE
            -A DOCKER -i docker0 -j RETURN
            {nat}COMMIT
            *filter
            :FORWARD DROP [0:0]
            :DOCKER - [0:0]
            :DOCKER-ISOLATION-STAGE-1 - [0:0]
            :DOCKER-ISOLATION-STAGE-2 - [0:0]
            :DOCKER-USER - [0:0]
            -A FORWARD -j DOCKER-USER
            -A FORWARD -j DOCKER-ISOLATION-STAGE-1
            -A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
            -A FORWARD -o docker0 -j DOCKER
            -A FORWARD -i docker0 ! -o docker0 -j ACCEPT
            -A FORWARD -i docker0 -o docker0 -j ACCEPT
            -A DOCKER-ISOLATION-STAGE-1 -i docker0 ! -o docker0 -j DOCKER-ISOLATION-STAGE-2
            -A DOCKER-ISOLATION-STAGE-1 -j RETURN
            -A DOCKER-ISOLATION-STAGE-2 -o docker0 -j DROP
            -A DOCKER-ISOLATION-STAGE-2 -j RETURN
            -A DOCKER-USER -j RETURN
            {filter}COMMIT

            """,
            "iptables-restore");
        return world;
    }

    /// <summary>
    /// Docker's own program, as it carries a port where there are no rules. It tells its parent on descriptor 3 that it is up. One for each round: it ends
    /// for good at the first accept(2) that fails, as one does under a storm of connections for want of descriptors.
    /// </summary>
    public static World DockerProxy(string load)
    {
        var world = new World("docker-proxy", load);
        world.Bridge("docker0");
        TestProgram? proxy = null;
        world._before = () =>
        {
            proxy?.Dispose();
            proxy = world._host.Start("sh", "-c", "exec docker-proxy -proto tcp -host-ip 0.0.0.0 -host-port 8080 -container-ip 10.88.0.2 -container-port 80 3>/dev/null");
        };
        return world;
    }

    public void Measure(int seconds)
    {
        _before?.Invoke();
        if (!Probe.Until(() => _client.Run(_load, "stream", _address, $"{_port}", "0").Succeeded))
            throw new InvalidOperationException($"{Name}: nobody answers");
        _gigabits.Add(Number(_client.Must(_load, "stream", _address, $"{_port}", $"{seconds}")));
        var words = _client.Must(_load, "connect", _address, $"{_port}", $"{seconds}").Split(' ');
        _connects.Add(Number(words[0]));
        _p50.Add(Number(words[1]));
        _p99.Add(Number(words[2]));
    }

    public async ValueTask DisposeAsync()
    {
        if (_datapath is not null)
            await _datapath.DisposeAsync();
        _client.Dispose();
        _vm.Dispose();
        _host.Dispose();
    }

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);

    private static double Median(List<double> of) => of.Order().ElementAt(of.Count / 2);

    private void Bridge(string name)
    {
        _host.Netlink.Links.CreateBridge(name, new BridgeSettings { Stp = false }, new LinkSettings { Up = true });
        LabNetwork.Address(_host, name, IPAddress.Parse("10.88.0.1"), 16);
        _host.Netlink.Links.Set("tap0", new LinkSettings { Master = _host.Netlink.Links.IndexOf(name) });
    }
}
