using System.Net;
using Hypr.Network.Platforms;
using Hypr.Network.Platforms.Linux;
using Hypr.Testing;
using static Hypr.KernelTests.Datapath.DatapathLab;

namespace Hypr.KernelTests.Datapath;

/// <summary>Firewalls of others that would cut our machines off.</summary>
public sealed class ForeignFirewallTests
{
    private const string NftFirewall = """
        table inet firewall {
          chain input { type filter hook input priority 0; policy drop;
            ct state established accept
            iifname "lo" accept
          }
          chain forward { type filter hook forward priority 0; policy drop; }
        }
        """;

    public static TheoryData<string, bool> Firewalls => new()
    {
        { "iptables -P FORWARD DROP && iptables -P INPUT DROP && ip6tables -P FORWARD DROP && ip6tables -P INPUT DROP", false },
        { "iptables -P FORWARD DROP && iptables -P INPUT DROP", true },
        { "iptables-legacy -P FORWARD DROP && iptables-legacy -P INPUT DROP", true },
        { "iptables -P INPUT DROP && iptables -N DOCKER-USER && iptables -P FORWARD DROP && iptables -A FORWARD -j DOCKER-USER && iptables -A DOCKER-USER -j RETURN", false },
        { "iptables -A FORWARD -j REJECT && iptables -A INPUT ! -i lo -j REJECT", true },
        { "nft", false },
        { "nft", true },
    };

    [Theory]
    [MemberData(nameof(Firewalls))]
    public async Task A_firewall_that_drops_lets_our_machines_through_and_nobody_else(string firewall, bool bridgeNetfilter)
    {
        await using var lab = new DatapathLab(bridgeNetfilter);
        await lab.Datapath.StartAsync(new DatapathState([], [], new Dictionary<string, IReadOnlyList<DatapathPort>>()), default);
        var network = await lab.Network("vbr0", "10.88.0.1/16");
        var vm = await lab.Machine("vm", network, "10.88.0.2");
        var peer = await lab.Machine("peer", network, "10.88.0.3");
        lab.Serve(vm.Space, "vm", 80);
        lab.Serve(lab.Host, "dns", 53);
        lab.Serve(lab.Host, "host", 5000);
        lab.Serve(lab.World.Internet, "internet", 80, LabNetwork.InternetAddress);
        await lab.Publish(vm, Port("0.0.0.0", 8080, "10.88.0.2", 80));
        // Installed after us, as when the administrator restarts it.
        if (firewall == "nft")
            lab.Host.MustRead(NftFirewall, "nft", "-f", "-");
        else
            lab.Host.Must("sh", "-c", firewall);

        Assert.True(Probe.Until(() => Probe.Tcp(lab.World.Lan, LabNetwork.HostOnLan, 8080, Probe.Silence) is not null), Everything(lab));
        Assert.True(Probe.Until(() => Probe.Udp(vm.Space, IPAddress.Parse("10.88.0.1"), 53, Probe.Silence) is not null), Everything(lab));
        Assert.Equal("internet 203.0.113.10", Probe.Tcp(vm.Space, LabNetwork.InternetAddress, 80));
        Assert.Equal("vm 10.88.0.3", Probe.Tcp(peer.Space, vm.Address, 80));
        Assert.NotNull(Probe.Tcp(lab.Host, vm.Address, 80));
        Assert.NotNull(Probe.Tcp(lab.Host, IPAddress.Loopback, 8080));
        Assert.Contains(lab.Datapath.Notes, static n => n.Contains("firewall was opened"));

        // What the firewall keeps from others it still keeps, from our machines too.
        Assert.Null(Probe.Tcp(lab.World.Lan, LabNetwork.HostOnLan, 5000, Probe.Silence));
        Assert.Null(Probe.Tcp(vm.Space, IPAddress.Parse("10.88.0.1"), 5000, Probe.Silence));
        LabNetwork.Route(lab.World.Lan, "203.0.113.0/24", LabNetwork.HostOnLan);
        LabNetwork.Route(lab.World.Lan, "198.51.100.0/24", LabNetwork.HostOnLan);
        Assert.Null(Probe.Tcp(lab.World.Lan, LabNetwork.InternetAddress, 80, Probe.Silence));

        var running = Assert.Throws<Hypr.Primitives.HyprException>(() => lab.Host.Run(() => LinuxDatapath.RemoveEverything(lab.Settings)));
        Assert.Contains("stop it first", running.Message);
        await lab.Datapath.DisposeAsync();
        lab.Host.Run(() => LinuxDatapath.RemoveEverything(lab.Settings));
        Assert.DoesNotContain("HYPR", Everything(lab));
        Assert.DoesNotContain("hypr", Everything(lab));
    }

    [Fact]
    public async Task The_masquerade_is_a_row_of_iptables_that_comes_back_and_translates_nothing_twice()
    {
        await using var lab = new DatapathLab();
        var first = Describe("vbr0", ["10.88.0.1/16"]);
        await lab.Datapath.StartAsync(new DatapathState([first], [], new Dictionary<string, IReadOnlyList<DatapathPort>>()), default);
        Assert.Contains("10.88.0.0/16", Rows(lab));
        Assert.Contains("MASQUERADE", Rows(lab));
        var second = await lab.Network("vbr1", "10.89.0.1/24");
        await lab.Network(Describe("vbr2", ["10.90.0.1/24"], isInternal: true));
        Assert.True(Probe.Until(() => Rows(lab).Contains("10.89.0.0/24")));
        Assert.DoesNotContain("10.90.0.0/24", Rows(lab));
        lab.Host.Must("iptables", "-t", "nat", "-F");
        Assert.True(Probe.Until(() => Rows(lab).Contains("10.88.0.0/16") && Rows(lab).Contains("10.89.0.0/24")));

        var vm = await lab.Machine("vm", first, "10.88.0.2");
        var other = await lab.Machine("other", second, "10.89.0.2");
        lab.Serve(vm.Space, "vm", 80);
        lab.Serve(lab.World.Internet, "internet", 80, LabNetwork.InternetAddress);
        await lab.Publish(vm, Port("0.0.0.0", 8080, "10.88.0.2", 80));
        Assert.Equal("internet 203.0.113.10", Probe.Tcp(other.Space, LabNetwork.InternetAddress, 80));
        // Between our networks the source stays: the row is not for them.
        Assert.Equal("vm 10.89.0.2", Probe.Tcp(other.Space, LabNetwork.HostOnLan, 8080));
        Assert.Matches("\n +0 +0 MASQUERADE.*10.89.0.0/24", lab.Host.Must("iptables", "-t", "nat", "-L", "POSTROUTING", "-n", "-v"));

        await lab.Datapath.DetachAsync(other.Endpoint.Id, default);
        await lab.Datapath.RemoveNetworkAsync(second.Id, default);
        Assert.True(Probe.Until(() => !Rows(lab).Contains("10.89.0.0/24")));
    }

    [Fact]
    public async Task Without_leave_no_foreign_firewall_is_touched()
    {
        await using var lab = new DatapathLab(settings: new DatapathSettings { TouchForeignFirewalls = false });
        await lab.Datapath.StartAsync(new DatapathState([Describe("vbr0", ["10.88.0.1/16"])], [], new Dictionary<string, IReadOnlyList<DatapathPort>>()), default);
        Assert.DoesNotContain("MASQUERADE", Rows(lab));
        Assert.DoesNotContain("HYPR", Everything(lab));
    }

    private static string Rows(DatapathLab lab) => lab.Host.Must("iptables", "-t", "nat", "-L", "POSTROUTING", "-n");

    private static string Everything(DatapathLab lab) =>
        lab.Host.Must("nft", "list", "ruleset") + lab.Host.Must("sh", "-c", "iptables-save; ip6tables-save; iptables-legacy-save");
}
