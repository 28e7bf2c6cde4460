using Hypr.EndToEndTests.Support;
using Hypr.Store;
using Hypr.Store.Machines;
using Hypr.Testing;

namespace Hypr.EndToEndTests.Reliability;

/// <summary>The host is started anew: no process, link, rule and run-time file is there any more, and the boot has another id.</summary>
public sealed class RebootTests : IDisposable
{
    private readonly HyprHost _host = new();

    public void Dispose() => _host.Dispose();

    [Fact]
    public void VMs_are_exited_or_come_back_by_their_policy_with_networks_addresses_and_ports_as_they_were()
    {
        _host.MustHypr("network", "create", "shop");
        Sleeper("plain", "--network", "shop");
        Sleeper("always", "--network", "shop", "--restart", "always", "-p", "8080:80");
        Sleeper("stopped", "--restart", "unless-stopped");
        _host.MustHypr("stop", "-t", "0", "stopped");
        var addresses = Addresses();
        Reboot();

        Assert.True(Probe.Until(() => Status("always").StartsWith("Up", StringComparison.Ordinal), TimeSpan.FromMinutes(2)), Status("always"));
        Assert.StartsWith("Exited (255)", Status("plain"));
        Assert.StartsWith("Exited", Status("stopped"));
        Assert.Contains("the host was restarted", _host.MustHypr("inspect", "-f", "{{.State.Error}}", "plain"));
        Assert.Equal("it is back\n", _host.MustHypr("exec", "always", "echo", "it is back"));
        Assert.Contains("0.0.0.0:8080", _host.MustHypr("port", "always"));
        _host.MustHypr("start", "plain");
        Assert.Equal(addresses, Addresses());
        Assert.Contains(addresses.Split(' ')[0], _host.MustHypr("exec", "plain", "ip", "-4", "addr"));
        _host.MustHypr("system", "check");
    }

    private void Reboot()
    {
        _host.KillDaemon();
        foreach (var pid in _host.Space.Processes().Where(IsOurs))
        {
            _host.Space.Run("kill", "-KILL", $"{pid}");
        }

        Assert.True(Probe.Until(() => !_host.Space.Processes().Any(IsOurs)));
        foreach (var link in _host.Space.Netlink.Links.List().Where(l => l.Name.StartsWith("vbr", StringComparison.Ordinal)))
        {
            _host.Must("ip", "link", "delete", link.Name);
        }

        _host.Must("nft", "delete", "table", "inet", "hypr");
        _host.Must("nft", "delete", "table", "bridge", "hypr");
        _host.Must("sysctl", "-qw", "net.ipv4.ip_forward=0");
        Directory.Delete(_host.RuntimeDir, recursive: true);
        var boot = File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim();
        using (var database = Database.Open(Path.Combine(_host.DataDir, "hypr.db")))
        {
            var rows = new MachineRows(database);
            foreach (var row in rows.All())
            {
                rows.SetState(row.Id, row.State.Replace(boot, "00000000-0000-4000-8000-000000000000", StringComparison.Ordinal));
            }
        }

        _host.StartDaemon();
    }

    private static bool IsOurs(int pid)
    {
        try
        {
            var line = File.ReadAllText($"/proc/{pid}/cmdline");
            return line.Contains("qemu-system", StringComparison.Ordinal) || line.Contains("hyprd", StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false;
        }
    }

    private string Addresses() => string.Join(' ', ((string[])["plain", "always"]).Select(
        n => _host.MustHypr("inspect", "-f", "{{range .NetworkSettings.Networks}}{{.IPAddress}} {{.MacAddress}}{{end}}", n).Trim()));

    private string Status(string name) => _host.MustHypr("ps", "-a", "--filter", $"name=^{name}$", "--format", "{{.Status}}").Trim();

    private void Sleeper(string name, params string[] options) => _host.MustHypr(["run", "-d", "--name", name, .. options, "tools", "sleep", "infinity"]);
}
