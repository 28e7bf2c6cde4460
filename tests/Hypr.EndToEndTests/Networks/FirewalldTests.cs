using System.Net;
using System.Text.Json.Nodes;
using Hypr.EndToEndTests.Support;
using Hypr.Testing;

namespace Hypr.EndToEndTests.Networks;

/// <summary>A host whose firewall is firewalld, all of its links in the default zone.</summary>
public sealed class FirewalldTests
{
    private sealed class WalledHost(RealFirewalld firewalld) : HyprHost(new JsonObject { ["hypr-system-bus"] = firewalld.Address });

    [Fact]
    public void Names_the_way_out_and_published_ports_are_open_to_vms_and_stay_so_whatever_firewalld_goes_through()
    {
        using var firewalld = new RealFirewalld();
        using var host = new WalledHost(firewalld);
        using var own = new EchoServer(host.Space, "own", IPAddress.Any, 5005);
        using var internet = new EchoServer(host.Lab.Internet, "internet", LabNetwork.InternetAddress, 80);
        string Bridges() => string.Join(' ', firewalld.Control(host.Space, "--zone=hypr", "--list-interfaces").Output.Split(default(char[]), StringSplitOptions.RemoveEmptyEntries).Order());
        void IsOpen(string when)
        {
            string? lan = null;
            Assert.True(Probe.Until(() => (lan = Probe.Tcp(host.Lab.Lan, LabNetwork.HostOnLan, 8080, Probe.Silence)) is not null), $"{when}: no port: {State()}");
            Assert.Equal($"web {LabNetwork.LanAddress}", lan);
            Assert.True(Probe.Until(() => host.Hypr("exec", "web", "dig", "+short", "+time=1", "+tries=1", "web.hypr").Output == "10.88.0.2\n"), $"{when}: no names: {State()}");
            Assert.Equal("10.88.0.2\n", host.MustHypr("exec", "web", "dig", "+short", "+tcp", "-p", "41003", "@10.88.0.1", "web.hypr"));
            Assert.Equal("internet 203.0.113.10", Answer(host, $"{LabNetwork.InternetAddress}", 80));

            // firewalld is at work all the same: against neighbours, and against the guest.
            Assert.Null(Probe.Tcp(host.Lab.Lan, LabNetwork.HostOnLan, 5005, Probe.Silence));
            Assert.Equal("", Answer(host, "10.88.0.1", 5005));
        }

        // What a person should know is on stderr, as Docker has it.
        string Info() => host.Hypr("info") is var info ? info.Output + info.Error : "";
        string State() => host.Must("nft", "list", "ruleset") + host.DaemonLog + Info();

        // It comes up after us, as when it is installed.
        firewalld.Start(host.Space);
        Assert.True(Probe.Until(() => Bridges() == "vbr0", TimeSpan.FromSeconds(60)), State());
        host.MustHypr("run", "-d", "--name", "web", "-p", "8080:80", "tools", "python3", "-c", PublishingHost.Server, "web");
        Assert.NotNull(Probe.Tcp(host.Space, IPAddress.Loopback, 5005));
        IsOpen("at first");
        Assert.Contains("zone hypr, policies hypr-in and hypr-out", Info());

        // What the port holder carries ends at a socket of the host: there firewalld has its say, and port check tells.
        var check = host.Hypr("port", "check", "web", "8080").Output;
        Assert.Contains("lan0, from 192.0.2.1: open", check);
        Assert.Contains("lan0, from 2001:db8:1::1: dropped by nft: chain inet firewalld filter_IN_public", check);

        firewalld.Must(host.Space, "--reload");
        IsOpen("after a reload");

        firewalld.Stop(host.Space);
        firewalld.Start(host.Space);
        IsOpen("after its restart");

        // Networks come and go.
        host.MustHypr("network", "create", "more");
        Assert.True(Probe.Until(() => Bridges() == "vbr0 vbr1", TimeSpan.FromSeconds(60)), State());
        host.MustHypr("network", "rm", "more");
        Assert.True(Probe.Until(() => Bridges() == "vbr0", TimeSpan.FromSeconds(60)), State());

        // A bridge that an administrator has put elsewhere stays there.
        firewalld.Must(host.Space, "--zone=hypr", "--remove-interface=vbr0");
        firewalld.Must(host.Space, "--zone=trusted", "--add-interface=vbr0");
        host.StopDaemon();
        host.StartDaemon();
        Assert.True(Probe.Until(() => Info().Contains("vbr0 is in its zone trusted, and left there", StringComparison.Ordinal), TimeSpan.FromSeconds(60)), State());

        host.MustHypr("rm", "-f", "web");
        host.StopDaemon();
        host.Must("env", $"HYPR_DATA_DIR={host.DataDir}", $"HYPR_RUNTIME_DIR={host.RuntimeDir}", Repository.Hyprd, "--config-file", host.ConfigFile, "--uninstall");
        Assert.DoesNotContain("hypr", firewalld.Must(host.Space, "--get-zones") + firewalld.Must(host.Space, "--get-policies") + firewalld.Must(host.Space, "--permanent", "--get-zones"));
        Assert.DoesNotContain("hypr", host.Must("nft", "list", "ruleset"));
    }

    private static string Answer(HyprHost host, string address, int port) =>
        host.Hypr("exec", "web", "timeout", "5", "bash", "-c", $"exec 3<>/dev/tcp/{address}/{port}; cat <&3").Output.TrimEnd('\n');
}
