using System.Net;
using System.Net.Sockets;
using Hypr.Network.Endpoints;
using Hypr.Network.Ports;
using Hypr.Primitives;

namespace Hypr.Network.Tests.Endpoints;

public sealed class ActivationTests
{
    [Fact]
    public async Task The_default_network_is_made_at_the_first_start_and_kept_at_the_next()
    {
        await using var lab = await Lab.StartAsync();
        var network = lab.Default;
        Assert.Equal("vbr0", network.Bridge);
        Assert.Equal("10.88.0.0/16", network.Subnets[0].Subnet.ToString());
        Assert.Equal("10.88.0.1", network.Subnets[0].Gateway.ToString());
        Assert.Equal("vbr0", network.Options["com.docker.network.bridge.name"]);
        Assert.Empty(lab.Service.Notes);
        await lab.RestartAsync();
        Assert.Equal(network.Id, lab.Default.Id);
        Assert.Equal(network.Created, lab.Default.Created);
        Assert.Equal("10.88.0.1/16", Assert.Single(lab.Datapath.State.Networks).Gateways.Single().ToString());
    }

    [Fact]
    public async Task The_first_machine_has_the_lowest_address_a_MAC_from_it_a_TAP_a_name_and_the_default_route()
    {
        await using var lab = await Lab.StartAsync();
        var web = await lab.ConnectedAsync("web", "bridge");
        Assert.Null(lab.Service.EndpointsOf(web.Id)[0].IPv4);
        using var activation = await lab.Service.ActivateAsync(web, [], CancellationToken.None);
        var nic = Assert.Single(activation.Nics);
        Assert.False(nic.Tap.IsClosed);
        Assert.Equal("10.88.0.2/16", nic.Endpoint.IPv4.ToString());
        Assert.Equal("02:42:0a:58:00:02", nic.Endpoint.Mac.ToString());
        Assert.Equal(("eth0", "tap0", 1500), (nic.GuestName, nic.Endpoint.Tap, nic.Mtu));
        Assert.Equal("10.88.0.1", nic.Gateway4?.ToString());
        Assert.Null(nic.Gateway6);
        Assert.Equal("10.88.0.1", activation.Nameserver?.ToString());
        Assert.Equal("10.88.0.1", activation.HostGateway?.ToString());
        Assert.Equal([IPAddress.Parse("10.88.0.2")], lab.Names.Addresses(web.Id));
        Assert.Equal("tap0", lab.Service.EndpointsOn(lab.Default.Id).Single().Tap);
    }

    [Fact]
    public async Task A_stopped_machine_keeps_its_address_and_loses_its_TAP_its_name_and_its_ports()
    {
        await using var lab = await Lab.StartAsync();
        var port = TestPorts.Next();
        var (web, db) = (await lab.ConnectedAsync("web", "bridge"), await lab.ConnectedAsync("db", "bridge"));
        var first = await lab.ActivateAsync(web, new PortRequest(null, port, port, 80, PortProtocol.Tcp));
        Assert.Equal(new PublishedPort(IPAddress.Any, port, 80, PortProtocol.Tcp), Assert.Single(first.Ports));
        Assert.Throws<SocketException>(() => Listen(port));
        await lab.Service.DeactivateAsync(web.Id, CancellationToken.None);
        Assert.Empty(lab.Datapath.State.Endpoints);
        Assert.Empty(lab.Datapath.State.Ports);
        Assert.Empty(lab.Service.PortsOf(web.Id));
        Assert.Empty(lab.Names.Machines);
        Listen(port);
        Assert.Equal("10.88.0.3/16", (await lab.ActivateAsync(db)).Nics[0].Endpoint.IPv4.ToString());
        Assert.Equal("10.88.0.2/16", (await lab.ActivateAsync(web)).Nics[0].Endpoint.IPv4.ToString());
        await lab.Service.ForgetAsync(web.Id, CancellationToken.None);
        var cache = await lab.ConnectedAsync("cache", "bridge");
        Assert.Equal("10.88.0.2/16", (await lab.ActivateAsync(cache)).Nics[0].Endpoint.IPv4.ToString());
    }

    [Fact]
    public async Task A_new_hyprd_keeps_the_running_and_takes_down_the_rest()
    {
        await using var lab = await Lab.StartAsync();
        var (port, other) = (TestPorts.Next(), TestPorts.Next());
        var (web, db) = (await lab.ConnectedAsync("web", "bridge"), await lab.ConnectedAsync("db", "bridge"));
        await lab.ActivateAsync(web, new PortRequest(null, port, port, 80, PortProtocol.Tcp));
        await lab.ActivateAsync(db, new PortRequest(null, other, other, 5432, PortProtocol.Tcp));
        await lab.RestartAsync(db);
        var kept = Assert.Single(lab.Datapath.State.Endpoints);
        Assert.Equal((db.Id, "tap1"), (kept.MachineId, kept.Tap));
        Assert.Equal("eth0", lab.Service.EndpointsOf(db.Id)[0].GuestName);
        Assert.Null(lab.Service.EndpointsOf(web.Id)[0].Tap);
        Assert.Equal("10.88.0.2/16", lab.Service.EndpointsOf(web.Id)[0].IPv4.ToString());
        Assert.Equal(other, lab.Datapath.State.Ports[db.Id].Single().HostPort);
        Assert.Equal(IPAddress.Parse("10.88.0.3"), lab.Datapath.State.Ports[db.Id].Single().Target);
        Assert.Equal(db.Id, Assert.Single(lab.Names.Machines).Key);
        Assert.Throws<SocketException>(() => Listen(other));
        Listen(port);
        Assert.Equal("10.88.0.4/16", (await lab.ActivateAsync(await lab.ConnectedAsync("third", "bridge"))).Nics[0].Endpoint.IPv4.ToString());
    }

    [Fact]
    public async Task A_port_that_a_VM_publishes_is_refused_by_its_name_and_nothing_remains()
    {
        await using var lab = await Lab.StartAsync();
        var port = TestPorts.Next();
        var (web, db) = (await lab.ConnectedAsync("web", "bridge"), await lab.ConnectedAsync("db", "bridge"));
        await lab.ActivateAsync(web, new PortRequest(null, port, port, 80, PortProtocol.Tcp));
        var (stored, kernel) = (lab.Dump(), lab.Datapath.Dump());
        var refused = await Lab.FailsAsync(ErrorKind.Conflict, () => lab.ActivateAsync(db, new PortRequest(IPAddress.Loopback, port, port, 80, PortProtocol.Tcp)));
        Assert.Contains("port is already allocated", refused.Message);
        Assert.Contains("VM web", refused.Message);
        Assert.Equal((stored, kernel), (lab.Dump(), lab.Datapath.Dump()));
        Assert.Null(lab.Service.EndpointsOf(db.Id)[0].IPv4);
    }

    [Fact]
    public async Task A_port_that_a_process_listens_on_is_refused_by_its_name_and_pid()
    {
        await using var lab = await Lab.StartAsync();
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        var port = ((IPEndPoint)listener.LocalEndPoint!).Port;
        var web = await lab.ConnectedAsync("web", "bridge");
        var refused = await Lab.FailsAsync(ErrorKind.Conflict, () => lab.ActivateAsync(web, new PortRequest(null, port, port, 80, PortProtocol.Tcp)));
        Assert.Contains($"(pid {Environment.ProcessId})", refused.Message);
        Assert.Contains("address already in use", refused.Message);
    }

    [Fact]
    public async Task A_new_name_is_answered_at_once()
    {
        await using var lab = await Lab.StartAsync();
        var web = await lab.ConnectedAsync("web", "bridge");
        await lab.ActivateAsync(web);
        await lab.Service.RenameAsync(web with { Name = "shop" }, CancellationToken.None);
        Assert.Equal("shop", lab.Names.Machines[web.Id].Name);
        Assert.Equal("shop", lab.Service.EndpointsOf(web.Id)[0].MachineName);
    }

    private static void Listen(int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
        socket.Listen();
    }
}
