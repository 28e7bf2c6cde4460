using System.Net;
using System.Net.Sockets;
using Hypr.Network.Networks;
using Hypr.Network.Ports;
using Hypr.Primitives;

namespace Hypr.Network.Tests.Ports;

public sealed class PortTests
{
    private static PortRequest Tcp(int first, int last, IPAddress? address = null) => new(address, first, last, 80, PortProtocol.Tcp);

    [Fact]
    public async Task A_range_gives_its_first_free_port()
    {
        await using var lab = await Lab.StartAsync();
        var first = TestPorts.Block(4);
        using var other = Listen(IPAddress.Loopback, first);
        var (web, db) = (await lab.ConnectedAsync("web", "bridge"), await lab.ConnectedAsync("db", "bridge"));
        Assert.Equal(first + 1, (await lab.ActivateAsync(web, Tcp(first, first + 2))).Ports.Single().HostPort);
        Assert.Equal(first + 2, (await lab.ActivateAsync(db, Tcp(first, first + 2))).Ports.Single().HostPort);
        var more = await lab.ConnectedAsync("more", "bridge");
        var full = await Lab.FailsAsync(ErrorKind.Conflict, () => lab.ActivateAsync(more, Tcp(first, first + 2)));
        Assert.Contains($"no port of {first}-{first + 2} is free", full.Message);
    }

    [Fact]
    public async Task An_ephemeral_port_is_of_the_kernel_s_range_and_its_own()
    {
        await using var lab = await Lab.StartAsync();
        var range = (await File.ReadAllTextAsync("/proc/sys/net/ipv4/ip_local_port_range")).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Select(int.Parse).ToArray();
        var web = await lab.ConnectedAsync("web", "bridge");
        var ports = (await lab.ActivateAsync(web, Tcp(0, 0), Tcp(0, 0), new PortRequest(null, 0, 0, 53, PortProtocol.Udp))).Ports;
        Assert.All(ports, p => Assert.InRange(p.HostPort, range[0], range[1]));
        Assert.Equal(3, ports.Select(p => (p.Protocol, p.HostPort)).Distinct().Count());
        Assert.Equal(ports.Order(Comparer<PublishedPort>.Create((a, b) => a.HostPort.CompareTo(b.HostPort))), lab.Service.PortsOf(web.Id).OrderBy(p => p.HostPort));
    }

    [Fact]
    public async Task The_same_port_twice_in_one_request_and_hyprd_s_own_ports_are_refused()
    {
        await using var lab = await Lab.StartAsync();
        var port = TestPorts.Next();
        var web = await lab.ConnectedAsync("web", "bridge");
        Assert.Contains("asks for it twice", (await Lab.FailsAsync(ErrorKind.Conflict, () => lab.ActivateAsync(web, Tcp(port, port), Tcp(port, port, IPAddress.Loopback)))).Message);
        foreach (var own in new[] { 41001, 41002 })
        {
            foreach (var address in new[] { null, IPAddress.Loopback })
            {
                Assert.Contains("hyprd's own", (await Lab.FailsAsync(ErrorKind.Conflict, () => lab.ActivateAsync(web, Tcp(own, own, address)))).Message);
            }
        }
    }

    [Fact]
    public async Task Addresses_and_protocols_are_ports_of_their_own()
    {
        await using var lab = await Lab.StartAsync();
        var port = TestPorts.Next();
        var (web, db) = (await lab.ConnectedAsync("web", "bridge"), await lab.ConnectedAsync("db", "bridge"));
        await lab.ActivateAsync(web, Tcp(port, port, IPAddress.Parse("127.0.0.1")), new PortRequest(null, port, port, 53, PortProtocol.Udp));
        await lab.ActivateAsync(db, Tcp(port, port, IPAddress.Parse("127.0.0.2")));
        Assert.Equal(3, lab.Datapath.State.Ports.Values.Sum(p => p.Count));
    }

    [Fact]
    public async Task An_address_that_the_host_does_not_have_and_SCTP_from_one_family_to_the_other_are_refused()
    {
        await using var lab = await Lab.StartAsync();
        var port = TestPorts.Next();
        var web = await lab.ConnectedAsync("web", "bridge");
        Assert.Contains("the host has no address 192.0.2.1",
            (await Lab.FailsAsync(ErrorKind.Conflict, () => lab.ActivateAsync(web, Tcp(port, port, IPAddress.Parse("192.0.2.1"))))).Message);
        Assert.Contains("has no IPv6 address",
            (await Lab.FailsAsync(ErrorKind.InvalidParameter, () => lab.ActivateAsync(web, new PortRequest(IPAddress.IPv6Loopback, port, port, 80, PortProtocol.Sctp)))).Message);
    }

    [Fact]
    public async Task A_default_address_of_the_network_or_of_daemon_json_is_where_ports_go()
    {
        await using var lab = await Lab.StartAsync(new NetworkSettings { DefaultBindAddress = IPAddress.Parse("127.0.0.3") });
        await lab.CreateAsync("near", null, s => s with { Options = new Dictionary<string, string> { ["com.docker.network.bridge.host_binding_ipv4"] = "127.0.0.4" } });
        var port = TestPorts.Next();
        Assert.Equal("127.0.0.3", (await lab.ActivateAsync(await lab.ConnectedAsync("a", "bridge"), Tcp(port, port))).Ports.Single().HostIp.ToString());
        Assert.Equal("127.0.0.4", (await lab.ActivateAsync(await lab.ConnectedAsync("b", "near"), Tcp(port, port))).Ports.Single().HostIp.ToString());
    }

    [Fact]
    public async Task Of_two_machines_that_race_for_a_port_one_has_it()
    {
        await using var lab = await Lab.StartAsync();
        var port = TestPorts.Next();
        var machines = new List<MachineIdentity>();
        for (var i = 0; i < 8; i++)
        {
            machines.Add(await lab.ConnectedAsync($"m{i}", "bridge"));
        }

        var won = await Task.WhenAll(machines.Select(m => Task.Run(async () =>
        {
            try
            {
                await lab.ActivateAsync(m, Tcp(port, port));
                return true;
            }
            catch (HyprException e)
            {
                Assert.Equal(ErrorKind.Conflict, e.Kind);
                return false;
            }
        })));
        Assert.Single(won, w => w);
        Assert.Single(lab.Datapath.State.Ports);
        Assert.Single(lab.Datapath.State.Endpoints);
    }

    [Theory]
    [InlineData(PortProtocol.Tcp, "127.0.0.1")]
    [InlineData(PortProtocol.Udp, "127.0.0.1")]
    [InlineData(PortProtocol.Tcp, "::1")]
    [InlineData(PortProtocol.Udp, "::1")]
    public async Task A_held_port_is_nobody_else_s_even_with_SO_REUSEADDR(PortProtocol protocol, string address)
    {
        var port = new HostPort(IPAddress.Parse(address), TestPorts.Next(), protocol);
        await using var reserver = new SocketPortReserver();
        Assert.Null(await reserver.ReserveAsync("a", [port], CancellationToken.None));
        Assert.Null(await reserver.ReserveAsync("a", [port], CancellationToken.None));
        Assert.NotNull(await reserver.ReserveAsync("b", [port], CancellationToken.None));
        Assert.Throws<SocketException>(() => Bound(port));
        await reserver.KeepAsync(["a"]);
        Assert.Throws<SocketException>(() => Bound(port));
        await reserver.ReleaseAsync("a", [port]);
        Bound(port).Dispose();
        Assert.Null(await reserver.ReserveAsync("a", [port], CancellationToken.None));
        await reserver.KeepAsync([]);
        Bound(port).Dispose();
    }

    [Fact]
    public async Task Many_ports_are_held_together_or_not_at_all()
    {
        var first = TestPorts.Block(50);
        var ports = Enumerable.Range(first, 50).Select(p => new HostPort(IPAddress.Loopback, p, PortProtocol.Tcp)).ToList();
        await using var reserver = new SocketPortReserver();
        using (Listen(IPAddress.Loopback, first + 40))
        {
            var conflict = await reserver.ReserveAsync("a", ports, CancellationToken.None);
            Assert.Equal((first + 40, Environment.ProcessId), (conflict!.Port.Port, conflict.Holder!.Pid));
            Listen(IPAddress.Loopback, first).Dispose();
        }

        Assert.Null(await reserver.ReserveAsync("a", ports, CancellationToken.None));
    }

    [Fact]
    public async Task A_connection_in_TIME_WAIT_does_not_keep_a_port_from_being_held()
    {
        var port = TestPorts.Next();
        using (var listener = Listen(IPAddress.Loopback, port))
        using (var client = new TcpClient())
        {
            await client.ConnectAsync(IPAddress.Loopback, port);

            // Who closes first is the one in TIME_WAIT: here the server's end, which has the port.
            using var server = await listener.AcceptAsync();
            server.Shutdown(SocketShutdown.Both);
            Assert.Equal(0, await client.GetStream().ReadAsync(new byte[1]));
        }

        await using var reserver = new SocketPortReserver();
        Assert.Null(await reserver.ReserveAsync("a", [new HostPort(IPAddress.Any, port, PortProtocol.Tcp)], CancellationToken.None));
    }

    private static Socket Listen(IPAddress address, int port)
    {
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(address, port));
        socket.Listen();
        return socket;
    }

    /// <summary>As a greedy program does it.</summary>
    private static Socket Bound(HostPort port)
    {
        var isTcp = port.Protocol == PortProtocol.Tcp;
        var socket = new Socket(port.Address.AddressFamily, isTcp ? SocketType.Stream : SocketType.Dgram, isTcp ? ProtocolType.Tcp : ProtocolType.Udp);
        try
        {
            socket.SetRawSocketOption(1, 2, BitConverter.GetBytes(1));
            socket.Bind(new IPEndPoint(port.Address, port.Port));
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
