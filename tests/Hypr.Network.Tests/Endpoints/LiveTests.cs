using System.Net;
using Hypr.Network.Endpoints;
using Hypr.Network.Networks;
using Hypr.Network.Ports;
using Hypr.Primitives;

namespace Hypr.Network.Tests.Endpoints;

public sealed class LiveTests
{
    [Fact]
    public async Task A_running_machine_gets_a_NIC_and_the_default_route_and_ports_follow_the_priority()
    {
        await using var lab = await Lab.StartAsync();
        var other = await lab.CreateAsync("other");
        var (web, port) = (await lab.ConnectedAsync("web", "bridge"), TestPorts.Next());
        await lab.ActivateAsync(web, new PortRequest(null, port, port, 80, PortProtocol.Tcp));
        using var live = await lab.Service.ConnectRunningAsync(web, other.Id, new EndpointRequest { GatewayPriority = 1, Aliases = ["www"] }, [], CancellationToken.None);
        Assert.Equal(("eth1", "tap1", "10.112.0.2/24"), (live.Nic.GuestName, live.Nic.Endpoint.Tap, live.Nic.Endpoint.IPv4.ToString()));
        Assert.Equal(["10.88.0.1"], live.Before.Nics.Select(n => n.Gateway4?.ToString()));
        Assert.Equal([null, "10.112.0.1"], live.After.Nics.Select(n => n.Gateway4?.ToString()));
        Assert.Equal(("10.88.0.1", "10.112.0.1"), (live.Before.Nameserver?.ToString(), live.After.Nameserver?.ToString()));
        Assert.Equal(IPAddress.Parse("10.112.0.2"), lab.Datapath.State.Ports[web.Id].Single().Target);
        Assert.Equal(2, lab.Names.Machines[web.Id].Endpoints.Count);
        Assert.Equal(port, lab.Service.PortsOf(web.Id).Single().HostPort);

        // The next hyprd knows both.
        await lab.RestartAsync(web);
        Assert.Equal(["tap0", "tap1"], lab.Datapath.State.Endpoints.Select(e => e.Tap).Order());
        Assert.Equal(["eth0", "eth1"], lab.Service.EndpointsOf(web.Id).Select(e => e.GuestName));
        Assert.Equal(IPAddress.Parse("10.112.0.2"), lab.Datapath.State.Ports[web.Id].Single().Target);

        var left = await lab.Service.DisconnectAsync(web.Id, other.Id, CancellationToken.None);
        Assert.Equal(["10.88.0.1"], left!.Nics.Select(n => n.Gateway4?.ToString()));
        Assert.Equal("10.88.0.1", left.Nameserver?.ToString());
        Assert.Equal(IPAddress.Parse("10.88.0.2"), lab.Datapath.State.Ports[web.Id].Single().Target);
        Assert.Single(lab.Datapath.State.Endpoints);
        Assert.Single(lab.Names.Machines[web.Id].Endpoints);
        await lab.Service.RemoveAsync(other.Id, CancellationToken.None);
    }

    [Fact]
    public async Task A_machine_that_had_no_way_out_publishes_when_it_gets_one_and_stops_when_it_loses_it()
    {
        await using var lab = await Lab.StartAsync();
        var inner = await lab.CreateAsync("inner", null, s => s with { Internal = true });
        var (web, port) = (await lab.ConnectedAsync("web", "inner"), TestPorts.Next());
        PortRequest[] requests = [new(null, port, port, 80, PortProtocol.Tcp)];
        await lab.ActivateAsync(web, requests);
        Assert.Empty(lab.Service.PortsOf(web.Id));
        (await lab.Service.ConnectRunningAsync(web, lab.Default.Id, new(), requests, CancellationToken.None)).Dispose();
        Assert.Equal(port, lab.Service.PortsOf(web.Id).Single().HostPort);
        var db = await lab.ConnectedAsync("db", "bridge");
        await Lab.FailsAsync(ErrorKind.Conflict, () => lab.ActivateAsync(db, requests));
        await lab.Service.DisconnectAsync(web.Id, lab.Default.Id, CancellationToken.None);
        Assert.Empty(lab.Service.PortsOf(web.Id));
        Assert.Empty(lab.Datapath.State.Ports);
        await lab.ActivateAsync(db, requests);
        await lab.Service.DeactivateAsync(web.Id, CancellationToken.None);
        Assert.Equal(inner.Id, lab.Service.EndpointsOf(web.Id).Single().NetworkId);
    }

    [Fact]
    public async Task What_is_suspended_comes_back_at_the_next_start_with_the_same_address()
    {
        await using var lab = await Lab.StartAsync();
        var other = await lab.CreateAsync("other");
        var web = await lab.ConnectedAsync("web", "bridge");
        await lab.ActivateAsync(web);
        (await lab.Service.ConnectRunningAsync(web, other.Id, new(), [], CancellationToken.None)).Dispose();
        Assert.NotNull(await lab.Service.SuspendAsync(web.Id, other.Id, CancellationToken.None));
        Assert.Single(lab.Datapath.State.Endpoints);
        Assert.Equal(["eth0", null], lab.Service.EndpointsOf(web.Id).Select(e => e.GuestName));
        Assert.Null(await lab.Service.SuspendAsync(web.Id, other.Id, CancellationToken.None));
        var again = await lab.ActivateAsync(web);
        Assert.Equal(["10.88.0.2/16", "10.112.0.2/24"], again.Nics.Select(n => n.Endpoint.IPv4.ToString()));
    }

    [Fact]
    public async Task The_last_network_may_go_and_a_new_NIC_takes_the_free_name()
    {
        await using var lab = await Lab.StartAsync();
        await lab.CreateAsync("a");
        var b = await lab.CreateAsync("b");
        var web = await lab.ConnectedAsync("web", "bridge", "a");
        await lab.ActivateAsync(web);
        await lab.Service.DisconnectAsync(web.Id, lab.Default.Id, CancellationToken.None);
        using (var live = await lab.Service.ConnectRunningAsync(web, b.Id, new(), [], CancellationToken.None))
        {
            Assert.Equal("eth0", live.Nic.GuestName);
        }

        await lab.Service.DisconnectAsync(web.Id, b.Id, CancellationToken.None);
        var left = await lab.Service.DisconnectAsync(web.Id, lab.Service.Find("a")!.Id, CancellationToken.None);
        Assert.Empty(left!.Nics);
        Assert.Null(left.Nameserver);
        await lab.RestartAsync(web);
        Assert.Equal(web.Name, lab.Names.Machines[web.Id].Name);
        await Lab.FailsAsync(ErrorKind.Conflict, () => lab.Service.ConnectRunningAsync(lab.Machine("still"), b.Id, new(), [], CancellationToken.None));
    }
}
