using System.Net;
using Hypr.Network.Platforms;
using Hypr.Network.Platforms.Linux;
using Hypr.Network.Ports;
using Hypr.Testing;
using static Hypr.KernelTests.Datapath.DatapathLab;

namespace Hypr.KernelTests.Datapath;

/// <summary>Which rule of the host drops a published port, told by the kernel.</summary>
public sealed class PortProbeTests
{
    private static readonly IPEndPoint Guest = IPEndPoint.Parse("10.88.0.2:80");

    /// <summary>What is done to the host, what is named for who comes from the LAN, and for who comes from the internet (null: nothing stops him).</summary>
    public static TheoryData<string, string?, string?> Firewalls => new()
    {
        { "true", null, null },
        { "iptables -I FORWARD -p tcp --dport 80 -j DROP", "iptables (nf_tables): -t filter -A FORWARD -p tcp -m tcp --dport 80 -j DROP", "same" },
        {
            "iptables -I FORWARD -j DOCKER-USER && iptables -I DOCKER-USER -i lan0 -m comment --comment 'not for you' -j REJECT",
            "-t filter -A DOCKER-USER -i lan0 -m comment --comment \"not for you\" -j REJECT", null
        },
        { "iptables -P FORWARD DROP && iptables-legacy -P FORWARD DROP", null, null },
        { "iptables -t raw -I PREROUTING ! -i lan0 -p tcp --dport 8080 -j DROP", null, "-t raw -A PREROUTING ! -i lan0 -p tcp -m tcp --dport 8080 -j DROP" },
        { "iptables-legacy -I FORWARD -p tcp --dport 80 -j DROP", "iptables-legacy (legacy): -t filter -A FORWARD -p tcp -m tcp --dport 80 -j DROP", "same" },
        {
            "nft 'table inet mine { chain forward { type filter hook forward priority -10; iifname lan0 meta l4proto tcp ct original proto-dst 8080 counter drop; }; }'",
            "nft: chain inet mine forward: iifname \"lan0\" meta l4proto tcp ct original proto-dst 8080", null
        },
    };

    [Theory]
    [MemberData(nameof(Firewalls))]
    public async Task The_rule_that_drops_a_port_is_named_and_nothing_of_the_question_remains(string firewall, string? lan, string? wan)
    {
        await using var lab = new DatapathLab();
        var server = await Published(lab);
        lab.Host.Must("sh", "-c", firewall);

        var probe = Assert.Single(await lab.Datapath.ProbeAsync([Request(8080)], default));

        Assert.Equal(GuestAnswer.Listens, probe.Answer);
        Assert.Equal(["lan0", "wan0"], probe.Ways.Select(w => w.Link).Order());
        foreach (var (link, expected) in new[] { ("lan0", lan), ("wan0", wan == "same" ? lan : wan) })
        {
            var way = probe.Ways.Single(w => w.Link == link);
            Assert.Equal((expected is null ? ProbeEnd.Arrives : ProbeEnd.Dropped, way.By), (way.End, way.By));
            Assert.Contains(expected ?? "", way.By ?? "");
            Assert.Equal(link == "lan0" ? LabNetwork.HostOnLan : LabNetwork.HostOnWan, way.To);
        }

        Assert.DoesNotContain("hypr-probe", lab.Host.Must("nft", "list", "tables"));
        Assert.Equal(1, server.Seen);

        // What the probe says is what clients see.
        Assert.Equal(lan is null, Probe.Tcp(lab.World.Lan, LabNetwork.HostOnLan, 8080, lan is null ? null : Probe.Silence) is not null);
        Assert.Equal(wan is null, Probe.Tcp(lab.World.Internet, LabNetwork.HostOnWan, 8080, wan is null ? null : Probe.Silence) is not null);
    }

    [Fact]
    public async Task A_policy_of_drop_a_port_that_the_rules_do_not_have_and_forwarding_that_is_off_are_told()
    {
        await using var lab = new DatapathLab(settings: new DatapathSettings { TouchForeignFirewalls = false });
        await Published(lab, start: false);
        var wrong = Assert.Single(await lab.Datapath.ProbeAsync([Request(8099) with { Guest = IPEndPoint.Parse("10.88.0.2:81") }], default));
        Assert.Equal(GuestAnswer.Refuses, wrong.Answer);
        Assert.All(wrong.Ways, w => Assert.Equal((ProbeEnd.Astray, "it goes to the host itself: the rules do not have this port"), (w.End, w.By)));

        lab.Host.Must("nft", "table inet firewall { chain forward { type filter hook forward priority 0; policy drop; }; }");
        foreach (var protocol in Enum.GetValues<PortProtocol>())
        {
            var dropped = Assert.Single(await lab.Datapath.ProbeAsync([Request(8080, protocol)], default));
            Assert.All(dropped.Ways, w => Assert.Equal((ProbeEnd.Dropped, "nft: policy drop of chain inet firewall forward"), (w.End, w.By)));
        }

        lab.Host.Must("sysctl", "-qw", "net.ipv4.ip_forward=0");
        var lost = Assert.Single(await lab.Datapath.ProbeAsync([Request(8080)], default));
        Assert.All(lost.Ways, w => Assert.Equal((ProbeEnd.Lost, "when it is routed: forwarding is off (net.ipv4.ip_forward=0)"), (w.End, w.By)));
    }

    [Fact]
    public async Task Clients_by_address_IPv6_by_rules_and_by_the_hosts_socket_and_what_is_for_the_host_only()
    {
        await using var lab = new DatapathLab();
        await Published(lab);
        var six = await lab.Network("vbr6", "10.86.0.1/24", "fd86::1/64");
        var vm = await lab.Machine("six", six, "10.86.0.2", "fd86::2");
        await lab.Publish(vm, Port("::", 8086, "fd86::2", 80));
        lab.Host.Must("iptables", "-I", "FORWARD", "-s", "198.51.100.0/24", "-p", "tcp", "-j", "DROP");

        var stranger = Assert.Single((await lab.Datapath.ProbeAsync([Request(8080) with { From = LabNetwork.InternetAddress }], default))[0].Ways);
        Assert.Equal(("wan0", ProbeEnd.Dropped), (stranger.Link, stranger.End));
        Assert.Contains("-A FORWARD -s 198.51.100.0/24 -p tcp -j DROP", stranger.By);

        var all = await lab.Datapath.ProbeAsync(
            [
                new ProbeRequest(IPAddress.IPv6Any, 8086, PortProtocol.Tcp, IPEndPoint.Parse("[fd86::2]:80"), false, null),
                new ProbeRequest(IPAddress.IPv6Any, 8080, PortProtocol.Tcp, Guest, true, null),
                new ProbeRequest(IPAddress.Loopback, 8081, PortProtocol.Tcp, Guest, false, null),
                new ProbeRequest(LabNetwork.HostOnLan, 8080, PortProtocol.Udp, Guest, false, null),
            ],
            default);
        Assert.Equal(["lan0 Arrives", "wan0 Arrives"], Ends(all[0]));
        Assert.Equal(["lan0 Arrives", "wan0 Arrives"], Ends(all[1]));
        Assert.Equal([" HostOnly"], Ends(all[2]));
        Assert.Equal(["lan0 Arrives"], Ends(all[3]));
        Assert.Equal([GuestAnswer.Refuses, GuestAnswer.Listens, GuestAnswer.Listens, GuestAnswer.Unknown], all.Select(p => p.Answer));

        lab.Host.Must("ip6tables", "-I", "INPUT", "-i", "wan0", "-p", "tcp", "--dport", "8080", "-j", "DROP");
        var input = await lab.Datapath.ProbeAsync([new ProbeRequest(IPAddress.IPv6Any, 8080, PortProtocol.Tcp, Guest, true, null)], default);
        Assert.Equal(["lan0 Arrives", "wan0 Dropped"], Ends(input[0]));
    }

    private static IEnumerable<string> Ends(PortProbe probe) => probe.Ways.Select(w => $"{w.Link} {w.End}").Order();

    private static ProbeRequest Request(int port, PortProtocol protocol = PortProtocol.Tcp) => new(IPAddress.Any, port, protocol, Guest, false, null);

    private static async Task<EchoServer> Published(DatapathLab lab, bool start = true)
    {
        // A firewall that was there before us, so that our jump stands in it and what comes is put before or behind.
        lab.Host.Must("sh", "-c", "iptables -N DOCKER-USER && iptables -A FORWARD -j DOCKER-USER && iptables-legacy -A FORWARD -j RETURN");
        if (start)
            await lab.Datapath.StartAsync(new DatapathState([], [], new Dictionary<string, IReadOnlyList<DatapathPort>>()), default);
        var vm = await lab.Machine("vm", await lab.Network("vbr0", "10.88.0.1/16"), "10.88.0.2");
        var server = lab.Serve(vm.Space, "vm", 80);
        await lab.Publish(vm, [.. Enum.GetValues<PortProtocol>().Select(p => Port("0.0.0.0", 8080, "10.88.0.2", 80, p)), Port("127.0.0.1", 8081, "10.88.0.2", 80)]);
        return server;
    }
}
