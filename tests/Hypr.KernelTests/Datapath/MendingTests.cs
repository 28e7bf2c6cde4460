using System.Net;
using Hypr.Network.Platforms;
using Hypr.Network.Platforms.Linux;
using Hypr.Testing;
using static Hypr.KernelTests.Datapath.DatapathLab;

namespace Hypr.KernelTests.Datapath;

/// <summary>What others break is mended, with one line in the log that says what it was.</summary>
public sealed class MendingTests
{
    public static TheoryData<string, string> Damages => new()
    {
        { "ip link del vbr0", "bridge vbr0 was missing" },
        { "ip addr flush dev vbr0", "address 10.88.0.1/16 of vbr0 was missing" },
        { "ip link set vbr0 down", "bridge vbr0 was down" },
        { "ip link set tap0 nomaster", "tap0 was not on vbr0" },
        { "ip link set tap0 down", "tap0 was changed" },
        { "bridge link set dev tap0 learning on", "tap0 was changed" },
        { "ip link set vbr0 mtu 1400", "bridge vbr0 was changed" },
        { "sysctl -qw net.ipv4.ip_forward=0", "net.ipv4.ip_forward was 0" },
        { "sysctl -qw net.ipv4.conf.vbr0.rp_filter=1", "net.ipv4.conf.vbr0.rp_filter was 1" },
    };

    [Theory]
    [MemberData(nameof(Damages))]
    public async Task Damage_is_mended_and_told(string damage, string told)
    {
        await using var lab = new DatapathLab();
        await lab.Datapath.StartAsync(new DatapathState([], [], new Dictionary<string, IReadOnlyList<DatapathPort>>()), default);
        var network = await lab.Network("vbr0", "10.88.0.1/16");
        var vm = await lab.Machine("vm", network, "10.88.0.2");
        lab.Serve(vm.Space, "vm", 80);
        await lab.Publish(vm, Port("0.0.0.0", 8080, "10.88.0.2", 80));
        Assert.NotNull(Probe.Tcp(lab.World.Lan, LabNetwork.HostOnLan, 8080));
        lab.Host.Must("sh", "-c", damage);
        Assert.True(Probe.Until(() => lab.Log.Lines.Any(l => l.StartsWith("mended: ", StringComparison.Ordinal) && l.Contains(told))), string.Join('\n', lab.Log.Lines));
        Assert.NotNull(Probe.Tcp(lab.World.Lan, LabNetwork.HostOnLan, 8080));
        // A machine that knew its gateway before goes on.
        lab.Serve(lab.World.Internet, "internet", 80, LabNetwork.InternetAddress);
        Assert.NotNull(Probe.Tcp(vm.Space, LabNetwork.InternetAddress, 80));
    }

    [Fact]
    public async Task A_flushed_ruleset_changes_nothing()
    {
        await using var lab = new DatapathLab();
        await lab.Datapath.StartAsync(new DatapathState([], [], new Dictionary<string, IReadOnlyList<DatapathPort>>()), default);
        var network = await lab.Network("vbr0", "10.88.0.1/16");
        var vm = await lab.Machine("vm", network, "10.88.0.2");
        lab.Serve(vm.Space, "vm", 80);
        await lab.Publish(vm, Port("0.0.0.0", 8080, "10.88.0.2", 80));
        lab.Host.Must("nft", "flush", "ruleset");
        Assert.True(Probe.Until(() => lab.Host.Must("nft", "list", "tables").Contains("inet hypr")));
        Assert.NotNull(Probe.Tcp(lab.World.Lan, LabNetwork.HostOnLan, 8080));
        Assert.NotNull(Probe.Tcp(lab.Host, IPAddress.Loopback, 8080));
    }

    [Theory]
    [InlineData("nft flush ruleset", "table inet hypr was missing")]
    [InlineData("nft delete table bridge hypr", "table bridge hypr was missing")]
    [InlineData("nft flush chain inet hypr publish", "rules of table inet hypr were changed")]
    [InlineData("nft flush map inet hypr any4", "elements of any4 were changed")]
    [InlineData("nft 'add element inet hypr any4 { tcp . 9 : 192.0.2.9 . 9 }'", "elements of any4 were changed")]
    public async Task Plain_tables_as_older_kernels_have_them_are_mended(string damage, string told)
    {
        await using var lab = new DatapathLab(settings: new DatapathSettings { OwnTables = false });
        await lab.Datapath.StartAsync(new DatapathState([], [], new Dictionary<string, IReadOnlyList<DatapathPort>>()), default);
        var network = await lab.Network("vbr0", "10.88.0.1/16");
        var vm = await lab.Machine("vm", network, "10.88.0.2");
        lab.Serve(vm.Space, "vm", 80);
        await lab.Publish(vm, Port("0.0.0.0", 8080, "10.88.0.2", 80));
        Assert.NotNull(Probe.Tcp(lab.World.Lan, LabNetwork.HostOnLan, 8080));
        var before = Ours(lab);
        lab.Host.Must("sh", "-c", damage);
        Assert.True(Probe.Until(() => lab.Log.Lines.Any(l => l.StartsWith("mended: ", StringComparison.Ordinal) && l.Contains(told))), string.Join('\n', lab.Log.Lines));
        Assert.NotNull(Probe.Tcp(lab.World.Lan, LabNetwork.HostOnLan, 8080));
        Assert.Equal(before, Ours(lab));

        // A change of ours after the flush and before its mending puts everything back by itself.
        lab.Host.Must("nft", "flush", "ruleset");
        await lab.Publish(vm, Port("0.0.0.0", 8080, "10.88.0.2", 80), Port("0.0.0.0", 8081, "10.88.0.2", 80));
        Assert.NotNull(Probe.Tcp(lab.World.Lan, LabNetwork.HostOnLan, 8081));
        Assert.NotNull(Probe.Tcp(lab.World.Lan, LabNetwork.HostOnLan, 8080));
    }

    [Fact]
    public async Task A_restarted_daemon_takes_everything_up_again_and_sweeps_what_is_nobodys()
    {
        await using var lab = new DatapathLab();
        var network = await lab.Network("vbr0", "10.88.0.1/16");
        var lost = await lab.Network("vbr1", "10.89.0.1/24");
        var vm = await lab.Machine("vm", network, "10.88.0.2");
        var forgotten = await lab.Machine("forgotten", lost, "10.89.0.2");
        lab.Serve(vm.Space, "vm", 80);
        var ports = new Dictionary<string, IReadOnlyList<DatapathPort>> { [vm.Endpoint.MachineId] = [Port("0.0.0.0", 8080, "10.88.0.2", 80)] };
        await lab.Publish(vm, [.. ports[vm.Endpoint.MachineId]]);

        // Between two daemons the rules and links are the kernel's.
        await lab.Datapath.DisposeAsync();
        Assert.NotNull(Probe.Tcp(lab.World.Lan, LabNetwork.HostOnLan, 8080));
        await lab.Restart(new DatapathState([network], [vm.Endpoint with { Tap = vm.Tap }], ports));
        Assert.NotNull(Probe.Tcp(lab.World.Lan, LabNetwork.HostOnLan, 8080));
        Assert.True(Probe.Until(() => lab.Host.Netlink.Links.Find("vbr1") is null && lab.Host.Netlink.Links.Find(forgotten.Tap) is null));
        Assert.NotNull(lab.Host.Netlink.Links.Find(vm.Tap));

        // A second start finds nothing to do.
        await lab.Datapath.StartAsync(new DatapathState([network], [vm.Endpoint with { Tap = vm.Tap }], ports), default);
        Assert.DoesNotContain(lab.Log.Lines, static l => l.StartsWith("mended: ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_bridge_of_ours_without_a_database_is_adopted_and_a_foreign_one_is_a_conflict()
    {
        await using var lab = new DatapathLab();
        await lab.Network("vbr0", "10.88.0.1/16");
        await lab.Restart(new DatapathState([], [], new Dictionary<string, IReadOnlyList<DatapathPort>>()));
        lab.Host.Must("ip", "link", "add", "vbr1", "type", "bridge");
        Assert.Equal("vbr0", lab.Datapath.ChooseBridge(new HashSet<string>()));
        Assert.Equal("vbr2", lab.Datapath.ChooseBridge(new HashSet<string> { "vbr0" }));
        await lab.Network(Describe("vbr0", ["10.99.0.1/16"]) with { Id = new string('7', 64) });
        Assert.Contains("10.99.0.1/16", lab.Host.Must("ip", "-4", "addr", "show", "vbr0"));
        var error = await Assert.ThrowsAsync<Hypr.Primitives.HyprException>(() => lab.Network("vbr1", "10.89.0.1/24"));
        Assert.Equal(Hypr.Primitives.ErrorKind.Conflict, error.Kind);
        Assert.Contains("vbr1", error.Message);
        Assert.DoesNotContain("10.89.0.1", lab.Host.Must("ip", "addr", "show"));
    }

    [Fact]
    public async Task Nothing_remains_of_what_was_removed_and_names_are_free_at_once()
    {
        await using var lab = new DatapathLab();
        var network = await lab.Network("vbr0", "10.88.0.1/16");
        for (var round = 0; round < 3; round++)
        {
            Assert.Equal("vbr1", lab.Datapath.ChooseBridge(new HashSet<string> { "vbr0" }));
            // A TAP goes with the last copy of its queue: a child that another test makes meanwhile has one until it executes its program.
            Assert.True(Probe.Until(() => lab.Host.Netlink.Links.Find("tap0") is null));
            var second = await lab.Network("vbr1", "10.89.0.1/24");
            var endpoint = new DatapathEndpoint("ep-x", second.Id, "machine-x", Primitives.MacAddress.Parse("02:42:0a:59:00:02"), [IPAddress.Parse("10.89.0.2")]);
            using var queue = (await lab.Datapath.AttachAsync(endpoint, default)).Queue;
            Assert.NotNull(lab.Host.Netlink.Links.Find("tap0"));
            await lab.Datapath.PublishAsync("machine-x", [Port("0.0.0.0", 8080, "10.89.0.2", 80)], default);
            await lab.Datapath.PublishAsync("machine-x", [], default);
            await lab.Datapath.DetachAsync("ep-x", default);
            await lab.Datapath.DetachAsync("ep-x", default);
            await lab.Datapath.RemoveNetworkAsync(second.Id, default);
            await lab.Datapath.RemoveNetworkAsync(second.Id, default);
        }

        Assert.True(Probe.Until(() => lab.Host.Netlink.Links.Find("vbr1") is null && lab.Host.Netlink.Links.Find("tap0") is null));
        var rules = "";
        // The rows in the host's own tables follow by iptables, behind.
        Assert.True(
            Probe.Until(() => !new[] { "vbr1", "tap0", "10.89.0" }.Any((rules = lab.Host.Must("nft", "list", "ruleset")).Contains)),
            rules);
        await lab.Datapath.RemoveNetworkAsync(network.Id, default);
        await lab.Datapath.DisposeAsync();
        lab.Host.Run(() => LinuxDatapath.RemoveEverything(lab.Settings));
        Assert.DoesNotContain("hypr", lab.Host.Must("nft", "list", "ruleset"));
    }

    /// <summary>Hash sets list in no order.</summary>
    private static string Ours(DatapathLab lab) => string.Join(
        '\n',
        lab.Host.Must("sh", "-c", "nft -s list table inet hypr; nft -s list table bridge hypr").Split('\n').Select(static l => l.Trim(' ', '\t', ',')).Order(StringComparer.Ordinal));
}
