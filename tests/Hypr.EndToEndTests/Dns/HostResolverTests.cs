using System.Text.Json.Nodes;
using Hypr.EndToEndTests.Support;
using Hypr.Testing;

namespace Hypr.EndToEndTests.Dns;

/// <summary>A host without systemd-resolved: its resolv.conf is read, followed, and changed and restored by <c>hypr system dns</c>.</summary>
public sealed class HostResolverTests
{
    private sealed class PlainHost(string resolvConf) : HyprHost(new JsonObject { ["hypr-resolv-conf"] = resolvConf });

    [Fact]
    public void The_hosts_resolv_conf_is_followed_and_changed_and_restored_to_the_byte()
    {
        var folder = Directory.CreateTempSubdirectory("hypr-resolv-");
        try
        {
            var file = Path.Combine(folder.FullName, "resolv.conf");
            var before = "# by hand \u00e9\nsearch example.org\nnameserver 198.51.100.1\n"u8.ToArray();
            File.WriteAllBytes(file, before);
            using var host = new PlainHost(file);
            Serve(host, "198.51.100.1", "203.0.113.81");
            Serve(host, "198.51.100.2", "203.0.113.82");
            string Dig(string name) => host.Must("dig", "+short", "+tries=2", "@10.88.0.1", name).Trim();
            Assert.Equal("203.0.113.81", Dig("one.example.org"));
            Assert.StartsWith("not installed", host.MustHypr("system", "dns", "status"));

            // A VM has the host's search list.
            host.MustHypr("run", "-d", "--name", "vm", "-m", "128", "tools", "sleep", "infinity");
            Assert.Equal("nameserver 10.88.0.1\nsearch example.org\noptions ndots:0\n", host.MustHypr("exec", "vm", "cat", "/etc/resolv.conf"));
            Assert.StartsWith("203.0.113.81 ", host.MustHypr("exec", "vm", "getent", "ahostsv4", "mail"));

            // As its users see it, the file in its place.
            string Getent(string name) => host.Must("unshare", "--mount", "sh", "-c", $"mount --bind {file} /etc/resolv.conf && getent ahostsv4 {name} | head -1").Split(' ')[0];
            Assert.StartsWith("installed", host.MustHypr("system", "dns", "install"));
            Assert.StartsWith("installed", host.MustHypr("system", "dns", "install"));
            Assert.StartsWith("installed", host.MustHypr("system", "dns", "status"));
            Assert.Equal("10.88.0.1", Getent("host.hypr"));
            Assert.Equal("203.0.113.81", Getent("two.example.org"));

            // A DHCP client adds its own below ours: it is followed.
            File.WriteAllText(file, File.ReadAllText(file).Replace("198.51.100.1", "198.51.100.2", StringComparison.Ordinal));
            Assert.True(Probe.Until(() => Dig("two.example.org") == "203.0.113.82"));
            File.WriteAllText(file, File.ReadAllText(file).Replace("198.51.100.2", "198.51.100.1", StringComparison.Ordinal));

            // The names behind ours serve while hyprd is away.
            host.StopDaemon();
            Assert.Equal("203.0.113.81", Getent("three.example.org"));
            host.StartDaemon();
            Assert.StartsWith("not installed", host.MustHypr("system", "dns", "uninstall"));
            Assert.Equal(before, File.ReadAllBytes(file));
            Assert.Equal(1, host.Hypr("system", "dns", "uninstall").ExitCode);
            Assert.Equal([file], Directory.GetFiles(folder.FullName));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static void Serve(HyprHost host, string address, string answer)
    {
        if (address != NamedHost.HostsResolver)
        {
            LabNetwork.Address(host.Lab.Internet, "lo", System.Net.IPAddress.Parse(address), 32);
        }

        NamedHost.Resolver(host.Lab.Internet, address, answer);
    }
}
