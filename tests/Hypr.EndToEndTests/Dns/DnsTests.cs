using System.Net;
using System.Net.Sockets;
using Hypr.EndToEndTests.Support;
using Hypr.Testing;

namespace Hypr.EndToEndTests.Dns;

/// <summary>Names as programs in VMs and on the host find them: glibc's resolver, busybox's, dig and nslookup, by who asks.</summary>
public sealed class DnsTests(NamedHost host) : IClassFixture<NamedHost>
{
    [Fact]
    public void The_guests_resolv_conf_has_one_nameserver_the_gateway_of_its_default_route()
    {
        var lines = host.In("plain", "--", "cat", "/etc/resolv.conf").Split('\n');
        Assert.Equal("nameserver 10.88.0.1", lines[0]);
        Assert.Single(lines, l => l.StartsWith("nameserver", StringComparison.Ordinal));
        Assert.Contains("options ndots:0", lines);
        Assert.Contains("nameserver 10.91.0.1", host.In("db", "cat", "/etc/resolv.conf"));
        Assert.Contains("nameserver 10.88.0.1", host.In("own", "cat", "/etc/resolv.conf"));
    }

    [Theory]
    [InlineData("own")]
    [InlineData("own.hypr")]
    [InlineData("own.bridge.hypr")]
    [InlineData("OWN.Hypr")]
    public void Glibc_and_busybox_find_a_neighbour_by_each_of_its_names(string name)
    {
        Assert.StartsWith("10.88.0.3 ", host.In("plain", "getent", "ahostsv4", name));
        Assert.Contains("Address: 10.88.0.3", host.In("plain", "busybox", "nslookup", "-type=a", name));
        Assert.Contains("Address: 10.88.0.3", host.In("plain", "nslookup", "-type=a", name));
        Assert.Contains("(10.88.0.3)", host.In("plain", "ping", "-c", "1", "-W", "10", name));
        Assert.Contains("(10.88.0.3)", host.In("plain", "busybox", "ping", "-c", "1", "-W", "10", name));
    }

    [Fact]
    public void A_vm_is_found_by_its_id_and_its_address()
    {
        var id = host.Plain[..12];
        Assert.Equal("10.88.0.2", host.Dig("own", id));
        Assert.Equal("10.88.0.2", host.Dig("own", $"{id}.hypr"));
        Assert.Equal("plain.hypr.", host.Dig("own", "-x", "10.88.0.2"));
        Assert.Contains("plain.hypr", host.In("own", "getent", "hosts", "10.88.0.2"));
        Assert.Equal("host.hypr.", host.Dig("own", "-x", "10.88.0.1"));
    }

    [Theory]
    [InlineData("host.hypr")]
    [InlineData("gateway.hypr")]
    [InlineData("host.docker.internal")]
    [InlineData("gateway.docker.internal")]
    public void The_host_has_names_and_the_address_of_the_askers_network(string name)
    {
        Assert.StartsWith("10.88.0.1 ", host.In("plain", "getent", "ahostsv4", name));
        Assert.StartsWith("10.91.0.1 ", host.In("db", "getent", "ahostsv4", name));
    }

    [Theory]
    [InlineData("db.shop.hypr", "10.91.0.2")]
    [InlineData("www", "10.91.0.2 10.91.0.4")]
    [InlineData("www.hypr", "10.91.0.2 10.91.0.4")]
    [InlineData("proxy.front.hypr", "10.91.0.3")]
    [InlineData("proxy", "10.91.0.3")]
    public void Services_aliases_and_names_by_network(string name, string expected) => Assert.Equal(expected, host.Dig("db", name));

    [Fact]
    public void A_vm_on_two_networks_sees_both_and_others_only_their_own()
    {
        Assert.Equal("10.91.0.2", host.Dig("proxy", "db"));
        Assert.Equal("10.92.0.3", host.Dig("proxy", "hidden"));
        Assert.Contains("status: NXDOMAIN", host.In("db", "dig", "hidden"));
        Assert.Contains("status: NXDOMAIN", host.In("db", "dig", "hidden.hypr"));
        Assert.Contains("status: NXDOMAIN", host.In("db", "dig", "proxy.back.hypr"));
        Assert.Contains("status: NXDOMAIN", host.In("plain", "dig", "db.shop.hypr"));
        Assert.Contains("status: NXDOMAIN", host.In("db", "dig", "-x", "10.92.0.3"));
        Assert.False(host.Hypr("exec", "hidden", "getent", "hosts", "db").Succeeded);
    }

    [Theory]
    [InlineData("10.88.0.1", "53")]
    [InlineData("10.88.0.1", "41003")]
    [InlineData("10.91.0.1", "53")]
    [InlineData("127.0.0.1", "41003")]
    [InlineData("::1", "41003")]
    [InlineData("192.0.2.10", "41003")]
    [InlineData("203.0.113.10", "41003")]
    [InlineData("2001:db8:1::10", "41003")]
    public void The_host_finds_all_at_each_of_its_addresses(string server, string port)
    {
        foreach (var transport in (string[])["+notcp", "+tcp"])
        {
            Assert.Equal("10.88.0.2", host.HostDigs(transport, "-p", port, "@" + server, "plain.hypr"));
            Assert.Equal("10.92.0.3", host.HostDigs(transport, "-p", port, "@" + server, "hidden.hypr"));
            Assert.Equal("10.91.0.2", host.HostDigs(transport, "-p", port, "@" + server, "db.shop.hypr"));
            Assert.Equal("hidden.hypr.", host.HostDigs(transport, "-p", port, "@" + server, "-x", "10.92.0.3"));
            Assert.Equal("203.0.113.71", host.HostDigs(transport, "-p", port, "@" + server, "example.org"));
        }
    }

    [Fact]
    public void A_neighbour_on_the_LAN_gets_nothing()
    {
        Assert.Equal(9, host.Lab.Lan.Run("dig", "+tries=1", "+time=1", "-p", "41003", "@192.0.2.10", "plain.hypr").ExitCode);
        Assert.Equal(9, host.Lab.Lan.Run("dig", "+tcp", "+tries=1", "+time=1", "-p", "41003", "@192.0.2.10", "plain.hypr").ExitCode);
    }

    [Fact]
    public void Other_names_are_asked_of_the_hosts_resolver_or_of_the_vms_own()
    {
        Assert.Equal("203.0.113.71", host.Dig("plain", "example.org"));
        Assert.Equal("203.0.113.71", host.Dig("plain", "+tcp", "example.org"));
        Assert.StartsWith("203.0.113.71 ", host.In("plain", "getent", "ahostsv4", "google.com"));
        Assert.Equal("203.0.113.72", host.Dig("own", "example.org"));
    }

    [Fact]
    public void A_question_to_another_server_really_goes_there()
    {
        var answer = host.In("plain", "--", "nslookup", "google.com", "8.8.8.8");
        Assert.Contains("Server:\t\t8.8.8.8", answer);
        Assert.Contains("Address: 203.0.113.72", answer);
        Assert.Contains("203.0.113.72", host.In("plain", "busybox", "nslookup", "-type=a", "google.com", "8.8.8.8"));
        Assert.Equal("203.0.113.72", host.Dig("plain", "+tcp", "@8.8.8.8", "google.com"));
    }

    [Fact]
    public void From_an_internal_network_outside_names_are_refused_and_inside_ones_answered()
    {
        Assert.Contains("status: REFUSED", host.In("shut", "dig", "example.org"));
        Assert.Equal("10.93.0.2", host.Dig("shut", "shut.hypr"));
    }

    [Fact]
    public void Dockers_own_resolver_address_works()
    {
        Assert.Equal("10.88.0.3", host.Dig("plain", "@127.0.0.11", "own"));
        Assert.Equal("10.88.0.3", host.Dig("plain", "+tcp", "@127.0.0.11", "own.hypr"));
        Assert.Equal("203.0.113.71", host.Dig("plain", "@127.0.0.11", "example.org"));
        Assert.Contains("10.91.0.2", host.In("proxy", "busybox", "nslookup", "-type=a", "db", "127.0.0.11"));
        Assert.Contains("status: REFUSED", host.In("shut", "dig", "@127.0.0.11", "example.org"));
    }

    [Fact]
    public void A_rename_moves_all_names_at_once()
    {
        host.Sleeper("before", "--network", "back", "--network-alias", "kept");
        var address = host.Dig("proxy", "before");
        Assert.Matches(@"^10\.92\.0\.\d+$", address);
        host.MustHypr("rename", "before", "after");
        Assert.Equal(address, host.Dig("proxy", "after"));
        Assert.Equal(address, host.Dig("proxy", "after.back.hypr"));
        Assert.Equal(address, host.Dig("proxy", "kept"));
        Assert.Equal("after.hypr.", host.Dig("proxy", "-x", address));
        Assert.Contains("status: NXDOMAIN", host.In("proxy", "dig", "before"));
        host.MustHypr("stop", "-t", "1", "after");
        Assert.Contains("status: NXDOMAIN", host.In("proxy", "dig", "after.hypr"));
        Assert.Contains("status: NXDOMAIN", host.Must("dig", "@10.88.0.1", "after.hypr"));
        host.MustHypr("rm", "after");
    }

    [Fact]
    public void Connect_and_disconnect_rewrite_the_guests_resolv_conf_and_its_names()
    {
        host.Sleeper("moves");
        Assert.Contains("status: NXDOMAIN", host.In("moves", "dig", "hidden"));
        host.MustHypr("network", "connect", "--alias", "mover", "back", "moves");
        Assert.Equal("10.92.0.3", host.Dig("moves", "hidden"));
        Assert.Matches(@"^10\.92\.0\.\d+$", host.Dig("hidden", "mover"));
        host.MustHypr("network", "disconnect", "bridge", "moves");
        Assert.Contains("nameserver 10.92.0.1", host.In("moves", "cat", "/etc/resolv.conf"));
        Assert.Contains("status: NXDOMAIN", host.In("moves", "dig", "plain"));
        Assert.Equal("10.92.0.3", host.Dig("moves", "@127.0.0.11", "hidden"));
        host.MustHypr("rm", "-f", "moves");
    }

    [Fact]
    public void A_vms_own_search_list_stands_in_its_resolv_conf_and_completes_names()
    {
        Assert.Equal("nameserver 10.88.0.1\nsearch google.com\noptions ndots:0\n", host.In("own", "cat", "/etc/resolv.conf"));
        Assert.StartsWith("203.0.113.72 ", host.In("own", "getent", "ahostsv4", "mail"));
        Assert.StartsWith("10.88.0.2 ", host.In("own", "getent", "ahostsv4", "plain"));
    }

    [Fact]
    public void That_port_53_of_a_gateway_is_taken_is_told_by_info_and_questions_there_are_answered()
    {
        Socket[] others = [Held(SocketType.Dgram), Held(SocketType.Stream)];
        try
        {
            host.MustHypr("network", "create", "taken", "--subnet", "10.94.0.0/24");
            foreach (var protocol in (string[])["udp", "tcp"])
            {
                Assert.Contains(host.Hypr("info").Error.Split('\n'), line =>
                    line.StartsWith($"DNS of network taken: another program has 10.94.0.1:53 ({protocol}: ", StringComparison.Ordinal)
                    && line.EndsWith("questions there are redirected to port 41003", StringComparison.Ordinal));
            }

            Assert.Equal("10.88.0.2", host.HostDigs("@10.94.0.1", "plain.hypr"));
            Assert.Equal("10.88.0.2", host.HostDigs("+tcp", "@10.94.0.1", "plain.hypr"));
        }
        finally
        {
            Array.ForEach(others, s => s.Dispose());
        }

        Assert.True(Probe.Until(() => !host.Hypr("info").Error.Contains("10.94.0.1", StringComparison.Ordinal), TimeSpan.FromSeconds(60)));
        Assert.Equal("10.88.0.2", host.HostDigs("@10.94.0.1", "plain.hypr"));
        host.MustHypr("network", "rm", "taken");

        // The bridge comes later: IP_FREEBIND.
        Socket Held(SocketType type) => host.Space.Run(() =>
        {
            var socket = new Socket(AddressFamily.InterNetwork, type, ProtocolType.Unspecified);
            socket.SetRawSocketOption(0, 15, BitConverter.GetBytes(1));
            socket.Bind(new IPEndPoint(IPAddress.Parse("10.94.0.1"), 53));
            if (type == SocketType.Stream)
            {
                socket.Listen();
            }

            return socket;
        });
    }

    [Fact]
    public void Network_dns_shows_the_zone_as_the_network_sees_it()
    {
        var lines = host.MustHypr("network", "dns", "front", "--format", "{{.Name}} {{.Type}} {{.Value}}").Split('\n');
        foreach (var line in (string[])["db.hypr A 10.91.0.2", "db.shop.hypr A 10.91.0.2", "db.front.hypr A 10.91.0.2", "www.hypr A 10.91.0.2", "www.hypr A 10.91.0.4",
            "proxy.hypr A 10.91.0.3", "host.hypr A 10.91.0.1", "10.91.0.3 PTR proxy.hypr"])
        {
            Assert.Contains(line, lines);
        }

        Assert.DoesNotContain(lines, l => l.StartsWith("hidden", StringComparison.Ordinal) || l.Contains("10.92.", StringComparison.Ordinal));
    }

    [Fact]
    public void A_name_that_cannot_be_asked_for_or_has_dots_is_warned_of()
    {
        Assert.Contains("has dots", host.Hypr("create", "--name", "a.example", "tools").Error);
        Assert.Contains("cannot be asked for", host.Hypr("create", "--name", new string('a', 64), "tools").Error);
        host.MustHypr("rm", "a.example", new string('a', 64));
    }
}
