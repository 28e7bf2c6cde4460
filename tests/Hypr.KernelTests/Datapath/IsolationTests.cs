using System.Net;
using Hypr.Network.Platforms;
using Hypr.Network.Ports;
using Hypr.Testing;
using static Hypr.KernelTests.Datapath.DatapathLab;

namespace Hypr.KernelTests.Datapath;

/// <summary>What must not be reached, each beside its counterpart that is.</summary>
public sealed class IsolationTests
{
    public static TheoryData<bool> BridgeNetfilter => [false, true];

    [Theory]
    [MemberData(nameof(BridgeNetfilter))]
    public async Task Networks_do_not_reach_each_other_by_address_nor_does_a_neighbour_with_a_forged_route(bool bridgeNetfilter)
    {
        await using var lab = new DatapathLab(bridgeNetfilter);
        var first = await lab.Network("vbr0", "10.88.0.1/16", "fd88::1/64");
        var second = await lab.Network("vbr1", "10.89.0.1/24", "fd89::1/64");
        var vm = await lab.Machine("vm", first, "10.88.0.2", "fd88::2");
        var other = await lab.Machine("other", second, "10.89.0.2", "fd89::2");
        using var server = lab.Serve(vm.Space, "vm", 80);
        lab.Serve(lab.Host, "host", 5000, IPAddress.Loopback);
        LabNetwork.Route(lab.World.Lan, "10.88.0.0/16", LabNetwork.HostOnLan);
        LabNetwork.Route(lab.World.Lan, "fd88::/64", LabNetwork.HostOnLan6);

        foreach (var address in vm.Endpoint.Addresses)
        {
            Assert.NotNull(Probe.Tcp(lab.Host, address, 80));
            var seen = server.Seen;
            Assert.Null(Probe.Tcp(other.Space, address, 80, Probe.Silence));
            Assert.Null(Probe.Tcp(lab.World.Lan, address, 80, Probe.Silence));
            Assert.Null(Probe.Udp(lab.World.Lan, address, 80, Probe.Silence));
            Assert.Equal(seen, server.Seen);
        }

        // Published on the host's loopback only: neither a neighbour nor a guest reaches it by routing 127.0.0.1 to the host.
        await lab.Publish(vm, Port("127.0.0.1", 8081, "10.88.0.2", 80));
        Assert.NotNull(Probe.Tcp(lab.Host, IPAddress.Loopback, 8081));
        foreach (var (space, gateway) in (IEnumerable<(TestNamespace, IPAddress)>)[(lab.World.Lan, LabNetwork.HostOnLan), (other.Space, IPAddress.Parse("10.89.0.1"))])
        {
            // The attacker's kernel is told that 127.0.0.1 is elsewhere.
            space.Must("ip", "addr", "del", "127.0.0.1/8", "dev", "lo");
            space.Must("sysctl", "-qw", "net.ipv4.conf.all.route_localnet=1");
            LabNetwork.Route(space, "127.0.0.0/8", gateway);
            Assert.Null(Probe.Tcp(space, IPAddress.Loopback, 8081, Probe.Silence));
            Assert.Null(Probe.Tcp(space, IPAddress.Loopback, 5000, Probe.Silence));
        }

        Assert.NotNull(Probe.Tcp(lab.Host, IPAddress.Loopback, 8081));
    }

    [Theory]
    [MemberData(nameof(BridgeNetfilter))]
    public async Task An_internal_network_reaches_its_members_and_the_hosts_name_server_and_nothing_else(bool bridgeNetfilter)
    {
        await using var lab = new DatapathLab(bridgeNetfilter);
        var outer = await lab.Network("vbr0", "10.88.0.1/16");
        var inner = await lab.Network(Describe("vbr1", ["10.90.0.1/24", "fd90::1/64"], isInternal: true));
        var web = await lab.Machine("web", outer, "10.88.0.2");
        var first = await lab.Machine("first", inner, "10.90.0.2", "fd90::2");
        var second = await lab.Machine("second", inner, "10.90.0.3", "fd90::3");
        lab.Serve(web.Space, "web", 80);
        lab.Serve(second.Space, "second", 80);
        lab.Serve(lab.Host, "dns", 53);
        lab.Serve(lab.Host, "host", 5000);
        lab.Serve(lab.World.Internet, "internet", 80, LabNetwork.InternetAddress);
        await lab.Publish(web, Port("0.0.0.0", 8080, "10.88.0.2", 80));
        var gateway = IPAddress.Parse("10.90.0.1");

        Assert.Equal("second 10.90.0.2", Probe.Tcp(first.Space, second.Address, 80));
        Assert.Equal("second fd90::2", Probe.Tcp(first.Space, second.Endpoint.Addresses[1], 80));
        Assert.Equal("dns 10.90.0.2", Probe.Tcp(first.Space, gateway, 53));
        Assert.Equal("dns 10.90.0.2", Probe.Udp(first.Space, gateway, 53));
        Assert.Equal("dns fd90::2", Probe.Tcp(first.Space, IPAddress.Parse("fd90::1"), 53));
        Assert.Equal("second 10.90.0.1", Probe.Tcp(lab.Host, second.Address, 80));
        Assert.NotNull(Probe.Tcp(lab.World.Lan, LabNetwork.HostOnLan, 8080));

        Assert.Null(Probe.Tcp(first.Space, gateway, 5000, Probe.Silence));
        Assert.Null(Probe.Tcp(first.Space, LabNetwork.HostOnLan, 53, Probe.Silence));
        Assert.Null(Probe.Tcp(first.Space, LabNetwork.HostOnLan, 5000, Probe.Silence));
        Assert.Null(Probe.Tcp(first.Space, gateway, 8080, Probe.Silence));
        Assert.Null(Probe.Tcp(first.Space, LabNetwork.HostOnLan, 8080, Probe.Silence));
        Assert.Null(Probe.Tcp(first.Space, LabNetwork.InternetAddress, 80, Probe.Silence));
        Assert.Null(Probe.Tcp(first.Space, web.Address, 80, Probe.Silence));
        Assert.Null(Probe.Tcp(web.Space, second.Address, 80, Probe.Silence));

        // Nothing of it is published, whoever asks for it.
        await lab.Publish(second, Port("0.0.0.0", 8082, "10.90.0.3", 80));
        Assert.Null(Probe.Tcp(lab.World.Lan, LabNetwork.HostOnLan, 8082, Probe.Silence));
    }

    [Fact]
    public async Task A_published_port_53_leaves_the_bridges_name_server_alone_which_the_outside_does_not_reach()
    {
        await using var lab = new DatapathLab();
        var network = await lab.Network("vbr0", "10.88.0.1/16");
        var vm = await lab.Machine("vm", network, "10.88.0.2");
        lab.Serve(vm.Space, "vm", 53);
        lab.Serve(lab.Host, "dns", 53, IPAddress.Parse("10.88.0.1"));
        await lab.Publish(vm, Port("0.0.0.0", 53, "10.88.0.2", 53), Port("0.0.0.0", 53, "10.88.0.2", 53, PortProtocol.Udp));
        Assert.Equal($"vm {LabNetwork.LanAddress}", Probe.Udp(lab.World.Lan, LabNetwork.HostOnLan, 53));
        Assert.Equal("dns 10.88.0.2", Probe.Udp(vm.Space, IPAddress.Parse("10.88.0.1"), 53));
        Assert.Equal("dns 10.88.0.2", Probe.Tcp(vm.Space, IPAddress.Parse("10.88.0.1"), 53));
        Assert.StartsWith("dns ", Probe.Udp(lab.Host, IPAddress.Parse("10.88.0.1"), 53));
        LabNetwork.Route(lab.World.Lan, "10.88.0.0/16", LabNetwork.HostOnLan);
        Assert.Null(Probe.Udp(lab.World.Lan, IPAddress.Parse("10.88.0.1"), 53, Probe.Silence));
    }

    [Fact]
    public async Task IPv6_is_published_masqueraded_and_routed_by_mode()
    {
        await using var lab = new DatapathLab();
        var nat = await lab.Network("vbr0", "10.88.0.1/16", "fd88::1/64");
        var routed = await lab.Network(Describe("vbr1", ["2001:db8:77::1/64", "10.77.0.1/24"], mode: GatewayMode.Routed));
        var vm = await lab.Machine("vm", nat, "10.88.0.2", "fd88::2");
        var open = await lab.Machine("open", routed, "2001:db8:77::2", "10.77.0.2");
        lab.Serve(vm.Space, "vm", 80);
        lab.Serve(open.Space, "open", 80);
        lab.Serve(open.Space, "open", 81);
        lab.Serve(lab.World.Internet, "internet", 80, LabNetwork.InternetAddress6);
        await lab.Publish(vm, Port("::", 8080, "fd88::2", 80), Port("::", 8080, "fd88::2", 80, PortProtocol.Udp));
        Assert.Equal($"vm {LabNetwork.LanAddress6}", Probe.Tcp(lab.World.Lan, LabNetwork.HostOnLan6, 8080));
        Assert.Equal($"vm {LabNetwork.LanAddress6}", Probe.Udp(lab.World.Lan, LabNetwork.HostOnLan6, 8080));
        Assert.StartsWith("vm ", Probe.Tcp(lab.Host, LabNetwork.HostOnLan6, 8080));
        Assert.Equal("vm fd88::1", Probe.Tcp(vm.Space, LabNetwork.HostOnLan6, 8080));
        Assert.Equal($"internet {LabNetwork.HostOnWan6}", Probe.Tcp(vm.Space, LabNetwork.InternetAddress6, 80));

        // Routed: no translation either way, and only what is published is let in.
        LabNetwork.Route(lab.World.Internet, "2001:db8:77::/64", LabNetwork.HostOnWan6);
        LabNetwork.Route(lab.World.Internet, "10.77.0.0/24", LabNetwork.HostOnWan);
        await lab.Publish(open, Port("::", 8088, "2001:db8:77::2", 80), Port("0.0.0.0", 8088, "10.77.0.2", 80));
        Assert.Equal($"open {LabNetwork.InternetGateway6}", Probe.Tcp(lab.World.Internet, open.Address, 80));
        Assert.Equal($"open {LabNetwork.InternetGateway}", Probe.Tcp(lab.World.Internet, open.Endpoint.Addresses[1], 80));
        Assert.Null(Probe.Tcp(lab.World.Internet, open.Address, 81, Probe.Silence));
        Assert.Equal("internet 2001:db8:77::2", Probe.Tcp(open.Space, LabNetwork.InternetAddress6, 80));
    }

    [Fact]
    public async Task A_udp_flow_follows_its_port_to_another_machine_and_ends_with_it()
    {
        await using var lab = new DatapathLab();
        var network = await lab.Network("vbr0", "10.88.0.1/16");
        var first = await lab.Machine("first", network, "10.88.0.2");
        var second = await lab.Machine("second", network, "10.88.0.3");
        lab.Serve(first.Space, "first", 80);
        lab.Serve(second.Space, "second", 80);
        // One socket keeps its source port: conntrack would keep its way.
        using var client = lab.World.Lan.Run(() => new System.Net.Sockets.UdpClient(new IPEndPoint(LabNetwork.LanAddress, 40000)));
        client.Connect(LabNetwork.HostOnLan, 8080);
        Assert.Null(await Ask(client, Probe.Silence));
        await lab.Publish(first, Port("0.0.0.0", 8080, "10.88.0.2", 80, PortProtocol.Udp));
        Assert.StartsWith("first", await Ask(client, Probe.Patience));
        await lab.Publish(first);
        Assert.Null(await Ask(client, Probe.Silence));
        await lab.Publish(second, Port("0.0.0.0", 8080, "10.88.0.3", 80, PortProtocol.Udp));
        Assert.StartsWith("second", await Ask(client, Probe.Patience));
        await lab.Datapath.DetachAsync(second.Endpoint.Id, default);
        Assert.Equal("", lab.Host.Must("conntrack", "-L", "-r", "10.88.0.3"));
    }

    private static async Task<string?> Ask(System.Net.Sockets.UdpClient client, TimeSpan patience)
    {
        using var limit = new CancellationTokenSource(patience);
        while (!limit.IsCancellationRequested)
        {
            using var turn = CancellationTokenSource.CreateLinkedTokenSource(limit.Token);
            turn.CancelAfter(300);
            try
            {
                await client.SendAsync("?"u8.ToArray());
                return System.Text.Encoding.ASCII.GetString((await client.ReceiveAsync(turn.Token)).Buffer);
            }
            catch (Exception e) when (e is OperationCanceledException or System.Net.Sockets.SocketException)
            {
                // Refused or silent: again until the time is over.
            }
        }

        return null;
    }
}
