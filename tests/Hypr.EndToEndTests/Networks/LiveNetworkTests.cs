using System.Globalization;
using Hypr.EndToEndTests.Support;
using Hypr.Testing;

namespace Hypr.EndToEndTests.Networks;

/// <summary>Connect and disconnect in each state of a VM, and removal from under it; by hypr and by the docker CLIs.</summary>
public sealed class LiveNetworkTests(LiveNetworkTests.OneVm host) : IClassFixture<LiveNetworkTests.OneVm>
{
    public sealed class OneVm : HyprHost
    {
        public OneVm()
        {
            MustHypr("pull", "tools");
            RunVm("nginx", "gamma");
        }
    }

    public static TheoryData<string> Clients => NetworkClients.All;

    [Theory]
    [MemberData(nameof(Clients))]
    public void A_running_vm_gets_its_nic_at_once_and_loses_it_at_once(string client)
    {
        host.By(client, "network", "create", "mynet", "--subnet", "10.89.0.0/16");
        host.By(client, "network", "connect", "--ip", "10.89.0.77", "--alias", "extra", "mynet", "gamma");
        host.Must("ping", "-c", "1", "-W", "5", "10.89.0.77");
        In("gamma", "ping -c 1 -W 5 10.89.0.1");
        Assert.Matches("eth1 +[A-Z]+ +10\\.89\\.0\\.77/16", In("gamma", "ip -br -4 addr"));
        Assert.Contains("10.89.0.77", In("gamma", "cat /etc/hosts"));
        Assert.Equal("10.89.0.77\n", In("gamma", "dig +short extra @10.89.0.1"));
        Assert.Contains("10.89.0.77", host.Must("dig", "+short", "@10.88.0.1", "gamma.hypr"));
        Assert.Equal("10.89.0.77", host.By(client, "inspect", "-f", "{{.NetworkSettings.Networks.mynet.IPAddress}}", "gamma").Trim());

        host.By(client, "network", "disconnect", "mynet", "gamma");
        Assert.DoesNotContain("eth1", In("gamma", "ip -br link"));
        Assert.DoesNotContain("10.89.0.77", In("gamma", "cat /etc/hosts"));
        Assert.DoesNotContain("10.89.0.77", host.Must("dig", "+short", "@10.88.0.1", "gamma.hypr"));

        // No frame passes from here on; the link itself goes when QEMU has let go of it.
        Assert.DoesNotContain("tap1", host.Must("ip", "link", "show", "master", "vbr1"));
        Assert.True(Probe.Until(() => host.Space.Netlink.Links.Find("tap1") is null));
        host.By(client, "network", "rm", "mynet");
    }

    /// <summary>Less than IPv6 needs (1280, RFC 8200): such a link has no IPv6 at all.</summary>
    [Theory]
    [InlineData("576")]
    [InlineData("9000")]
    public void A_network_s_mtu_is_its_vms_whatever_it_is(string mtu)
    {
        host.MustHypr("network", "create", "narrow", "-o", $"com.docker.network.driver.mtu={mtu}");
        host.MustHypr("network", "connect", "narrow", "gamma");
        Assert.Contains($"mtu {mtu} ", In("gamma", "ip link show eth1"));
        In("gamma", $"ping -c 1 -W 5 -M do -s {int.Parse(mtu, CultureInfo.InvariantCulture) - 28} $(ip route show dev eth1 | sed -n 's/.*src //p' | sed 's/\\.[0-9]* *$/.1/')");
        host.MustHypr("run", "-d", "--name", "slim", "--network", "narrow", "tools", "sleep", "infinity");
        Assert.Contains($"mtu {mtu} ", In("slim", "ip link show eth0"));
        host.MustHypr("rm", "-f", "slim");
        host.MustHypr("network", "rm", "-f", "narrow");
    }

    [Fact]
    public void Created_and_stopped_vms_join_for_their_next_start_and_hold_the_network()
    {
        host.MustHypr("network", "create", "later", "--subnet", "10.90.1.0/24");
        host.MustHypr("network", "create", "gone", "--subnet", "10.90.2.0/24");
        host.MustHypr("create", "--name", "stopped", "--network", "gone", "tools", "sleep", "1000");
        host.MustHypr("network", "connect", "--ip", "10.90.1.40", "later", "stopped");
        Assert.Contains("(stopped)", host.Hypr("network", "rm", "later").Error);
        Assert.DoesNotContain("later", host.MustHypr("network", "prune", "-f"));
        host.MustHypr("network", "disconnect", "gone", "stopped");
        host.MustHypr("start", "stopped");
        Assert.Matches("eth0 +[A-Z]+ +10\\.90\\.1\\.40/24", In("stopped", "ip -br -4 addr"));
        host.MustHypr("kill", "stopped");
        Assert.True(Probe.Until(() => host.MustHypr("ps", "-a").Contains("Exited (137)", StringComparison.Ordinal)));
        Assert.Contains("(stopped)", host.Hypr("network", "rm", "later").Error);

        // Its address stays its own while it is stopped.
        var other = host.Hypr("create", "--network", "later", "--ip", "10.90.1.40", "tools", "true");
        Assert.Contains("VM stopped has it", other.Error);
        Assert.Equal("later\ngone\n", host.MustHypr("network", "rm", "--force", "later", "gone"));

        var start = host.Hypr("start", "stopped");
        Assert.Equal((0, "stopped\n"), (start.ExitCode, start.Output));
        Assert.Equal("WARNING: stopped has no network: attach it with: hypr network connect NETWORK stopped\n", start.Error);
        Assert.DoesNotContain("eth0", In("stopped", "ip -br link"));
        host.MustHypr("network", "connect", "bridge", "stopped");
        In("stopped", "ping -c 1 -W 5 10.88.0.1");
        host.MustHypr("rm", "-f", "stopped");
    }

    [Fact]
    public void Rm_with_force_takes_the_nic_of_a_running_vm_and_the_whole_network()
    {
        var before = host.NetworkTraces();
        host.MustHypr("network", "create", "short", "--subnet", "10.90.3.0/24");
        host.MustHypr("network", "connect", "short", "gamma");
        Assert.Equal("short\n", host.MustHypr("network", "rm", "short", "--force"));
        Assert.DoesNotContain("eth1", In("gamma", "ip -br link"));
        In("gamma", "ping -c 1 -W 5 10.88.0.1");
        Assert.True(Probe.Until(() => host.NetworkTraces() == before), $"before: {before}\nafter: {host.NetworkTraces()}");
    }

    [Fact]
    public void Beyond_the_free_ports_the_vm_is_attached_from_its_next_start_on()
    {
        host.MustHypr("run", "-d", "--name", "full", "tools", "sleep", "1000");
        var names = new List<string>();
        for (var refused = false; !refused;)
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"plug{names.Count}");
            names.Add(name);
            host.MustHypr("network", "create", name);
            var result = host.Hypr("network", "connect", name, "full");
            refused = !result.Succeeded;
            if (refused)
            {
                Assert.Equal(1, result.ExitCode);
                Assert.Contains($"full is attached to {name} from its next start on, but not now", result.Error);
                Assert.Contains("hypr restart full", result.Error);
            }
        }

        Assert.InRange(names.Count, 2, 16);
        Assert.DoesNotContain($"eth{names.Count}", In("full", "ip -br link"));
        host.MustHypr("restart", "-t", "0", "full");
        Assert.Contains($"eth{names.Count}", In("full", "ip -br link"));
        host.MustHypr("rm", "-f", "full");
        host.MustHypr(["network", "rm", .. names]);
    }

    [Fact]
    public void Network_none_is_a_vm_without_a_nic_and_without_a_warning()
    {
        var result = host.Hypr("run", "--rm", "--network", "none", "tools", "ip", "-br", "link");
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        Assert.StartsWith("lo ", result.Output);
        Assert.Single(result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    private string In(string vm, string command) => host.MustHypr("exec", vm, "sh", "-c", command);
}
