using System.Text.Json.Nodes;
using Hypr.EndToEndTests.Support;
using Hypr.Testing;

namespace Hypr.EndToEndTests.Dns;

/// <summary>The host's names by systemd-resolved: the specification's "Linux DNS Setup".</summary>
public sealed class ResolvedTests
{
    private sealed class ResolvedHost(Resolved resolved) : HyprHost(new JsonObject { ["hypr-system-bus"] = resolved.Address });

    [Fact]
    public void Names_work_on_the_host_with_no_step_by_hand_and_survive_what_a_host_goes_through()
    {
        using var resolved = new Resolved();
        using var host = new ResolvedHost(resolved);
        resolved.Start(host.Space);
        string Status() => resolved.Control(host.Space, "status", "vbr0").Output;
        bool IsTold() => Status() is var status && status.Contains("DNS Servers: 10.88.0.1", StringComparison.Ordinal)
            && status.Contains("~hypr", StringComparison.Ordinal) && status.Contains("Current Scopes: DNS", StringComparison.Ordinal);

        // No VM runs: the bridge has a carrier all the same, or the scope would be none.
        Assert.True(Probe.Until(IsTold, TimeSpan.FromSeconds(60)), Status() + host.DaemonLog);
        Assert.Contains("88.10.in-addr.arpa", Status());
        Assert.Contains("-DefaultRoute", Status());
        Assert.Contains("DNSSEC=no", Status());
        Assert.Contains("10.88.0.1", resolved.Control(host.Space, "query", "host.hypr").Output);

        host.RunVm("nginx", "myvm");
        Assert.Contains("myvm.hypr: 10.88.0.2", resolved.Control(host.Space, "query", "myvm.hypr").Output);
        Assert.Contains("10.88.0.2: myvm.hypr", resolved.Control(host.Space, "query", "10.88.0.2").Output);

        // resolved forgets all when it restarts.
        resolved.Stop(host.Space);
        resolved.Start(host.Space);
        Assert.True(Probe.Until(IsTold, TimeSpan.FromSeconds(60)), Status() + host.DaemonLog);
        Assert.Contains("myvm.hypr: 10.88.0.2", resolved.Control(host.Space, "query", "myvm.hypr").Output);

        // The specification's commands by hand. What a person says stands: the domains are no longer ours and more.
        Assert.True(resolved.Control(host.Space, "domain", "vbr0", "~hypr").Succeeded);
        Assert.True(resolved.Control(host.Space, "dns", "vbr0", "10.88.0.1").Succeeded);
        Assert.Contains("myvm.hypr: 10.88.0.2", resolved.Control(host.Space, "query", "myvm.hypr").Output);
        host.MustHypr("rm", "-f", "myvm");
        Assert.DoesNotContain("in-addr.arpa", Status());

        // Another network's reverse zone comes along.
        host.MustHypr("network", "create", "other", "--subnet", "10.99.0.0/16");
        Assert.True(Probe.Until(() => Status().Contains("99.10.in-addr.arpa", StringComparison.Ordinal), TimeSpan.FromSeconds(60)), Status());

        // A bridge that somebody deletes comes back under another index, with carrier and names.
        host.Must("ip", "link", "del", "vbr0");
        Assert.True(Probe.Until(IsTold, TimeSpan.FromSeconds(60)), Status() + host.DaemonLog);

        host.StopDaemon();
        Assert.True(IsTold(), Status());
        host.Must("env", $"HYPR_DATA_DIR={host.DataDir}", $"HYPR_RUNTIME_DIR={host.RuntimeDir}", Repository.Hyprd, "--uninstall");
        // resolvectl ignores a link that is not there.
        Assert.True(Probe.Until(() => Status().Length == 0), Status());
        Assert.False(host.Space.Run("ip", "link", "show", "hypr-carrier").Succeeded);
    }
}
