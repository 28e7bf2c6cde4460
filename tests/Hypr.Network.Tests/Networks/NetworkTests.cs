using System.Net;
using Hypr.Network.Networks;
using Hypr.Network.Platforms;
using Hypr.Primitives;

namespace Hypr.Network.Tests.Networks;

public sealed class NetworkTests
{
    [Fact]
    public async Task Without_a_subnet_a_network_has_the_next_free_block_and_bridge()
    {
        await using var lab = await Lab.StartAsync(before: l =>
        {
            l.Datapath.HostLinks.Add("vbr2");
            l.Datapath.Occupying.Add(new OccupiedPrefix(IPNetwork.Parse("10.112.1.0/24"), "wg0", "route of wg0"));
        });
        var (a, b, c) = (await lab.CreateAsync("a"), await lab.CreateAsync("b"), await lab.CreateAsync("c"));
        Assert.Equal(["10.112.0.0/24", "10.112.2.0/24", "10.112.3.0/24"], new[] { a, b, c }.Select(n => n.Subnets[0].Subnet.ToString()));
        Assert.Equal(["vbr1", "vbr3", "vbr4"], new[] { a, b, c }.Select(n => n.Bridge));
        await lab.Service.RemoveAsync(b.Id, CancellationToken.None);
        var d = await lab.CreateAsync("d");
        Assert.Equal(("10.112.2.0/24", "vbr3"), (d.Subnets[0].Subnet.ToString(), d.Bridge));
        Assert.Equal(["a", "bridge", "c", "d"], lab.Service.List().Select(n => n.Name).Order());
    }

    [Fact]
    public async Task All_that_was_asked_for_is_kept_over_a_restart()
    {
        await using var lab = await Lab.StartAsync();
        var made = await lab.Service.CreateAsync(new NetworkSpec
        {
            Name = "mynet",
            Internal = true,
            Attachable = true,
            EnableIPv6 = true,
            Subnets = [new SubnetSpec("fd00:5::/64", null, "fd00:5::9", null), new SubnetSpec("10.89.0.0/16", "10.89.4.0/24", null, new Dictionary<string, string> { ["printer"] = "10.89.0.1" })],
            Options = new Dictionary<string, string>
            {
                ["com.docker.network.bridge.enable_icc"] = "false",
                ["com.docker.network.driver.mtu"] = "1400",
                ["com.docker.network.bridge.trusted_host_interfaces"] = "eth0",
                ["com.docker.network.bridge.name"] = "mybr",
            },
            IpamOptions = new Dictionary<string, string> { ["x"] = "y" },
            Labels = new Dictionary<string, string> { ["com.docker.compose.project"] = "shop" },
        }, CancellationToken.None);
        Assert.Contains("trusted_host_interfaces", made.Warning);
        await lab.RestartAsync();
        var network = lab.Service.Find("mynet")!;
        Assert.Equal(made.Network.Id, network.Id);
        Assert.Equal(made.Network.Created, network.Created);
        Assert.Equal(("mybr", true, true, true, 1400), (network.Bridge, network.Internal, network.Attachable, network.EnableIPv6, network.Mtu));
        Assert.Equal(["10.89.0.0/16", "fd00:5::/64"], network.Subnets.Select(s => s.Subnet.ToString()));
        Assert.Equal(["10.89.0.2", "fd00:5::9"], network.Subnets.Select(s => s.Gateway.ToString()));
        Assert.Equal("10.89.4.0/24", network.Subnets[0].Range.ToString());
        Assert.Equal("10.89.0.1", network.Subnets[0].Auxiliary["printer"].ToString());
        Assert.Equal(made.Network.Options, network.Options);
        Assert.Equal(("y", "shop"), (network.IpamOptions["x"], network.Labels["com.docker.compose.project"]));
        var kernel = lab.Datapath.State.Networks.Single(n => n.Name == "mynet");
        Assert.Equal((true, true, 1400, "mybr"), (kernel.Internal, kernel.Isolate, kernel.Mtu, kernel.Bridge));
        Assert.True(lab.Names.Networks[network.Id].Internal);
    }

    [Fact]
    public async Task IPv6_without_a_subnet_is_a_ULA_64_of_one_prefix_of_this_host()
    {
        await using var lab = await Lab.StartAsync();
        var a = await lab.CreateAsync("a", null, s => s with { EnableIPv6 = true });
        await lab.RestartAsync();
        var b = await lab.CreateAsync("b", null, s => s with { EnableIPv6 = true, EnableIPv4 = false });
        var (first, second) = (a.Subnets[1].Subnet, Assert.Single(b.Subnets).Subnet);
        Assert.Equal((64, 64), (first.PrefixLength, second.PrefixLength));
        Assert.Equal(0xfd, first.BaseAddress.GetAddressBytes()[0]);
        Assert.Equal(first.BaseAddress.GetAddressBytes()[..6], second.BaseAddress.GetAddressBytes()[..6]);
        Assert.NotEqual(first, second);
        var vm = await lab.ConnectedAsync("vm", "b");
        var nic = (await lab.ActivateAsync(vm)).Nics[0];
        Assert.Null(nic.Endpoint.IPv4);
        Assert.NotNull(nic.Endpoint.Mac);
        Assert.Equal(b.Subnets[0].Gateway, nic.Gateway6);
    }

    [Fact]
    public async Task A_network_is_found_by_id_then_name_then_the_beginning_of_its_id()
    {
        await using var lab = await Lab.StartAsync();
        var network = await lab.CreateAsync("mynet");
        Assert.Equal(network.Id, lab.Service.Find(network.Id)!.Id);
        Assert.Equal(network.Id, lab.Service.Find("mynet")!.Id);
        Assert.Equal(network.Id, lab.Service.Find(network.Id[..12])!.Id);
        Assert.Null(lab.Service.Find("nothing"));
        Assert.Null(lab.Service.Find(""));
        var named = await lab.CreateAsync(network.Id[..5]);
        Assert.Equal(named.Id, lab.Service.Find(network.Id[..5])!.Id);
        for (var i = 0; i < 17; i++)
        {
            await lab.CreateAsync($"n{i}");
        }

        // Of 20 ids two begin with the same digit of sixteen.
        var twice = lab.Service.List().GroupBy(n => n.Id[..1]).First(g => g.Count() > 1).Key;
        Assert.Contains("ambiguous", (await Lab.FailsAsync(ErrorKind.InvalidParameter, () => Task.FromResult(lab.Service.Find(twice)))).Message);
    }

    [Fact]
    public async Task A_network_with_machines_is_not_removed_and_they_are_named_stopped_ones_too()
    {
        await using var lab = await Lab.StartAsync();
        var network = await lab.CreateAsync("mynet");
        var (web, db) = (await lab.ConnectedAsync("web", "mynet"), await lab.ConnectedAsync("db", "mynet"));
        await lab.ActivateAsync(web);
        var refused = await Lab.FailsAsync(ErrorKind.Forbidden, () => lab.Service.RemoveAsync(network.Id, CancellationToken.None));
        Assert.Contains("has active endpoints (db, web)", refused.Message);
        await lab.Service.ForgetAsync(web.Id, CancellationToken.None);
        await lab.Service.DisconnectAsync(db.Id, network.Id, CancellationToken.None);
        await lab.Service.RemoveAsync(network.Id, CancellationToken.None);
        Assert.Null(lab.Service.Find("mynet"));
        Assert.DoesNotContain(network.Id, lab.Names.Networks.Keys);
        Assert.Single(lab.Datapath.State.Networks);
        await Lab.FailsAsync(ErrorKind.NotFound, () => lab.Service.RemoveAsync(network.Id, CancellationToken.None));
        await Lab.FailsAsync(ErrorKind.NotFound, () => lab.Service.ConnectAsync(db, network.Id, new(), CancellationToken.None));
        Assert.Contains("pre-defined", (await Lab.FailsAsync(ErrorKind.Forbidden, () => lab.Service.RemoveAsync(lab.Default.Id, CancellationToken.None))).Message);
    }

    [Fact]
    public async Task Exhausted_pools_say_so_with_the_figures_and_give_again_what_comes_back()
    {
        await using var lab = await Lab.StartAsync(new NetworkSettings { Pools = [new(IPNetwork.Parse("10.112.0.0/23"), 24), new(IPNetwork.Parse("10.120.0.0/24"), 25)] });
        var made = new List<VmNetwork>();
        for (var i = 0; i < 4; i++)
        {
            made.Add(await lab.CreateAsync($"n{i}"));
        }

        Assert.Equal(["10.112.0.0/24", "10.112.1.0/24", "10.120.0.0/25", "10.120.0.128/25"], made.Select(n => n.Subnets[0].Subnet.ToString()));
        var full = await Lab.FailsAsync(ErrorKind.InvalidParameter, () => lab.CreateAsync("more"));
        Assert.Contains("all predefined address pools have been fully subnetted", full.Message);
        Assert.Contains("2 blocks /24 of 10.112.0.0/23", full.Message);
        await lab.Service.RemoveAsync(made[1].Id, CancellationToken.None);
        Assert.Equal("10.112.1.0/24", (await lab.CreateAsync("more")).Subnets[0].Subnet.ToString());
    }

    [Fact]
    public async Task A_thousand_creates_and_removes_at_once_leave_what_they_should()
    {
        await using var lab = await Lab.StartAsync();
        await Task.WhenAll(Enumerable.Range(0, 500).Select(i => Task.Run(async () =>
        {
            var network = await lab.CreateAsync($"n{i}");
            if (i % 2 == 0)
            {
                await lab.Service.RemoveAsync(network.Id, CancellationToken.None);
            }
        })).Concat(Enumerable.Range(0, 500).Select(_ => Task.Run(async () =>
        {
            // All want one name: each try is refused or has it for itself.
            try
            {
                var network = await lab.CreateAsync("wanted");
                await lab.Service.RemoveAsync(network.Id, CancellationToken.None);
            }
            catch (HyprException e)
            {
                Assert.Equal(ErrorKind.Conflict, e.Kind);
            }
        }))));
        var left = lab.Service.List();
        Assert.Equal(251, left.Count);
        Assert.Equal(left.Count, left.Select(n => n.Subnets[0].Subnet).Distinct().Count());
        Assert.Equal(left.Select(n => n.Bridge).Order(), lab.Datapath.State.Networks.Select(n => n.Bridge).Order());
        Assert.Equal(left.Select(n => n.Id).Order(), lab.Names.Networks.Keys.Order());
        var before = lab.Dump();
        await lab.RestartAsync();
        Assert.Equal(before, lab.Dump());
        Assert.Equal(251, lab.Service.List().Count);
    }

    [Fact]
    public async Task Machines_come_onto_a_network_that_goes_or_they_keep_it_never_half()
    {
        await using var lab = await Lab.StartAsync();
        for (var round = 0; round < 20; round++)
        {
            var network = await lab.CreateAsync($"n{round}");
            var machines = Enumerable.Range(0, 8).Select(i => lab.Machine($"m{round}-{i}")).ToList();
            var joined = await Task.WhenAll(machines.Select(m => Task.Run(() => TryAsync(() => lab.Service.ConnectAsync(m, network.Id, new(), CancellationToken.None)))));
            var gone = await Task.WhenAll(
                Task.Run(() => TryAsync(() => lab.Service.RemoveAsync(network.Id, CancellationToken.None))),
                Task.Run(() => TryAsync(() => Task.WhenAll(machines.Select(m => lab.Service.ForgetAsync(m.Id, CancellationToken.None))))));
            Assert.All(joined, Assert.True);
            Assert.Equal(!gone[0], lab.Service.Find(network.Id) is not null);
            Assert.Equal(!gone[0], lab.Datapath.State.Networks.Any(n => n.Id == network.Id));
        }

        static async Task<bool> TryAsync(Func<Task> act)
        {
            try
            {
                await act();
                return true;
            }
            catch (HyprException)
            {
                return false;
            }
        }
    }

    [Theory]
    [InlineData("add network")]
    [InlineData("remove network")]
    public async Task A_kernel_that_refuses_leaves_everything_as_it_was(string call)
    {
        await using var lab = await Lab.StartAsync();
        var kept = await lab.CreateAsync("kept");
        var (stored, kernel) = (lab.Dump(), lab.Datapath.Dump());
        lab.Datapath.Fail = c => c == call;
        if (call == "add network")
        {
            await Lab.FailsAsync(ErrorKind.Unavailable, () => lab.CreateAsync("other"));
        }
        else
        {
            await Lab.FailsAsync(ErrorKind.Unavailable, () => lab.Service.RemoveAsync(kept.Id, CancellationToken.None));
        }

        lab.Datapath.Fail = null;
        Assert.Equal((stored, kernel), (lab.Dump(), lab.Datapath.Dump()));
        Assert.Equal(["bridge", "kept"], lab.Service.List().Select(n => n.Name));
        Assert.Equal(2, lab.Names.Networks.Count);
        await lab.ConnectedAsync("web", "kept");
        await lab.CreateAsync("other");
    }
}
