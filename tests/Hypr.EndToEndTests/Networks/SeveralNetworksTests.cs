using Hypr.EndToEndTests.Support;
using Hypr.Testing;

namespace Hypr.EndToEndTests.Networks;

/// <summary>Three VMs on a few networks: alpha on front and back, beta on back, delta on an internal one. What a test changes it puts back.</summary>
public sealed class SeveralNetworksTests(SeveralNetworksTests.ThreeVms host) : IClassFixture<SeveralNetworksTests.ThreeVms>
{
    private const string AlphaMac = "02:42:aa:bb:cc:dd";

    public sealed class ThreeVms : HyprHost
    {
        public ThreeVms()
        {
            MustHypr("network", "create", "front", "--subnet", "10.90.1.0/24");
            MustHypr("network", "create", "back", "--subnet", "10.90.2.0/24", "--ip-range", "10.90.2.128/25", "--aux-address", "printer=10.90.2.128");
            MustHypr("network", "create", "closed", "--internal", "--subnet", "10.90.3.0/24");
            MustHypr("network", "create", "apart", "-o", "com.docker.network.bridge.enable_icc=false", "--subnet", "10.90.5.0/24");
            MustHypr("network", "create", "dual", "--ipv6", "--subnet", "10.90.6.0/24", "--subnet", "fd00:6::/64");
            RunVm("nginx", "alpha", "--network", "front", "--network", $"name=back,ip=10.90.2.50,alias=second,mac-address={AlphaMac}", "--network-alias", "first", "-p", "8140:80");
            RunVm("nginx", "beta", "--network", "back", "--network-alias", "bee");
            Warning = Hypr("run", "-d", "--name", "delta", "--network", "closed", "-p", "8141:80", "nginx").Error;
            Page(Space, "http://10.90.1.2/");
            Page(Space, "http://10.90.2.129/");
            Page(Space, "http://10.90.3.2/");
        }

        public string Warning { get; }
    }

    [Fact]
    public void Nics_come_in_the_order_of_the_options_with_the_addresses_that_were_asked_for()
    {
        var links = In("alpha", "ip -br -4 addr");
        Assert.Matches("eth0 +[A-Z]+ +10\\.90\\.1\\.2/24 *\neth1 +[A-Z]+ +10\\.90\\.2\\.50/24", links);
        Assert.Contains(AlphaMac, In("alpha", "ip link show eth1"));
        Assert.Equal("10.90.1.2 10.90.2.50", host.MustHypr("inspect", "-f", "{{.NetworkSettings.Networks.front.IPAddress}} {{.NetworkSettings.Networks.back.IPAddress}}", "alpha").Trim());

        // The range's first address is the printer's, the gateway lies outside of it; a static address may.
        Assert.Equal("10.90.2.129", host.MustHypr("inspect", "-f", "{{.NetworkSettings.Networks.back.IPAddress}}", "beta").Trim());
        Assert.Matches(" alpha +nginx .* 10\\.90\\.2\\.50, 10\\.90\\.1\\.2 +0\\.0\\.0\\.0:8140->80/tcp", host.MustHypr("ps"));
    }

    [Theory]
    [MemberData(nameof(NetworkClients.All), MemberType = typeof(NetworkClients))]
    public void Inspect_shows_who_is_on_the_network(string client)
    {
        var containers = host.By(client, "network", "inspect", "-f", "{{range .Containers}}{{.Name}} {{.IPv4Address}} {{.MacAddress}}{{println}}{{end}}", "back");
        Assert.Equal(["alpha 10.90.2.50/24 " + AlphaMac, "beta 10.90.2.129/24 02:42:0a:5a:02:81"], containers.Split('\n', StringSplitOptions.RemoveEmptyEntries).Order());
        var removal = host.Run(client, "network", "rm", "back");
        Assert.Equal(1, removal.ExitCode);
        Assert.Contains("network back has active endpoints (alpha, beta)", removal.Error);
    }

    [Fact]
    public void One_default_route_by_name_where_no_priority_says_otherwise()
    {
        // "back" comes before "front".
        Assert.Matches("^default via 10\\.90\\.2\\.1 dev eth1 [^\n]*\n$", In("alpha", "ip route show default"));
        Assert.Contains("nameserver 10.90.2.1", In("alpha", "cat /etc/resolv.conf"));
        Assert.Contains("Welcome", host.Page(host.Lab.Lan, "http://192.0.2.10:8140/"));
    }

    [Fact]
    public void Answers_leave_by_the_nic_that_the_question_came_in_on()
    {
        // The host asks with an address of another link; alpha's default route is eth1, the question came in on eth0.
        host.Must("ping", "-c", "1", "-W", "5", "-I", "203.0.113.10", "10.90.1.2");
        Assert.Contains("Welcome", host.Must("curl", "-sS", "-m", "10", "--interface", "203.0.113.10", "http://10.90.1.2/"));
        Assert.Contains("Welcome", host.Must("curl", "-sS", "-m", "10", "--interface", "203.0.113.10", "http://10.90.2.50/"));
    }

    [Fact]
    public void Names_and_aliases_are_those_of_the_networks_that_two_vms_share()
    {
        Assert.Equal("10.90.2.50\n", In("beta", "dig +short alpha"));
        Assert.Equal("10.90.2.50\n", In("beta", "dig +short second"));
        Assert.Equal("", In("beta", "dig +short first"));
        Assert.Equal("10.90.2.129\n", In("alpha", "dig +short bee"));
        In("alpha", "ping -c 1 -W 5 beta");
    }

    [Fact]
    public void Networks_are_apart_whatever_route_a_vm_sets_but_published_ports_answer()
    {
        In("beta", "ip route add 10.90.1.0/24 via 10.90.2.1");
        Silent("beta", "10.90.1.2");
        In("beta", "ip route replace 10.90.1.0/24 dev eth0");
        Silent("beta", "10.90.1.2");
        Silent("beta", "10.90.3.2");
        In("beta", "ip route del 10.90.1.0/24");
        Silent("beta", "10.90.1.2");
        Assert.Contains("Welcome", In("beta", "curl -sS -m 10 http://192.0.2.10:8140/"));
        Assert.Contains("Welcome", In("beta", "curl -sS -m 10 http://10.90.2.50/"));
    }

    [Fact]
    public void A_vm_that_takes_anothers_address_or_mac_hears_nothing_and_harms_nobody()
    {
        In("beta", "ip addr add 10.90.2.50/24 dev eth0");
        Assert.NotEqual(0, host.Hypr("exec", "beta", "ping", "-c", "1", "-W", "1", "-I", "10.90.2.50", "10.90.2.1").ExitCode);
        host.Must("ip", "neigh", "flush", "dev", "vbr2");
        Assert.Contains("Welcome", host.Page(host.Space, "http://10.90.2.50/"));
        Assert.Contains(AlphaMac, host.Must("ip", "neigh", "show", "10.90.2.50"));
        In("beta", "ip addr del 10.90.2.50/24 dev eth0");

        var mac = In("beta", "cat /sys/class/net/eth0/address").Trim();
        In("beta", $"ip link set eth0 address {AlphaMac}");
        Silent("beta", "10.90.2.1");
        Assert.Contains("Welcome", host.Page(host.Space, "http://10.90.2.50/"));
        In("beta", $"ip link set eth0 address {mac}");
        Assert.True(Probe.Until(() => host.Hypr("exec", "beta", "ping", "-c", "1", "-W", "1", "10.90.2.1").Succeeded));
    }

    [Fact]
    public void An_internal_network_has_its_members_and_the_hosts_names_and_nothing_beyond()
    {
        Assert.Contains("WARNING: Published ports are discarded", host.Warning);
        Assert.Equal("", host.MustHypr("port", "delta"));
        Assert.NotEqual(0, host.Space.Run("curl", "-s", "-m", "2", "http://127.0.0.1:8141/").ExitCode);
        Assert.Equal("", In("delta", "ip route show default"));
        Assert.Contains("unreachable", host.Hypr("exec", "delta", "ping", "-c", "1", "-W", "1", "198.51.100.1").Error + host.Hypr("exec", "delta", "ping", "-c", "1", "-W", "1", "198.51.100.1").Output);
        In("delta", "ip route add default via 10.90.3.1");
        foreach (var address in (string[])["198.51.100.1", "203.0.113.10", "192.0.2.10", "192.0.2.20", "10.90.2.50", "10.88.0.1"])
        {
            Silent("delta", address);
        }

        Assert.NotEqual(0, host.Hypr("exec", "delta", "curl", "-s", "-m", "2", "http://192.0.2.10:8140/").ExitCode);
        Assert.Equal("10.90.3.2\n", In("delta", "dig +short delta.hypr"));
        Assert.Contains("Welcome", host.Page(host.Space, "http://10.90.3.2/"));
        In("delta", "ip route del default");

        host.MustHypr("network", "connect", "closed", "beta");
        Assert.Contains("Welcome", In("beta", "curl -sS -m 10 http://delta/"));

        // The way out stays the other network's.
        Assert.Matches("^default via 10\\.90\\.2\\.1 dev eth0", In("beta", "ip route show default"));
        host.MustHypr("network", "disconnect", "closed", "beta");
    }

    [Fact]
    public void A_network_whose_bridge_has_no_address_shows_no_gateway()
    {
        host.MustHypr("network", "create", "--internal", "-o", "com.docker.network.bridge.gateway_mode_ipv4=isolated", "--subnet", "10.90.7.0/24", "cell");
        host.MustHypr("network", "connect", "cell", "beta");
        Assert.Equal("[] 10.90.7.2/24\n", host.MustHypr("inspect", "-f", "{{with .NetworkSettings.Networks.cell}}[{{.Gateway}}] {{.IPAddress}}/{{.IPPrefixLen}}{{end}}", "beta"));
        Assert.Equal("""[{"Subnet":"10.90.7.0/24"}]""" + "\n", host.MustHypr("network", "inspect", "-f", "{{json .IPAM.Config}}", "cell"));
        Assert.DoesNotContain("10.90.7.1", host.Hypr("doctor").Output);
        host.MustHypr("network", "disconnect", "cell", "beta");
        host.MustHypr("network", "rm", "cell");
    }

    [Fact]
    public void Without_icc_members_of_one_network_are_kept_apart_and_reach_the_host()
    {
        host.MustHypr("network", "connect", "apart", "beta");
        host.MustHypr("network", "connect", "apart", "delta");
        In("beta", "ping -c 1 -W 5 10.90.5.1");
        Silent("beta", "10.90.5.3");
        In("beta", "ip neigh replace 10.90.5.3 lladdr 02:42:0a:5a:05:01 dev eth1");
        Silent("beta", "10.90.5.3");
        host.MustHypr("network", "disconnect", "apart", "beta");
        host.MustHypr("network", "disconnect", "apart", "delta");
    }

    [Fact]
    public void Both_families_by_hot_plug_with_asked_addresses()
    {
        host.MustHypr("network", "connect", "--ip", "10.90.6.66", "--ip6", "fd00:6::66", "--alias", "sixty", "dual", "beta");
        Assert.Matches("eth1 +[A-Z]+ +10\\.90\\.6\\.66/24 fd00:6::66/64", In("beta", "ip -br addr show eth1"));
        In("beta", "ping -c 1 -W 5 fd00:6::1");
        Assert.Equal("fd00:6::66/64\n", host.MustHypr("network", "inspect", "-f", "{{range .Containers}}{{.IPv6Address}}{{end}}", "dual"));
        Assert.Equal("fd00:6::66\n", host.Must("dig", "+short", "@10.88.0.1", "beta.hypr", "AAAA"));
        host.MustHypr("network", "disconnect", "dual", "beta");
        Assert.Equal("", host.Must("dig", "+short", "@10.88.0.1", "beta.hypr", "AAAA"));
    }

    [Fact]
    public void A_gateway_priority_moves_the_default_route_and_the_port_and_back()
    {
        host.MustHypr("network", "connect", "--gw-priority", "10", "dual", "alpha");
        Assert.Matches("^default via 10\\.90\\.6\\.1 dev eth2", In("alpha", "ip route show default"));
        Assert.Contains("Welcome", host.Page(host.Lab.Lan, "http://192.0.2.10:8140/"));
        host.MustHypr("network", "disconnect", "dual", "alpha");
        Assert.Matches("^default via 10\\.90\\.2\\.1 dev eth1", In("alpha", "ip route show default"));
        Assert.Contains("Welcome", host.Page(host.Lab.Lan, "http://192.0.2.10:8140/"));
    }

    [Fact]
    public void Ports_move_to_a_routed_network_and_back_with_the_default_route()
    {
        host.MustHypr("network", "create", "-o", "com.docker.network.bridge.gateway_mode_ipv4=routed", "--subnet", "10.90.8.0/24", "flat");
        host.Lab.Lan.Must("ip", "route", "replace", "10.90.8.0/24", "via", $"{LabNetwork.HostOnLan}");
        Assert.Contains("Welcome", host.Page(host.Lab.Lan, "http://192.0.2.10:8140/"));
        host.MustHypr("network", "connect", "--gw-priority", "10", "flat", "alpha");

        // By its own address, and by none of the host's.
        Assert.Contains("Welcome", host.Page(host.Lab.Lan, "http://10.90.8.2/"));
        Assert.DoesNotContain("8140", host.MustHypr("port", "alpha"));
        Assert.NotEqual(0, host.Lab.Lan.Run("curl", "-s", "-m", "2", "http://192.0.2.10:8140/").ExitCode);
        host.MustHypr("network", "disconnect", "flat", "alpha");
        Assert.Contains("Welcome", host.Page(host.Lab.Lan, "http://192.0.2.10:8140/"));
        Assert.Contains("80/tcp -> 0.0.0.0:8140", host.MustHypr("port", "alpha"));
        host.Lab.Lan.Must("ip", "route", "del", "10.90.8.0/24");
        host.MustHypr("network", "rm", "flat");
    }

    [Fact]
    public void Flushed_rules_and_a_deleted_bridge_are_mended()
    {
        host.Space.Run("nft", "flush", "ruleset");
        host.Space.Run("nft", "delete", "table", "inet", "hypr");
        host.Must("ip", "link", "del", "vbr4");
        Assert.True(Probe.Until(() => host.Space.Run("ip", "addr", "show", "vbr4").Output.Contains("inet 10.90.5.1/24", StringComparison.Ordinal)));
        Assert.Contains("Welcome", host.Page(host.Lab.Lan, "http://192.0.2.10:8140/"));
        Assert.True(Probe.Until(() => host.Must("nft", "list", "table", "inet", "hypr").Contains("vbr4", StringComparison.Ordinal)));
    }

    private string In(string vm, string command) => host.MustHypr("exec", vm, "sh", "-c", command);

    /// <summary>No answer comes; what does come to the same VM says that it is up.</summary>
    private void Silent(string vm, string address)
    {
        var ping = host.Hypr("exec", vm, "ping", "-c", "1", "-W", "1", address);
        Assert.True(ping.ExitCode != 0, $"{vm} reaches {address}: {ping.Output}");
    }
}
