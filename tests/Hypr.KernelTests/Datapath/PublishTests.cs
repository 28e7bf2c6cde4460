using System.Net;
using System.Net.Sockets;
using Hypr.Network.Platforms;
using Hypr.Network.Ports;
using Hypr.Testing;
using static Hypr.KernelTests.Datapath.DatapathLab;

namespace Hypr.KernelTests.Datapath;

/// <summary>Ways in and ways out, with bridged frames passing the IP hooks (module br_netfilter's default) and not.</summary>
public sealed class PublishTests
{
    public static TheoryData<bool> BridgeNetfilter => [false, true];

    [Theory]
    [MemberData(nameof(BridgeNetfilter))]
    public async Task A_published_port_is_reached_from_everywhere_by_tcp_and_udp(bool bridgeNetfilter)
    {
        await using var lab = new DatapathLab(bridgeNetfilter);
        var first = await lab.Network("vbr0", "10.88.0.1/16");
        var second = await lab.Network("vbr1", "10.89.0.1/24");
        var web = await lab.Machine("web", first, "10.88.0.2");
        var peer = await lab.Machine("peer", first, "10.88.0.3");
        var other = await lab.Machine("other", second, "10.89.0.2");
        lab.Serve(web.Space, "web", 80);
        await lab.Publish(
            web, Port("0.0.0.0", 8080, "10.88.0.2", 80), Port("0.0.0.0", 8080, "10.88.0.2", 80, PortProtocol.Udp), Port("127.0.0.1", 8081, "10.88.0.2", 80));

        foreach (var ask in (Func<TestNamespace, IPAddress, int, string?>[])[(s, a, p) => Probe.Tcp(s, a, p), (s, a, p) => Probe.Udp(s, a, p)])
        {
            Assert.Equal($"web {LabNetwork.LanAddress}", ask(lab.World.Lan, LabNetwork.HostOnLan, 8080));
            Assert.Equal($"web {LabNetwork.InternetGateway}", ask(lab.World.Internet, LabNetwork.HostOnWan, 8080));
            Assert.StartsWith("web ", ask(lab.Host, LabNetwork.HostOnLan, 8080));
            Assert.StartsWith("web ", ask(lab.Host, IPAddress.Parse("10.88.0.1"), 8080));
            Assert.Equal("web 10.88.0.1", ask(lab.Host, IPAddress.Loopback, 8080));
            Assert.Equal("web 10.88.0.1", ask(web.Space, LabNetwork.HostOnLan, 8080));
            Assert.Equal("web 10.88.0.1", ask(web.Space, IPAddress.Parse("10.88.0.1"), 8080));
            Assert.Equal("web 10.88.0.1", ask(peer.Space, LabNetwork.HostOnLan, 8080));
            Assert.Equal("web 10.89.0.2", ask(other.Space, LabNetwork.HostOnLan, 8080));
        }

        Assert.Equal("web 10.88.0.1", Probe.Tcp(lab.Host, IPAddress.Loopback, 8081));
        Assert.Null(Probe.Tcp(lab.World.Lan, LabNetwork.HostOnLan, 8081, Probe.Silence));
        Assert.Null(Probe.Tcp(other.Space, LabNetwork.HostOnLan, 8081, Probe.Silence));

        await lab.Publish(web);
        Assert.Null(Probe.Tcp(lab.World.Lan, LabNetwork.HostOnLan, 8080, Probe.Silence));
        Assert.Null(Probe.Udp(lab.World.Lan, LabNetwork.HostOnLan, 8080, Probe.Silence));
    }

    [Fact]
    public async Task A_flow_of_datagrams_follows_its_port_to_the_machine_that_has_it_now()
    {
        await using var lab = new DatapathLab(false);
        var network = await lab.Network("vbr0", "10.88.0.1/16");
        var (old, next) = (await lab.Machine("old", network, "10.88.0.2"), await lab.Machine("next", network, "10.88.0.3"));
        lab.Serve(old.Space, "old", 80);
        lab.Serve(next.Space, "next", 80);
        DatapathPort[] Ports(string address) =>
            [.. Enumerable.Range(8080, 3).SelectMany(p => new[] { Port("0.0.0.0", p, address, 80, PortProtocol.Udp), Port("192.0.2.10", p + 100, address, 80, PortProtocol.Udp) })];
        await lab.Publish(old, Ports("10.88.0.2"));
        using var client = lab.World.Lan.Run(() => new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = 15_000 });
        foreach (var port in new[] { 8081, 8181 })
            Assert.StartsWith("old ", Ask(client, port));
        await lab.Publish(old);
        await lab.Publish(next, Ports("10.88.0.3"));
        foreach (var port in new[] { 8081, 8181 })
            Assert.StartsWith("next ", Ask(client, port));
    }

    /// <summary>With one source port, so that conntrack takes it for the same flow.</summary>
    private static string Ask(Socket client, int port)
    {
        client.SendTo("?"u8, new IPEndPoint(LabNetwork.HostOnLan, port));
        var buffer = new byte[256];
        return System.Text.Encoding.ASCII.GetString(buffer, 0, client.Receive(buffer));
    }

    [Theory]
    [MemberData(nameof(BridgeNetfilter))]
    public async Task A_machine_reaches_the_internet_as_the_host_and_the_host_reaches_every_port_of_it(bool bridgeNetfilter)
    {
        await using var lab = new DatapathLab(bridgeNetfilter);
        var network = await lab.Network("vbr0", "10.88.0.1/16");
        var vm = await lab.Machine("vm", network, "10.88.0.2");
        var peer = await lab.Machine("peer", network, "10.88.0.3");
        lab.Serve(lab.World.Internet, "internet", 80, LabNetwork.InternetAddress);
        lab.Serve(lab.World.Lan, "lan", 80);
        lab.Serve(vm.Space, "vm", 9999);

        Assert.Equal($"internet {LabNetwork.HostOnWan}", Probe.Tcp(vm.Space, LabNetwork.InternetAddress, 80));
        Assert.Equal($"internet {LabNetwork.HostOnWan}", Probe.Udp(vm.Space, LabNetwork.InternetAddress, 80));
        Assert.Equal($"lan {LabNetwork.HostOnLan}", Probe.Tcp(vm.Space, LabNetwork.LanAddress, 80));
        Assert.Equal("vm 10.88.0.1", Probe.Tcp(lab.Host, vm.Address, 9999));
        Assert.Equal("vm 10.88.0.3", Probe.Tcp(peer.Space, vm.Address, 9999));
    }
}
