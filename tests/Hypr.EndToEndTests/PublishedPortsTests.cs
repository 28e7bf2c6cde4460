using System.Net;
using Hypr.EndToEndTests.Support;
using Hypr.Testing;

namespace Hypr.EndToEndTests;

/// <summary>Bridged frames do not pass the IP hooks.</summary>
public sealed class PublishedPortsTests(PublishedPortsTests.Plain host) : PublishedPorts(host), IClassFixture<PublishedPortsTests.Plain>
{
    public sealed class Plain() : PublishingHost(false);
}

/// <summary>Module br_netfilter's default.</summary>
public sealed class PublishedPortsWithBridgeNetfilterTests(PublishedPortsWithBridgeNetfilterTests.Filtered host)
    : PublishedPorts(host), IClassFixture<PublishedPortsWithBridgeNetfilterTests.Filtered>
{
    public sealed class Filtered() : PublishingHost(true);
}

/// <summary>A VM that publishes, one with IPv6 that does, one on another network and one that is shut in.</summary>
public abstract class PublishingHost : HyprHost
{
    /// <summary>Says NAME and who asks, on port 80 by TCP and UDP, both families; one process each, for that is all the image's python has need of.</summary>
    public const string Server = """
        import os, socket, sys
        name = sys.argv[1]
        def who(peer): return (name + ' ' + peer[0].replace('::ffff:', '') + '\n').encode()
        def bound(kind):
            s = socket.socket(socket.AF_INET6, kind)
            s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            s.bind(('::', 80))
            return s
        tcp, udp = bound(socket.SOCK_STREAM), bound(socket.SOCK_DGRAM)
        tcp.listen(64)
        if os.fork():
            while True:
                c, peer = tcp.accept()
                c.sendall(who(peer))
                c.close()
        while True:
            data, peer = udp.recvfrom(2048)
            udp.sendto(who(peer), peer)
        """;

    protected PublishingHost(bool bridgeNetfilter)
    {
        Lab.SetBridgeNetfilter(bridgeNetfilter);
        MustHypr("network", "create", "other");
        MustHypr("network", "create", "--internal", "inner");
        MustHypr("network", "create", "--ipv6", "--subnet", "10.90.0.0/24", "--subnet", "fd00:90::/64", "six");
        Serve("web", "-p", "8080:80", "-p", "8080:80/udp", "-p", "127.0.0.1:8081:80");
        Serve("six", "--network", "six", "-p", "8086:80", "-p", "8086:80/udp");
        Serve("other", "--network", "other");
        Serve("shut", "--network", "inner");
    }

    /// <summary>The same by SCTP, IPv4 alone.</summary>
    private const string SctpServer = """
        import socket, sys
        s = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 132)
        s.bind(('', 80))
        s.listen(16)
        while True:
            c, peer = s.accept()
            c.sendall((sys.argv[1] + ' ' + peer[0]).encode())
            c.close()
        """;

    private const string SctpClient = """
        import socket, sys
        s = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 132)
        s.settimeout(5)
        s.connect((sys.argv[1], int(sys.argv[2])))
        print(s.recv(100).decode())
        """;

    public void ServeSctp(string name, params string[] options) => MustHypr(["run", "-d", "--name", name, .. options, "tools", "python3", "-c", SctpServer, name]);

    public ProgramResult SctpFromVm(string vm, string address, int port) => Hypr("exec", vm, "python3", "-c", SctpClient, address, $"{port}");

    public void Serve(string name, params string[] options) => MustHypr(["run", "-d", "--name", name, .. options, "tools", "python3", "-c", Server, name]);

    /// <summary>What a program in the VM is answered; empty when nothing comes.</summary>
    public string FromVm(string vm, string address, int port) =>
        Hypr("exec", vm, "timeout", "5", "bash", "-c", $"exec 3<>/dev/tcp/{address}/{port}; cat <&3").Output.TrimEnd('\n');
}

public abstract class PublishedPorts(PublishingHost host)
{
    private static readonly IPAddress Gateway = IPAddress.Parse("10.88.0.1");

    public static TheoryData<bool> Transports => [false, true];

    private static string? Ask(bool udp, TestNamespace from, IPAddress to, int port) => udp ? Probe.Udp(from, to, port) : Until(() => Probe.Tcp(from, to, port));

    /// <summary>The VM's program may need a moment to listen.</summary>
    private static string? Until(Func<string?> ask)
    {
        string? answer = null;
        Probe.Until(() => (answer = ask()) is not null, TimeSpan.FromSeconds(60));
        return answer;
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public void Another_machine_is_answered_and_its_address_is_seen(bool udp)
    {
        Assert.Equal($"web {LabNetwork.LanAddress}", Ask(udp, host.Lab.Lan, LabNetwork.HostOnLan, 8080));
        Assert.Equal($"web {LabNetwork.InternetGateway}", Ask(udp, host.Lab.Internet, LabNetwork.HostOnWan, 8080));
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public void The_host_is_answered_by_its_own_addresses_and_by_loopback_of_both_families(bool udp)
    {
        Assert.StartsWith("web ", Ask(udp, host.Space, LabNetwork.HostOnLan, 8080));
        Assert.StartsWith("web ", Ask(udp, host.Space, Gateway, 8080));
        Assert.Equal("web 10.88.0.1", Ask(udp, host.Space, IPAddress.Loopback, 8080));
        Assert.Equal("web 10.88.0.1", Ask(udp, host.Space, IPAddress.IPv6Loopback, 8080));
        Assert.Equal("six fd00:90::1", Ask(udp, host.Space, IPAddress.IPv6Loopback, 8086));
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public void IPv6_reaches_a_vm_that_has_it_with_the_clients_address_and_one_that_has_only_IPv4_by_the_hosts(bool udp)
    {
        Assert.Equal($"six {LabNetwork.LanAddress6}", Ask(udp, host.Lab.Lan, LabNetwork.HostOnLan6, 8086));
        Assert.Equal("web 10.88.0.1", Ask(udp, host.Lab.Lan, LabNetwork.HostOnLan6, 8080));

        // The client takes an answer from the address that it asked only, and the kernel would choose one for both.
        var second = IPAddress.Parse("2001:db8:1::11");
        host.Must("ip", "addr", "replace", $"{second}/64", "dev", "lan0", "nodad");
        Assert.Equal("web 10.88.0.1", Ask(udp, host.Lab.Lan, second, 8080));
        Assert.Equal("web 10.88.0.1", Ask(udp, host.Lab.Lan, LabNetwork.HostOnLan6, 8080));
    }

    [Fact]
    public void A_vm_reaches_itself_and_vms_of_other_networks_by_the_hosts_address_but_not_from_an_internal_network()
    {
        Assert.Equal($"web {LabNetwork.LanAddress}", Ask(false, host.Lab.Lan, LabNetwork.HostOnLan, 8080));
        foreach (var address in new[] { LabNetwork.HostOnLan, Gateway })
        {
            Assert.Equal("web 10.88.0.1", host.FromVm("web", $"{address}", 8080));
            Assert.StartsWith("web 10.112.", host.FromVm("other", $"{address}", 8080));
            Assert.Equal("", host.FromVm("shut", $"{address}", 8080));
        }

        Assert.Equal("", host.FromVm("other", "10.88.0.2", 80));
    }

    [Fact]
    public void What_is_published_on_loopback_and_what_is_not_published_is_nobody_elses_even_with_a_forged_route()
    {
        Assert.Equal("web 10.88.0.1", Ask(false, host.Space, IPAddress.Loopback, 8081));
        host.Lab.Lan.Run("ip", "route", "replace", "10.88.0.0/16", "via", $"{LabNetwork.HostOnLan}");
        Assert.Null(Probe.Tcp(host.Lab.Lan, LabNetwork.HostOnLan, 8081, Probe.Silence));
        Assert.Null(Probe.Tcp(host.Lab.Lan, IPAddress.Parse("10.88.0.2"), 80, Probe.Silence));
        Assert.Equal("", host.FromVm("other", $"{LabNetwork.HostOnLan}", 8081));
        Assert.Equal("", host.FromVm("web", "10.88.0.1", 8081));
    }

    [Fact]
    public void A_vm_does_not_reach_services_on_the_hosts_loopback()
    {
        using var own = new EchoServer(host.Space, "own", IPAddress.Loopback, 7700);
        Assert.NotNull(Probe.Tcp(host.Space, IPAddress.Loopback, 7700));
        foreach (var address in new[] { "10.88.0.1", "192.0.2.10", "127.0.0.1" })
        {
            Assert.Equal("", host.FromVm("web", address, 7700));
        }
    }

    [Fact]
    public void Check_names_the_rule_that_drops_a_port_and_says_when_nothing_does()
    {
        Assert.NotNull(Ask(false, host.Lab.Lan, LabNetwork.HostOnLan, 8080));
        var open = host.MustHypr("port", "check", "web", "8080");
        Assert.Contains("0.0.0.0:8080/tcp -> 10.88.0.2:80\n  in the VM: a program listens\n", open);
        foreach (var way in new[] { "lan0, from 192.0.2.1: open", "wan0, from 203.0.113.1: open", "lan0, from 2001:db8:1::1: open", "wan0, from 2001:db8:2::1: open" })
        {
            Assert.Contains($"  {way}\n", open);
        }

        Assert.Contains("for this host only", host.MustHypr("port", "check", "web", "127.0.0.1:8081"));
        host.Must("nft", "table inet mine { chain forward { type filter hook forward priority -10; iifname lan0 meta l4proto tcp ct original proto-dst 8086 drop; }; }");
        try
        {
            var dropped = host.Hypr("port", "check", "six", "8086", "--from", $"{LabNetwork.LanAddress}");
            Assert.Equal(1, dropped.ExitCode);
            Assert.Contains("lan0, from 192.0.2.20: dropped by nft: chain inet mine forward: iifname \"lan0\" meta l4proto tcp ct original proto-dst 8086 drop", dropped.Output);
        }
        finally
        {
            host.Must("nft", "delete", "table", "inet", "mine");
        }
    }

    [Fact]
    public void Docker_shows_both_families()
    {
        var line = Assert.Single(host.MustHypr("ps").Split('\n'), l => l.Contains("web", StringComparison.Ordinal));
        foreach (var port in new[] { "0.0.0.0:8080->80/tcp", "[::]:8080->80/tcp", "0.0.0.0:8080->80/udp", "[::]:8080->80/udp", "127.0.0.1:8081->80/tcp" })
        {
            Assert.Contains(port, line);
        }

        Assert.Equal("0.0.0.0:8080\n[::]:8080\n", host.MustHypr("port", "web", "80/udp"));
    }

    [Fact]
    public void Ports_come_and_go_while_the_vm_runs_and_are_kept_over_its_restart()
    {
        host.Serve("live");
        try
        {
            Assert.Equal("80/tcp -> 0.0.0.0:8090\n80/tcp -> [::]:8090\n", host.MustHypr("port", "add", "live", "8090:80"));
            Assert.Equal($"live {LabNetwork.LanAddress}", Ask(false, host.Lab.Lan, LabNetwork.HostOnLan, 8090));
            Assert.NotNull(Ask(false, host.Space, IPAddress.IPv6Loopback, 8090));
            Assert.Contains("VM web publishes it", host.Hypr("port", "add", "live", "8091:80", "8080:80").Error);
            Assert.Equal("80/tcp -> 0.0.0.0:8090\n80/tcp -> [::]:8090\n", host.MustHypr("port", "live"));
            host.MustHypr("restart", "-t", "1", "live");
            Assert.Equal($"live {LabNetwork.LanAddress}", Ask(false, host.Lab.Lan, LabNetwork.HostOnLan, 8090));
            host.MustHypr("port", "rm", "live", "8090");
            Assert.Null(Probe.Tcp(host.Lab.Lan, LabNetwork.HostOnLan, 8090, Probe.Silence));
            Assert.Null(Probe.Tcp(host.Space, IPAddress.IPv6Loopback, 8090, Probe.Silence));
            Assert.Equal("", host.MustHypr("port", "live"));
            Assert.Contains("does not publish 8090", host.Hypr("port", "rm", "live", "8090").Error);
        }
        finally
        {
            host.MustHypr("rm", "-f", "live");
        }
    }

    [Fact]
    public void Sctp_is_carried_to_a_vm_from_the_LAN_and_from_a_vm_of_another_network()
    {
        host.ServeSctp("sctp", "-p", "5132:80/sctp");
        try
        {
            Assert.True(SctpProbe.Answers(host.Lab.Lan, LabNetwork.HostOnLan, 5132, TimeSpan.FromSeconds(60)));
            var answer = host.SctpFromVm("other", $"{LabNetwork.HostOnLan}", 5132);
            Assert.StartsWith("sctp 10.112.", answer.Output);
            Assert.Equal("sctp 10.88.0.2\n", host.SctpFromVm("web", host.MustHypr("inspect", "-f", "{{.NetworkSettings.IPAddress}}", "sctp").Trim(), 80).Output);
            Assert.Equal("80/sctp -> 0.0.0.0:5132\n", host.MustHypr("port", "sctp"));
            Assert.False(host.SctpFromVm("shut", $"{LabNetwork.HostOnLan}", 5132).Succeeded);
            host.MustHypr("port", "rm", "sctp", "5132/sctp");
            Assert.False(host.SctpFromVm("other", $"{LabNetwork.HostOnLan}", 5132).Succeeded);
        }
        finally
        {
            host.MustHypr("rm", "-f", "sctp");
        }
    }

    [Fact]
    public void An_address_that_the_host_gets_later_is_published_on_from_then_on_and_again_when_it_comes_back()
    {
        var late = IPAddress.Parse("192.0.2.77");
        host.MustHypr("create", "--name", "late", "-p", $"{late}:8096:80", "tools", "python3", "-c", PublishingHost.Server, "late");
        try
        {
            var before = host.Traces();
            Assert.Contains("the host has no address 192.0.2.77", host.Hypr("start", "late").Error);
            Assert.True(Probe.Until(() => host.Traces() == before), host.Traces());
            host.Must("ip", "addr", "add", $"{late}/24", "dev", "lan0");
            host.MustHypr("start", "late");
            Assert.Equal($"late {LabNetwork.LanAddress}", Ask(false, host.Lab.Lan, late, 8096));
            Assert.Null(Probe.Tcp(host.Lab.Lan, LabNetwork.HostOnLan, 8096, Probe.Silence));
            host.Must("ip", "addr", "del", $"{late}/24", "dev", "lan0");
            Assert.Null(Probe.Tcp(host.Lab.Lan, late, 8096, Probe.Silence));
            host.Must("ip", "addr", "add", $"{late}/24", "dev", "lan0");
            Assert.Equal($"late {LabNetwork.LanAddress}", Ask(false, host.Lab.Lan, late, 8096));
        }
        finally
        {
            host.MustHypr("rm", "-f", "late");
            host.Space.Run("ip", "addr", "del", $"{late}/24", "dev", "lan0");
        }
    }

    [Fact]
    public void Of_two_vms_that_race_for_a_port_one_has_it_and_the_other_is_told_who()
    {
        for (var round = 0; round < 20; round++)
        {
            // Both run: what races is the port alone, and twenty rounds of it are one boot's time.
            string[] vms = ["web", "other"];
            var racing = vms.Select(vm => host.Start("port", "add", vm, "8097:80")).ToList();
            var ends = racing.Select(r => r.WaitForEnd()).ToList();
            var winner = ends.FindIndex(e => e.Succeeded);
            Assert.True(ends.Count(e => e.Succeeded) == 1, string.Join("; ", ends.Select(e => e.Error)));
            Assert.Contains($"VM {vms[winner]} publishes it", ends[1 - winner].Error);
            Assert.StartsWith($"{vms[winner]} ", Ask(false, host.Lab.Lan, LabNetwork.HostOnLan, 8097));
            Assert.DoesNotContain("8097", host.MustHypr("port", vms[1 - winner]));
            host.MustHypr("port", "rm", vms[winner], "8097");
        }
    }

    [Fact]
    public void Of_two_vms_that_start_for_one_port_one_runs_and_nothing_of_the_other_is_left()
    {
        string[] vms = ["racer-a", "racer-b"];
        foreach (var vm in vms)
        {
            host.MustHypr("create", "--name", vm, "-p", "8098:80", "tools", "python3", "-c", PublishingHost.Server, vm);
        }

        try
        {
            var before = host.Vmms().Count;
            var ends = vms.Select(vm => host.Start("start", vm)).ToList().Select(r => r.WaitForEnd(TimeSpan.FromMinutes(1))).ToList();
            var winner = ends.FindIndex(e => e.Succeeded);
            Assert.True(ends.Count(e => e.Succeeded) == 1, string.Join("; ", ends.Select(e => e.Error)));
            Assert.Contains($"VM {vms[winner]} publishes it", ends[1 - winner].Error);
            Assert.Equal($"{vms[winner]} {LabNetwork.LanAddress}", Ask(false, host.Lab.Lan, LabNetwork.HostOnLan, 8098));
            Assert.True(Probe.Until(() => host.Vmms().Count == before + 1));
            host.MustHypr("rm", "-f", vms[winner]);
            host.MustHypr("start", vms[1 - winner]);
            Assert.Equal($"{vms[1 - winner]} {LabNetwork.LanAddress}", Ask(false, host.Lab.Lan, LabNetwork.HostOnLan, 8098));
        }
        finally
        {
            host.Hypr(["rm", "-f", .. vms]);
        }
    }

    [Fact]
    public void Publishing_53_everywhere_leaves_the_guests_their_dns()
    {
        host.Serve("dns", "-p", "53:80", "-p", "53:80/udp", "-p", "41003:80/udp");
        try
        {
            foreach (var udp in new[] { false, true })
            {
                Assert.Equal($"dns {LabNetwork.LanAddress}", Ask(udp, host.Lab.Lan, LabNetwork.HostOnLan, 53));

                // The VM has only IPv4.
                Assert.Equal("dns 10.88.0.1", Ask(udp, host.Lab.Lan, LabNetwork.HostOnLan6, 53));
                Assert.Equal("dns 10.88.0.1", Ask(udp, host.Space, LabNetwork.HostOnLan6, 53));
                Assert.Equal("dns 10.88.0.1", Ask(udp, host.Space, IPAddress.IPv6Loopback, 53));
            }

            Assert.Equal("dns 10.88.0.1", Ask(true, host.Lab.Lan, LabNetwork.HostOnLan6, 41003));

            Assert.Contains("10.88.0.2", host.MustHypr("exec", "dns", "getent", "hosts", "web.hypr"));
            Assert.Equal("10.90.0.2\n", host.MustHypr("exec", "six", "dig", "+short", "@fd00:90::1", "six.hypr"));
            Assert.Equal("10.88.0.2\n", host.Must("dig", "+short", "+tries=1", "-p", "41003", "@10.88.0.1", "web.hypr"));
        }
        finally
        {
            host.MustHypr("rm", "-f", "dns");
        }
    }

    [Fact]
    public void A_killed_hyprd_takes_no_port_with_it()
    {
        Assert.NotNull(Ask(false, host.Space, IPAddress.IPv6Loopback, 8080));
        host.KillDaemon();
        try
        {
            foreach (var udp in new[] { false, true })
            {
                Assert.Equal($"web {LabNetwork.LanAddress}", Ask(udp, host.Lab.Lan, LabNetwork.HostOnLan, 8080));
                Assert.Equal("web 10.88.0.1", Ask(udp, host.Space, IPAddress.IPv6Loopback, 8080));
            }
        }
        finally
        {
            host.StartDaemon();
        }

        Assert.Equal("web 10.88.0.1", Ask(false, host.Space, IPAddress.IPv6Loopback, 8080));
        Assert.Contains("[::]:8080->80/tcp", host.MustHypr("ps"));
    }
}
