using System.Net;
using Hypr.Dns;
using Hypr.Testing;

namespace Hypr.KernelTests.Dns;

public sealed class NameServerTests
{
    [Fact]
    public void A_machine_finds_itself_and_its_gateway_over_both_ports_both_protocols_and_both_families()
    {
        using var lab = new DnsLab();
        Assert.Empty(lab.Failures);
        string[][] ways = [["@10.88.0.1"], ["@10.88.0.1", "+tcp"], ["@10.88.0.1", "-p", "41003"], ["@10.88.0.1", "-p", "41003", "+tcp"],
            ["@fd88::1"], ["@fd88::1", "+tcp"], ["@fd88::1", "-p", "41003"]];
        foreach (var way in ways)
        {
            Assert.Equal(["10.88.0.2"], DnsLab.Dig(lab.Web, [.. way, "web.hypr"]));
            Assert.Equal(["fd88::2"], DnsLab.Dig(lab.Web, [.. way, "web", "AAAA"]));
            Assert.Equal(["10.88.0.1"], DnsLab.Dig(lab.Web, [.. way, "gateway.hypr"]));
            Assert.Equal(["web.hypr."], DnsLab.Dig(lab.Web, [.. way, "-x", "10.88.0.2"]));
        }
    }

    [Fact]
    public void Questions_are_counted_by_result_and_time()
    {
        using var lab = new DnsLab();
        foreach (var transport in (string[])["+notcp", "+tcp"])
        {
            _ = DnsLab.Dig(lab.Web, "@10.88.0.1", transport, "web.hypr");
            _ = DnsLab.Dig(lab.Web, "@10.88.0.1", transport, "web.hypr", "AAAA");
            _ = DnsLab.Dig(lab.Web, "@10.88.0.1", transport, "nobody.hypr");
            _ = DnsLab.Dig(lab.Db, "@10.89.0.1", transport, "www.example.com");
        }

        // The answer is there before it is counted.
        Assert.True(Probe.Until(() => lab.Server.Counts.Buckets.Sum() == 8));
        var counts = lab.Server.Counts.Results.Where(r => r.Count > 0).ToDictionary(r => r.Result, r => r.Count);
        Assert.Equal(new() { ["noerror"] = 4, ["nxdomain"] = 2, ["refused"] = 2 }, counts);
        Assert.InRange(lab.Server.Counts.Seconds, double.Epsilon, 60);
    }

    [Fact]
    public void A_machine_sees_the_names_of_its_own_networks_and_the_host_sees_all()
    {
        using var lab = new DnsLab();
        Assert.Contains("NXDOMAIN", DnsLab.DigAll(lab.Web, "@10.88.0.1", "db.hypr"));
        Assert.Contains("NXDOMAIN", DnsLab.DigAll(lab.Web, "@10.88.0.1", "-x", "10.89.0.2"));
        Assert.Contains("NXDOMAIN", DnsLab.DigAll(lab.Db, "@10.89.0.1", "web.hypr"));
        string[][] ways = [["@127.0.0.1", "-p", "41003"], ["@127.0.0.1", "-p", "41003", "+tcp"], ["@::1", "-p", "41003"], ["@10.88.0.1"],
            ["@10.89.0.1", "+tcp"], ["@fd88::1"]];
        foreach (var way in ways)
        {
            Assert.Equal(["10.88.0.2"], DnsLab.Dig(lab.Host, [.. way, "web.hypr"]));
            Assert.Equal(["10.89.0.2"], DnsLab.Dig(lab.Host, [.. way, "db.hypr"]));
            Assert.Equal(["10.89.0.2"], DnsLab.Dig(lab.Host, [.. way, "db.back.hypr"]));
        }
    }

    [Fact]
    public void The_host_is_known_at_each_of_its_addresses_and_from_each()
    {
        using var lab = new DnsLab();
        var outside = lab.Make("outside");
        TestNamespace.Join(lab.Host, "wan0", outside, "eth0");
        lab.Host.Must("ip", "addr", "add", "203.0.113.10/24", "dev", "wan0");
        lab.Host.Must("ip", "addr", "add", "2001:db8::10/64", "dev", "wan0", "nodad");
        foreach (var transport in (string[])["+notcp", "+tcp"])
        {
            Assert.Equal(["10.89.0.2"], DnsLab.Dig(lab.Host, "@203.0.113.10", "-p", "41003", transport, "db.hypr"));
            Assert.Equal(["10.89.0.2"], DnsLab.Dig(lab.Host, "@2001:db8::10", "-p", "41003", transport, "db.hypr"));
            Assert.Equal(["10.89.0.2"], DnsLab.Dig(lab.Host, "@10.88.0.1", "-b", "203.0.113.10", transport, "db.hypr"));
            Assert.Equal(["10.89.0.2"], DnsLab.Dig(lab.Host, "@203.0.113.10", "-b", "10.88.0.1", "-p", "41003", transport, "db.hypr"));
        }

        // With it any address can be bound; who asks is still told right.
        lab.Host.Must("sysctl", "-qw", "net.ipv4.ip_nonlocal_bind=1");
        outside.Must("ip", "addr", "add", "203.0.113.1/24", "dev", "eth0");
        Assert.NotEqual(0, outside.Run("dig", "@203.0.113.10", "-p", "41003", "+tries=1", "+timeout=1", "db.hypr").ExitCode);
    }

    [Fact]
    public void Who_is_neither_the_host_nor_a_machine_gets_no_answer()
    {
        using var lab = new DnsLab();
        var outside = lab.Make("outside");
        TestNamespace.Join(lab.Host, "wan0", outside, "eth0");
        lab.Host.Must("ip", "addr", "add", "203.0.113.10/24", "dev", "wan0");
        outside.Must("ip", "addr", "add", "203.0.113.1/24", "dev", "eth0");
        outside.Must("ip", "route", "add", "10.88.0.0/16", "via", "203.0.113.10");
        lab.Web.Must("ip", "addr", "add", "10.88.0.77/16", "dev", "eth0");
        foreach (var server in (string[])["@203.0.113.10", "@10.88.0.1"])
        {
            Assert.NotEqual(0, outside.Run("dig", server, "-p", "41003", "+tries=1", "+timeout=1", "web.hypr").ExitCode);
            Assert.NotEqual(0, outside.Run("dig", server, "-p", "41003", "+tcp", "+tries=1", "+timeout=1", "web.hypr").ExitCode);
        }

        Assert.NotEqual(0, lab.Web.Run("dig", "@10.88.0.1", "-b", "10.88.0.77", "+tries=1", "+timeout=1", "web.hypr").ExitCode);
        Assert.Equal(["10.88.0.2"], DnsLab.Dig(lab.Web, "@10.88.0.1", "web.hypr"));
    }

    [Fact]
    public void A_port_that_another_program_holds_is_told_and_the_other_port_serves()
    {
        using var lab = new DnsLab();
        var third = lab.Make("third");
        lab.Bridge("vbr2", "10.90.0.1/24", third, "10.90.0.2/24");
        using var holder = lab.Host.Start("dnsmasq", "--no-daemon", "--no-resolv", "--no-hosts", "--conf-file=/dev/null",
            "--bind-interfaces", "--listen-address=10.90.0.1", "--pid-file=");
        Assert.True(Probe.Until(() => lab.Host.Run("dig", "@10.90.0.1", "+tries=1", "+timeout=1", "x.test").ExitCode == 0));
        var failed = lab.Host.Run(() => lab.Server.AddNetwork(new DnsNetwork(
            "cccc00000000", "third", "vbr2", [IPAddress.Parse("10.90.0.1")], [IPNetwork.Parse("10.90.0.0/24")], false)));
        Assert.Equal(["tcp", "udp"], failed.Select(f => f.Protocol).Order());
        Assert.All(failed, f => Assert.Equal(new IPEndPoint(IPAddress.Parse("10.90.0.1"), 53), f.EndPoint));
        Assert.All(failed, f => Assert.Contains("in use", f.Reason));
        lab.Server.SetMachine(DnsLab.Machine("third", "cccc00000000", "10.90.0.2"));
        Assert.Equal(["10.90.0.2"], DnsLab.Dig(third, "@10.90.0.1", "-p", "41003", "third.hypr"));
    }

    [Fact]
    public void A_bridge_may_come_after_its_network_and_come_back()
    {
        using var lab = new DnsLab();
        lab.Host.Run(() => Assert.Empty(lab.Server.AddNetwork(new DnsNetwork(
            "cccc00000000", "third", "vbr2", [IPAddress.Parse("10.90.0.1")], [IPNetwork.Parse("10.90.0.0/24")], false))));
        lab.Server.SetMachine(DnsLab.Machine("third", "cccc00000000", "10.90.0.2"));
        for (var time = 0; time < 2; time++)
        {
            var third = lab.Make("third");
            lab.Bridge("vbr2", "10.90.0.1/24", third, "10.90.0.2/24");
            Assert.Equal(["10.90.0.2"], DnsLab.Dig(third, "@10.90.0.1", "third"));
            lab.Host.Must("ip", "link", "del", "vbr2");
            third.Must("ip", "link", "del", "eth0");
        }
    }

    [Fact]
    public void The_resolvers_of_glibc_and_busybox_and_nslookup_find_names()
    {
        using var lab = new DnsLab();
        var conf = Path.GetTempFileName();
        try
        {
            File.WriteAllText(conf, "nameserver 10.88.0.1\noptions ndots:0\n");
            string[] InGuest(params string[] command) =>
                lab.Web.Must("unshare", ["--mount", "sh", "-c", "mount --bind \"$0\" /etc/resolv.conf && exec \"$@\"", conf, .. command])
                    .Split('\n', StringSplitOptions.RemoveEmptyEntries);
            Assert.Contains(InGuest("getent", "ahostsv4", "web"), line => line.StartsWith("10.88.0.2 ", StringComparison.Ordinal));
            Assert.Contains(InGuest("getent", "ahostsv6", "web.hypr"), line => line.StartsWith("fd88::2 ", StringComparison.Ordinal));
            Assert.Contains(InGuest("getent", "hosts", "10.88.0.2"), line => line.Contains("web.hypr"));
            Assert.Contains(InGuest("nslookup", "web.hypr"), line => line.Contains("10.88.0.2"));
            Assert.Contains(InGuest("busybox", "nslookup", "web.hypr"), line => line.Contains("10.88.0.2"));
            Assert.Contains(InGuest("getent", "ahostsv4", "host.docker.internal"), line =>
                line.StartsWith("10.88.0.1 ", StringComparison.Ordinal));
        }
        finally
        {
            File.Delete(conf);
        }
    }
}
