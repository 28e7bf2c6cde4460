using System.Net;
using Hypr.Network;
using Hypr.Network.Endpoints;
using Hypr.Network.Networks;
using Hypr.Network.Ports;
using Hypr.Primitives;
using Hypr.Testing;

namespace Hypr.KernelTests.Networks;

/// <summary>Networks beside a host that changes, and beside each other.</summary>
public sealed class HostChangesTests
{
    [Fact]
    public async Task What_the_host_takes_or_gives_back_counts_for_the_next_network()
    {
        await using var lab = await ServiceLab.StartAsync();
        lab.Host.Must("ip", "link", "add", "vpn0", "type", "bridge");
        lab.Host.Must("ip", "link", "set", "vpn0", "up");
        var turn = 0;
        async Task<string> Next()
        {
            var network = await lab.CreateAsync($"n{turn++}");
            await lab.Service.RemoveAsync(network.Id, CancellationToken.None);
            return network.Subnets[0].Subnet.ToString();
        }

        Assert.Equal("10.112.0.0/24", await Next());
        // Each is asked for right after the change: nothing is waited for.
        lab.Host.Must("ip", "route", "add", "10.112.0.0/23", "dev", "vpn0");
        Assert.Equal("10.112.2.0/24", await Next());
        lab.Host.Must("ip", "route", "del", "10.112.0.0/23");
        Assert.Equal("10.112.0.0/24", await Next());
        lab.Host.Must("ip", "addr", "add", "10.112.0.7/26", "dev", "vpn0");
        Assert.Equal("10.112.1.0/24", await Next());
        lab.Host.Must("ip", "addr", "del", "10.112.0.7/26", "dev", "vpn0");
        Assert.Equal("10.112.0.0/24", await Next());
        lab.Host.Must("ip", "route", "add", "10.112.0.0/24", "dev", "vpn0", "table", "99");
        Assert.Equal("10.112.1.0/24", await Next());
        // The kernel tells of the link, not of the route that goes with it.
        lab.Host.Must("ip", "link", "set", "vpn0", "down");
        Assert.Equal("10.112.0.0/24", await Next());
        lab.Host.Must("ip", "link", "set", "vpn0", "up");
        lab.Host.Must("ip", "addr", "add", "10.112.0.7/24", "dev", "vpn0");
        Assert.Equal("10.112.1.0/24", await Next());
        lab.Host.Must("ip", "link", "set", "vpn0", "name", "vpn1");
        var refused = await Assert.ThrowsAsync<HyprException>(() => lab.CreateAsync("x", s => s with { Subnets = [new SubnetSpec("10.112.0.0/16", null, null, null)] }));
        Assert.Contains("vpn1", refused.Message);
        lab.Host.Must("ip", "link", "del", "vpn1");
        Assert.Equal("10.112.0.0/24", await Next());

        // A storm, of which the socket may lose a part: then everything is asked for again.
        var routes = string.Concat(Enumerable.Range(0, 20_000).Select(i => $"route add 10.200.{i >> 8}.{i & 255}/32 dev lan0\n"));
        lab.Host.MustRead(routes + "route add 10.112.0.0/22 dev lan0\n", "ip", "-batch", "-");
        Assert.Equal("10.112.4.0/24", await Next());
    }

    [Fact]
    public async Task A_network_that_is_made_anew_at_once_is_as_a_new_one()
    {
        await using var lab = await ServiceLab.StartAsync();
        var first = await lab.CreateAsync("n", s => s with { EnableIPv6 = true });
        var link = lab.Host.Netlink.Links.Find(first.Bridge)!;
        await lab.Service.RemoveAsync(first.Id, CancellationToken.None);
        var second = await lab.CreateAsync("m", s => s with
        {
            Subnets = [new SubnetSpec("10.90.0.0/24", null, null, null)],
            Options = new Dictionary<string, string> { ["com.docker.network.driver.mtu"] = "1400" },
        });
        Assert.Equal(first.Bridge, second.Bridge);
        var now = lab.Host.Netlink.Links.Find(second.Bridge)!;
        Assert.Equal(1400, now.Mtu);
        Assert.NotEqual(link.Mac, now.Mac);
        Assert.Equal($"hypr network {second.Id}", now.Alias);
        var addresses = lab.Host.Must("ip", "-o", "addr", "show", "dev", second.Bridge);
        Assert.Contains("inet 10.90.0.1/24", addresses);
        Assert.DoesNotContain("inet6", addresses);
        Assert.DoesNotContain(first.Subnets[0].Gateway.ToString(), addresses);
        var (_, machine) = await lab.RunAsync("web", ["m"]);
        using var server = new EchoServer(machine.Space, "web", IPAddress.IPv6Any, 80);
        Assert.Equal("web 10.90.0.1", Probe.Tcp(lab.Host, IPAddress.Parse("10.90.0.2"), 80));
    }

    [Fact]
    public async Task A_network_without_gateways_has_its_members_alone()
    {
        await using var lab = await ServiceLab.StartAsync();
        var cell = await lab.CreateAsync("cell", static s => s with
        {
            EnableIPv6 = true,
            Internal = true,
            Options = new Dictionary<string, string>
            {
                ["com.docker.network.bridge.gateway_mode_ipv4"] = "isolated",
                ["com.docker.network.bridge.gateway_mode_ipv6"] = "isolated",
            },
        });
        var (web, machine) = await lab.RunAsync("web", ["cell"], new PortRequest(null, 8080, 8080, 80, PortProtocol.Tcp));
        var (_, peer) = await lab.RunAsync("peer", ["cell"]);
        using var server = new EchoServer(machine.Space, "web", IPAddress.IPv6Any, 80);
        using var host = new EchoServer(lab.Host, "host", IPAddress.IPv6Any, 5000);
        var endpoint = lab.Service.EndpointsOf(web.Id)[0];
        Assert.DoesNotContain("inet", lab.Host.Must("ip", "-o", "addr", "show", "dev", cell.Bridge));
        foreach (var (address, subnet, other) in (IEnumerable<(InterfaceAddress, IPNetwork, IPAddress)>)
            [(endpoint.IPv4!.Value, cell.Subnets[0].Subnet, LabNetwork.HostOnLan), (endpoint.IPv6!.Value, cell.Subnets[1].Subnet, LabNetwork.HostOnLan6)])
        {
            Assert.StartsWith("web ", Probe.Tcp(peer.Space, address.Address, 80));
            // Whatever routes both sides set, by whatever address: the host is no member (its kernel has no IPv6 on the bridge at all).
            lab.Host.Run("ip", "route", "add", subnet.ToString(), "dev", cell.Bridge);
            peer.Space.Must("ip", "route", "add", $"{other}", "dev", "eth0");
            Assert.Null(Probe.Tcp(peer.Space, other, 5000, Probe.Silence));
            Assert.Null(Probe.Tcp(lab.World.Lan, address.Address, 80, Probe.Silence));
        }

        Assert.Null(Probe.Tcp(lab.World.Lan, LabNetwork.HostOnLan, 8080, Probe.Silence));
        Assert.Null(Probe.Tcp(lab.World.Lan, LabNetwork.HostOnLan6, 8080, Probe.Silence));
    }

    [Fact]
    public async Task A_network_that_is_removed_while_a_machine_joins_is_gone_or_has_it()
    {
        await using var lab = await ServiceLab.StartAsync();
        var (joined, removed) = (0, 0);
        for (var round = 0; round < 40; round++)
        {
            var network = await lab.CreateAsync("n");
            var machine = new MachineIdentity(ObjectId.New(), $"m{round}");
            lab.Store(machine);

            // The first two rounds have one order each for certain, the others whatever comes.
            var (joins, removes) = (new TaskCompletionSource(), new TaskCompletionSource());
            var join = Task.Run(async () =>
            {
                await joins.Task;
                await lab.Service.ConnectAsync(machine, network.Id, new EndpointRequest(), CancellationToken.None);
                return await lab.Service.ActivateAsync(machine, [], CancellationToken.None);
            });
            var remove = Task.Run(async () =>
            {
                await removes.Task;
                await lab.Service.RemoveAsync(network.Id, CancellationToken.None);
            });
            (round == 1 ? removes : joins).SetResult();
            if (round < 2)
            {
                await Task.WhenAny(round == 0 ? join : remove);
            }

            (round == 1 ? joins : removes).SetResult();
            var refusals = new List<HyprException>();
            foreach (var task in (Task[])[join, remove])
            {
                try
                {
                    await task;
                }
                catch (HyprException e)
                {
                    refusals.Add(e);
                }
            }

            // One of the two was refused, in its own words, and nothing of it is left.
            var refused = Assert.Single(refusals);
            if (lab.Service.Find("n") is null)
            {
                removed++;
                Assert.Equal(ErrorKind.NotFound, refused.Kind);
                Assert.Empty(lab.Service.EndpointsOf(machine.Id));
                Assert.DoesNotContain("tap", lab.Host.Must("ip", "-o", "link", "show", "up"));
            }
            else
            {
                joined++;
                Assert.Equal(ErrorKind.Forbidden, refused.Kind);
                Assert.Contains(machine.Name, refused.Message);
                var endpoint = Assert.Single(lab.Service.EndpointsOn(network.Id));
                Assert.Contains($"master {network.Bridge}", lab.Host.Must("ip", "link", "show", "dev", endpoint.Tap!));
                (await join).Nics[0].Tap.Dispose();
            }

            await lab.Service.ForgetAsync(machine.Id, CancellationToken.None);
            if (lab.Service.Find("n") is not null)
            {
                await lab.Service.RemoveAsync(network.Id, CancellationToken.None);
            }
        }

        // What the next hyprd finds is what this one knows.
        await lab.RestartAsync();
        Assert.Equal(["bridge"], lab.Service.List().Select(n => n.Name));
        Assert.Equal(40, joined + removed);
        Assert.True(joined > 0 && removed > 0, $"{joined} joined, {removed} removed");
    }
}
