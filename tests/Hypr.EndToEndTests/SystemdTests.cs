using Hypr.EndToEndTests.Support;
using Hypr.Testing;

namespace Hypr.EndToEndTests;

/// <summary>What <c>./dev install</c> puts in place, under a real systemd with all that the unit takes from hyprd.</summary>
public sealed class SystemdTests
{
    [Fact]
    public void Installed_hyprd_is_restarted_and_stopped_while_VMs_run_on_and_is_taken_out_again()
    {
        using var host = new SystemdHost();
        string Page() => Probe.Until(() => host.Space.Run("curl", "-sf", "-m", "5", "http://127.0.0.1:8080/").Succeeded, TimeSpan.FromMinutes(1)) ? "answers" : host.Journal();
        string Vm() => host.Must("hypr", "inspect", "-f", "{{.State.Status}} {{.State.Pid}}", "web").Trim();
        string Daemon() => host.Must("systemctl", "show", "-P", "MainPID", "hypr").Trim();

        // 1. Installed, it runs and is enabled; a run from anywhere.
        var installed = host.Must(Path.Combine(Repository.Root, "packaging", "install"));
        Assert.Contains("hyprd runs", installed);
        Assert.Equal("enabled", host.Must("systemctl", "is-enabled", "hypr").Trim());
        host.Must("hypr", "run", "-d", "--name", "web", "-p", "8080:80", "nginx");
        Assert.Equal("answers", Page());

        // 2. What else asks for rights that a unit can take away: another network, a NIC into a running VM, its name.
        host.Must("hypr", "network", "create", "--ipv6", "more");
        host.Must("hypr", "network", "connect", "more", "web");
        Assert.Contains("eth1", host.Must("hypr", "exec", "web", "ip", "-br", "addr"));
        Assert.Contains("10.88.0.2", host.Must("dig", "+short", "@10.88.0.1", "web.hypr"));

        // 3. The VM lives on over hyprd's restart...
        var (vm, daemon) = (Vm(), Daemon());
        Assert.StartsWith("running ", vm);
        host.Must("systemctl", "restart", "hypr");
        Assert.NotEqual(daemon, Daemon());
        Assert.Equal(vm, Vm());
        Assert.Equal("answers", Page());
        host.Must("hypr", "exec", "web", "true");

        // 4. ...and over its stop.
        host.Must("systemctl", "stop", "hypr");
        Assert.Equal("answers", Page());
        Assert.Contains("systemctl start hypr", host.Run("hypr", "ps").Error);
        host.Must("systemctl", "start", "hypr");
        Assert.Equal(vm, Vm());
        Assert.DoesNotContain("not permitted", host.Journal(), StringComparison.OrdinalIgnoreCase);

        // 5. Taken out, nothing runs and nothing is left in the network; what the VMs are stays.
        host.Must(Path.Combine(Repository.Root, "packaging", "uninstall"));
        Assert.Equal("lo", host.Space.Must("ip", "-br", "link").Split(' ')[0]);
        Assert.DoesNotContain("hypr", host.Space.Must("nft", "list", "ruleset"), StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("qemu", host.Must("ps", "-eo", "args"), StringComparison.Ordinal);
        Assert.NotEqual(0, host.Run("systemctl", "cat", "hypr").ExitCode);
        host.Must("test", "!", "-e", "/run/hypr", "-a", "!", "-e", "/run/sysctl.d/99-zz-hypr.conf", "-a", "-e", "/var/lib/hypr/hypr.db");
    }
}
