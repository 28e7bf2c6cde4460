using System.Net;
using System.Net.Sockets;
using Hypr.Network.Ports;

namespace Hypr.Network.Tests.Ports;

/// <summary>Which addresses of the host a port is published on, and who carries it: the rules or the holder's socket.</summary>
public sealed class FamilyTests
{
    private static PortRequest Everywhere(int port, PortProtocol protocol = PortProtocol.Tcp) => new(null, port, port, 80, protocol);

    [Theory]
    [InlineData(PortProtocol.Tcp)]
    [InlineData(PortProtocol.Udp)]
    public async Task A_port_without_an_address_is_on_both_families_though_the_machine_has_only_IPv4(PortProtocol protocol)
    {
        await using var lab = await Lab.StartAsync(hasIPv6: true);
        var (web, port) = (await lab.ConnectedAsync("web", "bridge"), TestPorts.Next());
        var published = (await lab.ActivateAsync(web, Everywhere(port, protocol))).Ports;
        Assert.Equal([IPAddress.Any, IPAddress.IPv6Any], published.Select(p => p.HostIp));
        Assert.All(published, p => Assert.Equal((port, 80), (p.HostPort, p.GuestPort)));
        Assert.Equal(IPAddress.Any, lab.Datapath.State.Ports[web.Id].Single().HostIp);
        Assert.Equal(2, lab.Reserver.Count);
        await lab.RestartAsync(web);
        Assert.Equal(published.Order(ByAddress), lab.Service.PortsOf(web.Id).Order(ByAddress));
        Assert.Equal(2, lab.Reserver.Count);
        await lab.Service.DeactivateAsync(web.Id, CancellationToken.None);
        Assert.Equal(0, lab.Reserver.Count);
    }

    [Fact]
    public async Task SCTP_and_a_host_without_IPv6_leave_the_other_family_out()
    {
        await using (var lab = await Lab.StartAsync(hasIPv6: false))
        {
            Assert.Single((await lab.ActivateAsync(await lab.ConnectedAsync("web", "bridge"), Everywhere(TestPorts.Next()))).Ports);
        }

        var targets = new PortTargets(new PortTarget(IPAddress.Parse("10.88.0.2"), false), null);
        Assert.Equal([IPAddress.Any], targets.Everywhere(PortProtocol.Sctp, hostHasIPv6: true));
        Assert.Equal([IPAddress.Any, IPAddress.IPv6Any], targets.Everywhere(PortProtocol.Udp, hostHasIPv6: true));
        Assert.Equal([IPAddress.IPv6Any], new PortTargets(null, new PortTarget(IPAddress.Parse("fd00::2"), false)).Everywhere(PortProtocol.Sctp, hostHasIPv6: true));
    }

    [Theory]
    [InlineData("::", true, "fd00::2", "[fd00::2]:80")]
    [InlineData("::", false, null, "10.88.0.2:80")]
    [InlineData("::1", true, null, "[fd00::2]:80")]
    [InlineData("::1", false, null, "10.88.0.2:80")]
    [InlineData("2001:db8::1", true, "fd00::2", "[fd00::2]:80")]
    [InlineData("2001:db8::1", false, null, "10.88.0.2:80")]
    [InlineData("0.0.0.0", true, "10.88.0.2", null)]
    [InlineData("127.0.0.1", false, "10.88.0.2", null)]
    public void The_rules_carry_what_they_can_and_the_socket_the_rest(string host, bool hasIPv6, string? rules, string? socket)
    {
        var targets = new PortTargets(new PortTarget(IPAddress.Parse("10.88.0.2"), false), hasIPv6 ? new PortTarget(IPAddress.Parse("fd00::2"), false) : null);
        var port = new PublishedPort(IPAddress.Parse(host), 8080, 80, PortProtocol.Tcp);
        Assert.Equal((rules, socket), (targets.ByRules(port)?.ToString(), targets.BySocket(port)?.ToString()));
    }

    [Fact]
    public async Task A_routed_network_takes_nothing_of_the_host_and_shows_no_host_port()
    {
        await using var lab = await Lab.StartAsync(hasIPv6: true);
        await lab.CreateAsync("routed", null, s => s with { Options = new Dictionary<string, string> { ["com.docker.network.bridge.gateway_mode_ipv4"] = "routed" } });
        var port = TestPorts.Next();
        foreach (var name in new[] { "a", "b" })
        {
            var machine = await lab.ConnectedAsync(name, "routed");
            var published = (await lab.ActivateAsync(machine, Everywhere(port), Everywhere(port + 1))).Ports;
            Assert.Equal(new PublishedPort(IPAddress.Any, 0, 80, PortProtocol.Tcp), Assert.Single(published));
            Assert.Equal(lab.Service.EndpointsOf(machine.Id)[0].IPv4!.Value.Address, lab.Datapath.State.Ports[machine.Id].Single().Target);
        }

        Assert.Equal(0, lab.Reserver.Count);
    }

    [Fact]
    public async Task A_held_port_whose_target_changes_carries_new_connections_there()
    {
        using var first = Listen();
        using var second = Listen();
        await using var reserver = new SocketPortReserver();
        var port = TestPorts.Next();
        HostPort To(Socket server) => new(IPAddress.IPv6Any, port, PortProtocol.Tcp) { Target = (IPEndPoint)server.LocalEndPoint! };
        Assert.Null(await reserver.ReserveAsync("a", [To(first)], CancellationToken.None));
        using var before = await ReachesAsync(port, first);
        Assert.Null(await reserver.ReserveAsync("a", [To(second)], CancellationToken.None));
        using var after = await ReachesAsync(port, second);
        Assert.Equal(1, reserver.Count);

        // Let go of without knowing where it led.
        await reserver.ReleaseAsync("a", [new HostPort(IPAddress.IPv6Any, port, PortProtocol.Tcp)]);
        Assert.Equal(0, reserver.Count);
    }

    [Fact]
    public async Task A_port_that_carried_connections_is_held_again_at_once()
    {
        using var server = Listen();
        await using var reserver = new SocketPortReserver();
        HostPort port = new(IPAddress.IPv6Any, TestPorts.Next(), PortProtocol.Tcp) { Target = (IPEndPoint)server.LocalEndPoint! };
        for (var i = 0; i < 3; i++)
        {
            Assert.Null(await reserver.ReserveAsync("a", [port], CancellationToken.None));

            // The server closes first: the forwarder's end is the one in TIME_WAIT.
            using var client = await ReachesAsync(port.Port, server);
            Assert.Equal(0, await client.ReceiveAsync(new byte[1]));
            client.Close();
            await reserver.ReleaseAsync("a", [port]);
        }
    }

    private static Socket Listen()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        socket.Listen();
        return socket;
    }

    private static async Task<Socket> ReachesAsync(int port, Socket server)
    {
        var client = new Socket(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(IPAddress.IPv6Loopback, port);
        using var peer = await server.AcceptAsync();
        await peer.SendAsync("x"u8.ToArray());
        Assert.Equal(1, await client.ReceiveAsync(new byte[1]));
        return client;
    }

    private static readonly Comparer<PublishedPort> ByAddress = Comparer<PublishedPort>.Create((a, b) => string.CompareOrdinal(a.HostIp.ToString(), b.HostIp.ToString()));
}
