using Hypr.Engine.Machines;
using Hypr.Primitives;

namespace Hypr.Engine.Tests.Networks;

public sealed class LiveNetworkTests
{
    private static NetworkAttachment To(string network, int priority = 0) => new() { Network = network, GwPriority = priority };

    [Fact]
    public async Task A_running_machine_gets_its_NIC_at_once_and_the_default_route_moves_with_it()
    {
        await using var lab = await NetworkLab.StartAsync("other");
        var (web, guest) = await lab.MachineAsync("web");
        await lab.Cases.ConnectAsync("other", "web", To("other", 5), CancellationToken.None);
        Assert.Equal(["add eth1", "configure eth0", "names"], guest.Told);
        Assert.Equal([null, "10.112.0.1"], guest.Nics.Values.OrderBy(n => n.Name).Select(n => n.Gateway4?.ToString()));
        Assert.Equal("10.112.0.2/24", guest.Nics["eth1"].Addresses.Single().ToString());
        Assert.Equal(["10.112.0.1"], guest.Resolver!.Nameservers);
        Assert.Equal(["10.88.0.2", "10.112.0.2"], guest.Hosts.Select(h => h.Address));
        Assert.Equal(2, lab.Datapath.State.Endpoints.Count);

        guest.Told.Clear();
        await lab.Cases.DisconnectAsync("other", "web", force: false, CancellationToken.None);
        Assert.Equal(["remove eth1", "configure eth0", "names"], guest.Told);
        Assert.Equal("10.88.0.1", guest.Nics["eth0"].Gateway4?.ToString());
        Assert.Equal(["10.88.0.1"], guest.Resolver!.Nameservers);
        Assert.Single(lab.Networks.EndpointsOf(web.Id));
        Assert.Single(lab.Datapath.State.Endpoints);
    }

    [Theory]
    [InlineData("add eth1", ErrorKind.Internal)]
    [InlineData("configure eth0", ErrorKind.Unavailable)]
    [InlineData("names", ErrorKind.Internal)]
    public async Task A_guest_that_refuses_a_step_has_and_the_host_has_what_was_before(string step, ErrorKind kind)
    {
        await using var lab = await NetworkLab.StartAsync("other");
        var (web, guest) = await lab.MachineAsync("web");
        var (nics, kernel) = (guest.Nics.ToArray(), lab.Datapath.Dump());
        var names = lab.Names.Machines[web.Id].Endpoints.Count;
        guest.Refuse = what => what == step && guest.Told.Count(t => t == step) == 1 ? kind : null;
        var refused = await Assert.ThrowsAsync<HyprException>(() => lab.Cases.ConnectAsync("other", "web", To("other", 5), CancellationToken.None));
        Assert.Equal(kind, refused.Kind);
        Assert.Equivalent(nics.Select(n => (n.Key, n.Value.Gateway4?.ToString())), guest.Nics.Select(n => (n.Key, n.Value.Gateway4?.ToString())));
        Assert.Equal(kernel, lab.Datapath.Dump());
        Assert.Single(lab.Networks.EndpointsOf(web.Id));
        Assert.Equal(names, lab.Names.Machines[web.Id].Endpoints.Count);
    }

    [Fact]
    public async Task Without_a_free_slot_it_is_attached_from_its_next_start_on()
    {
        await using var lab = await NetworkLab.StartAsync("other");
        var (web, guest) = await lab.MachineAsync("web");
        guest.Refuse = what => what == "add eth1" ? ErrorKind.Unavailable : null;
        var refused = await Assert.ThrowsAsync<HyprException>(() => lab.Cases.ConnectAsync("other", "web", To("other"), CancellationToken.None));
        Assert.Contains("hypr restart web", refused.Message);
        Assert.Single(lab.Datapath.State.Endpoints);
        using var next = await lab.Networks.ActivateAsync(CreateMachine.Identity(web), [], CancellationToken.None);
        Assert.Equal(["eth0", "eth1"], next.Nics.Select(n => n.GuestName));
    }

    [Fact]
    public async Task A_stopped_machine_is_only_written_down_and_a_paused_one_is_refused()
    {
        await using var lab = await NetworkLab.StartAsync("other");
        var (web, guest) = await lab.MachineAsync("web", running: false);
        await lab.Cases.ConnectAsync("other", "web", To("other"), CancellationToken.None);
        Assert.Empty(guest.Told);
        Assert.Equal(2, lab.Networks.EndpointsOf(web.Id).Count);
        await lab.Cases.DisconnectAsync("other", "web", force: false, CancellationToken.None);
        Assert.Single(lab.Networks.EndpointsOf(web.Id));
        var (db, _) = await lab.MachineAsync("db");
        db.State = db.State with { Status = MachineStatus.Paused };
        var refused = await Assert.ThrowsAsync<HyprException>(() => lab.Cases.ConnectAsync("other", "db", To("other"), CancellationToken.None));
        Assert.Contains("hypr unpause db", refused.Message);
        Assert.Equal(ErrorKind.NotFound, (await Assert.ThrowsAsync<HyprException>(() => lab.Cases.DisconnectAsync("other", "web", force: false, CancellationToken.None))).Kind);
    }

    [Fact]
    public async Task A_network_removed_by_force_lets_go_of_all_machines_even_those_that_do_not_answer()
    {
        await using var lab = await NetworkLab.StartAsync("other");
        var (_, silent) = await lab.MachineAsync("silent", "other");
        var (paused, quiet) = await lab.MachineAsync("paused", "other");
        var (stopped, _) = await lab.MachineAsync("stopped", "other", running: false);
        silent.Refuse = _ => ErrorKind.Unavailable;
        paused.State = paused.State with { Status = MachineStatus.Paused };
        var refused = await Assert.ThrowsAsync<HyprException>(() => lab.Cases.RemoveAsync("other", force: false, CancellationToken.None));
        Assert.Contains("has active endpoints (paused, silent, stopped)", refused.Message);
        await lab.Cases.RemoveAsync("other", force: true, CancellationToken.None);
        Assert.Null(lab.Networks.Find("other"));
        Assert.Empty(lab.Datapath.State.Endpoints);
        Assert.Empty(quiet.Told);
        Assert.Empty(lab.Networks.EndpointsOf(stopped.Id));
        Assert.Equal(ErrorKind.Forbidden, (await Assert.ThrowsAsync<HyprException>(() => lab.Cases.RemoveAsync("bridge", force: true, CancellationToken.None))).Kind);
    }

    [Fact]
    public async Task Prune_takes_the_unused_and_leaves_the_default_and_those_with_machines()
    {
        await using var lab = await NetworkLab.StartAsync("a", "b", "c");
        await lab.MachineAsync("web", "b", running: false);
        Assert.Equal(["a", "c"], (await lab.Cases.PruneAsync(_ => true, CancellationToken.None)).Order());
        Assert.Equal(["b", "bridge"], lab.Cases.All().Select(n => n.Network.Name).Order());
    }
}
