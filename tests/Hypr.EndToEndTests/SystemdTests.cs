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

        // A folder below /home, of which the unit shows hyprd nothing: systemd starts what serves it, in a unit of its own.
        host.Must("sh", "-c", "mkdir -p /home/me/site; echo mine >/home/me/site/file");
        host.Must("hypr", "run", "-d", "--name", "mine", "-v", "/home/me/site:/data:ro", "-v", "/home/me/new:/new", "tools", "sleep", "infinity");
        Assert.Contains("active", host.Must("systemctl", "list-units", "--plain", "hypr-folders-*"));
        Assert.Equal("mine\n", host.Must("hypr", "exec", "mine", "sh", "-c", "cat /data/file; touch /new/made"));
        host.Must("test", "-e", "/home/me/new/made");
        Assert.Contains("does not exist: /home/me/none", host.Run("hypr", "run", "--mount", "type=bind,src=/home/me/none,dst=/x", "tools", "true").Error);

        // 3. The VM lives on over hyprd's restart...
        var (vm, daemon) = (Vm(), Daemon());
        Assert.StartsWith("running ", vm);
        host.Must("systemctl", "restart", "hypr");
        Assert.NotEqual(daemon, Daemon());
        Assert.Equal(vm, Vm());
        Assert.Equal("answers", Page());
        host.Must("hypr", "exec", "web", "true");
        Assert.Equal("mine\n", host.Must("hypr", "exec", "mine", "cat", "/data/file"));

        // 4. ...and over its stop.
        host.Must("systemctl", "stop", "hypr");
        Assert.Equal("answers", Page());
        Assert.Contains("systemctl start hypr", host.Run("hypr", "ps").Error);
        host.Must("systemctl", "start", "hypr");
        Assert.Equal(vm, Vm());
        host.Must("hypr", "exec", "mine", "rm", "/new/made");
        host.Must("test", "!", "-e", "/home/me/new/made");
        host.Must("hypr", "rm", "-f", "mine");
        Assert.True(Probe.Until(() => !host.Must("systemctl", "list-units", "--all", "--plain", "hypr-folders-*").Contains("hypr-folders-", StringComparison.Ordinal)));
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
