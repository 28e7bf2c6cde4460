using System.Net;
using Hypr.KernelTests.Dns;
using Hypr.Network.Endpoints;
using Hypr.Network.Networks;
using Hypr.Network.Ports;
using Hypr.Primitives;
using Hypr.Testing;

namespace Hypr.KernelTests.Networks;

/// <summary>The whole network service over the real kernel.</summary>
public sealed class NetworkServiceTests
{
    private static readonly PortRequest Web = new(null, 8080, 8080, 80, PortProtocol.Tcp);

    [Fact]
    public async Task A_machine_is_reached_by_address_name_and_port_and_again_by_the_next_hyprd_and_no_more_when_it_ended()
    {
        await using var lab = await ServiceLab.StartAsync();
        var (web, machine) = await lab.RunAsync("web", ["bridge"], Web);
        var (db, peer) = await lab.RunAsync("db", ["bridge"]);
        using var server = new EchoServer(machine.Space, "web", IPAddress.IPv6Any, 80);
        for (var hyprd = 1; hyprd <= 2; hyprd++)
        {
            Assert.Equal("web 10.88.0.3", Probe.Tcp(peer.Space, IPAddress.Parse("10.88.0.2"), 80));
            Assert.Equal($"web {LabNetwork.LanAddress}", Probe.Tcp(lab.World.Lan, LabNetwork.HostOnLan, 8080));
            Assert.StartsWith("web ", Probe.Tcp(lab.Host, IPAddress.Loopback, 8080));
            Assert.Equal(["10.88.0.2"], DnsLab.Dig(peer.Space, "@10.88.0.1", "web"));
            Assert.Equal(["10.88.0.2"], DnsLab.Dig(peer.Space, "@10.88.0.1", "web.hypr"));
            Assert.Equal(["10.88.0.3"], DnsLab.Dig(lab.Host, "@10.88.0.1", "-p", "41003", "db.hypr"));
            Assert.NotEqual(0, lab.Host.Run("nc", "-l", "-s", "127.0.0.1", "-p", "8080", "-w", "1").ExitCode);
            if (hyprd == 1)
            {
                await lab.RestartAsync(web, db);
            }
        }

        await lab.Service.DeactivateAsync(web.Id, CancellationToken.None);
        Assert.Empty(DnsLab.Dig(peer.Space, "@10.88.0.1", "web.hypr"));
        Assert.Null(Probe.Tcp(lab.World.Lan, LabNetwork.HostOnLan, 8080, Probe.Silence));
        Assert.True(Probe.Until(() => !lab.Host.Must("ip", "-o", "link").Contains("tap0")));
        Assert.Contains("tap1", lab.Host.Must("ip", "-o", "link"));
        await lab.Service.ForgetAsync(db.Id, CancellationToken.None);
    }

    [Fact]
    public async Task A_running_machine_joins_and_leaves_another_network()
    {
        await using var lab = await ServiceLab.StartAsync();
        var other = await lab.CreateAsync("other");
        var (web, machine) = await lab.RunAsync("web", ["bridge"], Web);
        var (db, peer) = await lab.RunAsync("db", ["other"]);
        using var server = new EchoServer(machine.Space, "web", IPAddress.IPv6Any, 80);
        var there = other.Subnets[0].Gateway.ToString();
        Assert.Null(Probe.Tcp(peer.Space, IPAddress.Parse("10.88.0.2"), 80, Probe.Silence));
        Assert.Empty(DnsLab.Dig(peer.Space, $"@{there}", "web.hypr"));

        var live = await lab.Service.ConnectRunningAsync(web, other.Id, new EndpointRequest { Aliases = ["www"] }, [Web], CancellationToken.None);
        ServiceLab.Plug(machine, live.Nic);
        var address = live.Nic.Endpoint.IPv4!.Value.Address;
        Assert.Equal($"web {lab.Service.EndpointsOf(db.Id)[0].IPv4!.Value.Address}", Probe.Tcp(peer.Space, address, 80));
        Assert.Equal([address.ToString()], DnsLab.Dig(peer.Space, $"@{there}", "www"));
        Assert.StartsWith("web ", Probe.Tcp(lab.World.Lan, LabNetwork.HostOnLan, 8080));

        machine.Unplug(live.Nic.GuestName);
        await lab.Service.DisconnectAsync(web.Id, other.Id, CancellationToken.None);
        Assert.Empty(DnsLab.Dig(peer.Space, $"@{there}", "www"));
        Assert.StartsWith("web ", Probe.Tcp(lab.World.Lan, LabNetwork.HostOnLan, 8080));
        Assert.Single(lab.Service.EndpointsOf(web.Id));
        await lab.Service.DeactivateAsync(db.Id, CancellationToken.None);
        await lab.Service.DeactivateAsync(web.Id, CancellationToken.None);
    }

    [Fact]
    public async Task Networks_skip_what_the_host_has_and_leave_nothing_behind()
    {
        await using var lab = await ServiceLab.StartAsync();
        lab.Host.Must("ip", "link", "add", "vbr1", "type", "bridge");
        lab.Host.Must("ip", "route", "add", "10.112.0.0/24", "dev", "lan0");
        lab.Host.Must("ip", "route", "add", "10.112.1.0/25", "dev", "lan0", "table", "77");
        var first = await lab.CreateAsync("first", s => s with { EnableIPv6 = true });
        Assert.Equal(("vbr2", "10.112.2.0/24"), (first.Bridge, first.Subnets[0].Subnet.ToString()));
        var refused = await Assert.ThrowsAsync<HyprException>(() => lab.CreateAsync("second", s => s with { Subnets = [new SubnetSpec("10.112.0.0/16", null, null, null)] }));
        Assert.Equal(ErrorKind.Forbidden, refused.Kind);
        Assert.Contains("first", refused.Message);
        refused = await Assert.ThrowsAsync<HyprException>(() => lab.CreateAsync("second", s => s with { Subnets = [new SubnetSpec("192.0.2.0/25", null, null, null)] }));
        Assert.Contains("lan0", refused.Message);
        refused = await Assert.ThrowsAsync<HyprException>(() =>
            lab.CreateAsync("second", s => s with { Options = new Dictionary<string, string> { ["com.docker.network.bridge.name"] = "wan0" } }));
        Assert.Equal(ErrorKind.Conflict, refused.Kind);
        Assert.Contains("wan0", refused.Message);
        await Task.WhenAll(Enumerable.Range(0, 20).Select(i => Task.Run(async () =>
        {
            var network = await lab.CreateAsync($"n{i}");
            await lab.Service.RemoveAsync(network.Id, CancellationToken.None);
        })));
        await lab.Service.RemoveAsync(first.Id, CancellationToken.None);
        Assert.Equal(["bridge"], lab.Service.List().Select(n => n.Name));
        Assert.True(Probe.Until(() => Bridges(lab).Length == 2), string.Join('\n', [.. Bridges(lab), .. lab.Log.Lines]));
        Assert.DoesNotContain("10.112.", lab.Host.Must("ip", "addr"));
    }

    private static string[] Bridges(ServiceLab lab) => lab.Host.Must("ip", "-o", "link", "show", "type", "bridge").Split('\n', StringSplitOptions.RemoveEmptyEntries);
}
