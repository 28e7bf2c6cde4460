using System.Net;
using Hypr.Network.Endpoints;
using Hypr.Network.Networks;
using Hypr.Network.Ports;
using Hypr.Primitives;

namespace Hypr.Network.Tests.Endpoints;

public sealed class EndpointTests
{
    [Fact]
    public async Task An_address_that_was_asked_for_is_its_own_at_once_and_over_restarts()
    {
        await using var lab = await Lab.StartAsync();
        var network = await lab.CreateAsync("mynet", "10.89.0.0/16", s => s with { Subnets = [new("10.89.0.0/16", "10.89.4.0/24", null, null)] });
        var web = lab.Machine("web");
        var endpoint = await lab.Service.ConnectAsync(web, network.Id, new EndpointRequest { IPv4 = "10.89.200.7", Aliases = ["shop", "shop", "www.shop"] }, CancellationToken.None);
        Assert.Equal(("10.89.200.7/16", "02:42:0a:59:c8:07"), (endpoint.IPv4.ToString(), endpoint.Mac.ToString()));
        Assert.Equal(["shop", "www.shop"], endpoint.Aliases);
        await lab.RestartAsync();
        var kept = lab.Service.EndpointsOf(web.Id).Single();
        Assert.Equal(endpoint, kept with { Aliases = endpoint.Aliases, DriverOptions = endpoint.DriverOptions });
        Assert.Equal(endpoint.Aliases, kept.Aliases);
        var activation = await lab.ActivateAsync(web);
        Assert.Equal("10.89.200.7/16", activation.Nics[0].Endpoint.IPv4.ToString());
        Assert.Equal(["shop", "www.shop"], lab.Names.Machines[web.Id].Endpoints[0].Aliases);
        Assert.Equal("10.89.4.0/16", (await lab.ActivateAsync(await lab.ConnectedAsync("db", "mynet"))).Nics[0].Endpoint.IPv4.ToString());
        var usage = Assert.Single(lab.Service.Usage(network.Id));
        Assert.Equal(((UInt128)5, (UInt128)255), (usage.InUse, usage.Free));
    }

    public static TheoryData<EndpointRequest, ErrorKind, string> Bad => new()
    {
        { new() { IPv4 = "10.89.0.5" }, ErrorKind.Forbidden, "Address already in use: 10.89.0.5 on network mynet: VM web has it" },
        { new() { IPv4 = "10.89.0.1" }, ErrorKind.Forbidden, "it is the gateway" },
        { new() { IPv4 = "10.89.0.77" }, ErrorKind.Forbidden, "auxiliary address printer" },
        { new() { IPv4 = "10.89.255.255" }, ErrorKind.Forbidden, "broadcast" },
        { new() { IPv4 = "10.89.0.0" }, ErrorKind.Forbidden, "own address" },
        { new() { IPv4 = "10.90.0.5" }, ErrorKind.InvalidParameter, "no configured subnet contains IP address 10.90.0.5" },
        { new() { IPv4 = "rubbish" }, ErrorKind.InvalidParameter, "invalid IPv4 address: rubbish" },
        { new() { IPv4 = "fd00::5" }, ErrorKind.InvalidParameter, "invalid IPv4 address: fd00::5" },
        { new() { IPv6 = "10.89.0.9" }, ErrorKind.InvalidParameter, "invalid IPv6 address" },
        { new() { IPv6 = "fd00::5" }, ErrorKind.InvalidParameter, "no configured subnet contains" },
        { new() { Mac = "02:42:0a:59:00:05" }, ErrorKind.Forbidden, "MAC address 02:42:0a:59:00:05 is in use on network mynet by VM web" },
        { new() { Mac = "01:00:5e:00:00:01" }, ErrorKind.InvalidParameter, "unicast" },
        { new() { Mac = "00:00:00:00:00:00" }, ErrorKind.InvalidParameter, "unicast" },
        { new() { Mac = "rubbish" }, ErrorKind.InvalidParameter, "invalid MAC address rubbish" },
        { new() { Aliases = ["a b"] }, ErrorKind.InvalidParameter, "invalid network alias" },
        { new() { Aliases = [""] }, ErrorKind.InvalidParameter, "invalid network alias" },
    };

    [Theory]
    [MemberData(nameof(Bad))]
    public async Task A_request_that_cannot_be_is_refused_and_leaves_nothing(EndpointRequest request, ErrorKind kind, string words)
    {
        await using var lab = await Lab.StartAsync();
        var network = await lab.CreateAsync("mynet", null, s => s with { Subnets = [new("10.89.0.0/16", null, null, new Dictionary<string, string> { ["printer"] = "10.89.0.77" })] });
        await lab.Service.ConnectAsync(lab.Machine("web"), network.Id, new EndpointRequest { IPv4 = "10.89.0.5" }, CancellationToken.None);
        var db = lab.Machine("db");
        var before = lab.Dump();
        Assert.Contains(words, (await Lab.FailsAsync(kind, () => lab.Service.ConnectAsync(db, network.Id, request, CancellationToken.None))).Message);
        Assert.Equal(before, lab.Dump());
        Assert.Empty(lab.Service.EndpointsOf(db.Id));
        Assert.Single(lab.Service.EndpointsOn(network.Id));
        Assert.Equal((UInt128)5, lab.Service.Usage(network.Id)[0].InUse);
    }

    [Fact]
    public async Task Twice_on_one_network_and_off_one_that_it_is_not_on_are_errors()
    {
        await using var lab = await Lab.StartAsync();
        await lab.CreateAsync("mynet");
        var web = await lab.ConnectedAsync("web", "bridge");
        var twice = await Lab.FailsAsync(ErrorKind.Conflict, () => lab.Service.ConnectAsync(web, lab.Default.Id, new(), CancellationToken.None));
        Assert.Contains("endpoint with name web already exists in network bridge", twice.Message);
        var never = await Lab.FailsAsync(ErrorKind.NotFound, () => lab.Service.DisconnectAsync(web.Id, lab.Service.Find("mynet")!.Id, CancellationToken.None));
        Assert.Contains("container web is not connected to network mynet", never.Message);
    }

    [Fact]
    public async Task A_MAC_that_follows_from_an_address_yields_to_one_that_a_person_chose()
    {
        await using var lab = await Lab.StartAsync();
        await lab.Service.ConnectAsync(lab.Machine("odd"), lab.Default.Id, new EndpointRequest { Mac = "02:42:0a:58:00:02" }, CancellationToken.None);
        var web = await lab.ConnectedAsync("web", "bridge");
        var endpoint = (await lab.ActivateAsync(web)).Nics[0].Endpoint;
        Assert.Equal(("10.88.0.2/16", "02:43:0a:58:00:02"), (endpoint.IPv4.ToString(), endpoint.Mac.ToString()));
        await lab.RestartAsync();
        Assert.Equal(endpoint.Mac, lab.Service.EndpointsOf(web.Id)[0].Mac);
    }

    [Fact]
    public async Task Several_networks_give_NICs_in_the_order_of_connecting_and_one_default_route()
    {
        await using var lab = await Lab.StartAsync();
        await lab.CreateAsync("zoo");
        await lab.CreateAsync("app", null, s => s with { EnableIPv6 = true });
        await lab.CreateAsync("aaa", null, s => s with { Internal = true });
        var web = await lab.ConnectedAsync("web", "zoo", "aaa", "app");
        var activation = await lab.ActivateAsync(web);
        Assert.Equal(["eth0", "eth1", "eth2"], activation.Nics.Select(n => n.GuestName));
        Assert.Equal(["zoo", "aaa", "app"], activation.Nics.Select(n => lab.Service.Find(n.Endpoint.NetworkId)!.Name));

        // By name, and never the internal one.
        Assert.Equal([false, false, true], activation.Nics.Select(n => n.Gateway4 is not null));
        Assert.Equal([false, false, true], activation.Nics.Select(n => n.Gateway6 is not null));
        Assert.Equal(lab.Service.Find("app")!.Subnets[0].Gateway, activation.Nameserver);
        Assert.Equal(["eth0", "eth1", "eth2"], (await lab.ActivateAsync(web)).Nics.Select(n => n.GuestName));
    }

    [Fact]
    public async Task The_gateway_priority_goes_before_the_name_and_a_family_may_have_its_own_way()
    {
        await using var lab = await Lab.StartAsync();
        await lab.CreateAsync("app", null, s => s with { EnableIPv6 = true });
        var zoo = await lab.CreateAsync("zoo");
        var web = await lab.ConnectedAsync("web", "app");
        await lab.Service.ConnectAsync(web, zoo.Id, new EndpointRequest { GatewayPriority = 5 }, CancellationToken.None);
        var port = TestPorts.Next();
        var activation = await lab.ActivateAsync(web, new PortRequest(null, port, port, 80, PortProtocol.Tcp));
        Assert.Equal([false, true], activation.Nics.Select(n => n.Gateway4 is not null));
        Assert.Equal([true, false], activation.Nics.Select(n => n.Gateway6 is not null));
        Assert.Equal([IPAddress.Any, IPAddress.IPv6Any], activation.Ports.Select(p => p.HostIp));
        Assert.Equal(
            [activation.Nics[1].Endpoint.IPv4!.Value.Address, activation.Nics[0].Endpoint.IPv6!.Value.Address],
            lab.Datapath.State.Ports[web.Id].Select(p => p.Target));
    }

    [Fact]
    public async Task A_machine_with_only_internal_networks_publishes_nothing_with_a_warning()
    {
        await using var lab = await Lab.StartAsync();
        var inner = await lab.CreateAsync("inner", null, s => s with { Internal = true });
        var web = await lab.ConnectedAsync("web", "inner");
        var port = TestPorts.Next();
        var activation = await lab.ActivateAsync(web, new PortRequest(null, port, port, 80, PortProtocol.Tcp));
        Assert.Empty(activation.Ports);
        Assert.Empty(lab.Datapath.State.Ports);
        Assert.Contains("no port of web is published", Assert.Single(activation.Warnings));
        Assert.Null(activation.Nics[0].Gateway4);
        Assert.Equal(inner.Subnets[0].Gateway, activation.Nameserver);
    }

    [Fact]
    public async Task A_machine_without_any_network_starts_with_a_warning()
    {
        await using var lab = await Lab.StartAsync();
        var activation = await lab.ActivateAsync(lab.Machine("web"));
        Assert.Empty(activation.Nics);
        Assert.Null(activation.Nameserver);
        Assert.Contains("hypr network connect NETWORK web", Assert.Single(activation.Warnings));
    }

    [Fact]
    public async Task An_isolated_gateway_mode_gives_neither_gateway_nor_nameserver()
    {
        await using var lab = await Lab.StartAsync();
        await lab.CreateAsync("cell", null, s => s with { Internal = true, Options = new Dictionary<string, string> { ["com.docker.network.bridge.gateway_mode_ipv4"] = "isolated" } });
        var activation = await lab.ActivateAsync(await lab.ConnectedAsync("web", "cell"));
        Assert.Null(activation.Nameserver);
        Assert.Empty(lab.Datapath.State.Networks.Single(n => n.Name == "cell").Gateways);
        Assert.Empty(lab.Names.Networks.Values.Single(n => n.Name == "cell").Gateways);
    }

    [Fact]
    public async Task The_search_list_is_the_host_s()
    {
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, "nameserver 1.1.1.1\ndomain old.example\nsearch corp.example\tlan.example\n# search no\n");
            Assert.Equal(["corp.example", "lan.example"], Hypr.Network.Names.HostSearchList.Read(file));
            await File.WriteAllTextAsync(file, "search .\n");
            Assert.Empty(Hypr.Network.Names.HostSearchList.Read(file));
            Assert.Empty(Hypr.Network.Names.HostSearchList.Read(file + ".missing"));
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public async Task Machines_at_once_have_addresses_of_their_own()
    {
        await using var lab = await Lab.StartAsync();
        var network = await lab.CreateAsync("mynet", "10.89.0.0/22");
        var machines = Enumerable.Range(0, 300).Select(i => lab.Machine($"m{i}")).ToList();
        await Task.WhenAll(machines.Select(m => Task.Run(async () =>
        {
            await lab.Service.ConnectAsync(m, network.Id, new(), CancellationToken.None);
            await lab.ActivateAsync(m);
        })));
        var addresses = lab.Service.EndpointsOn(network.Id).Select(e => e.IPv4!.Value.Address).ToHashSet();
        Assert.Equal(300, addresses.Count);
        Assert.Contains(IPAddress.Parse("10.89.1.45"), addresses);
        await Task.WhenAll(machines.Select(m => Task.Run(() => lab.Service.ForgetAsync(m.Id, CancellationToken.None))));
        Assert.Empty(lab.Datapath.State.Endpoints);
        Assert.Equal((UInt128)3, lab.Service.Usage(network.Id)[0].InUse);
    }

    [Fact]
    public async Task An_exhausted_subnet_says_the_figures_and_starts_nothing()
    {
        await using var lab = await Lab.StartAsync();
        await lab.CreateAsync("tiny", "10.89.0.0/30");
        await lab.CreateAsync("other");
        await lab.ActivateAsync(await lab.ConnectedAsync("web", "tiny"));
        var db = await lab.ConnectedAsync("db", "other", "tiny");
        var (stored, kernel) = (lab.Dump(), lab.Datapath.Dump());
        var full = await Lab.FailsAsync(ErrorKind.Forbidden, () => lab.ActivateAsync(db));
        Assert.Contains("no available addresses on network tiny: all of subnet 10.89.0.0/30 are in use (1 by VMs, 4 of 4 in all)", full.Message);
        Assert.Equal((stored, kernel), (lab.Dump(), lab.Datapath.Dump()));
        Assert.All(lab.Service.EndpointsOf(db.Id), e => Assert.Null(e.IPv4));
    }
}
