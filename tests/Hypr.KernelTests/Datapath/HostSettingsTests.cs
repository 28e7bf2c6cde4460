using Hypr.Network.Platforms;
using Hypr.Network.Platforms.Linux;
using Hypr.Testing;
using static Hypr.KernelTests.Datapath.DatapathLab;

namespace Hypr.KernelTests.Datapath;

/// <summary>Settings of the host's kernel that our networks need.</summary>
public sealed class HostSettingsTests : IDisposable
{
    private static readonly DatapathState Nothing = new([], [], new Dictionary<string, IReadOnlyList<DatapathPort>>());
    private readonly string _folder = Directory.CreateTempSubdirectory("hypr-sysctl-").FullName;

    private string Written => Path.Combine(_folder, "99-zz-hypr.conf");

    [Fact]
    public async Task Links_that_listen_to_router_advertisements_go_on_when_ipv6_is_forwarded()
    {
        await using var lab = new DatapathLab();
        Set(lab, "net.ipv6.conf.lan0.accept_ra", 1);
        Set(lab, "net.ipv6.conf.wan0.accept_ra", 0);
        Set(lab, "net.ipv6.conf.default.accept_ra", 1);
        await lab.Datapath.StartAsync(Nothing, default);
        await lab.Network("vbr0", "10.88.0.1/16");
        Assert.Equal("1", Get(lab, "net.ipv4.ip_forward"));
        Assert.Equal("0", Get(lab, "net.ipv6.conf.all.forwarding"));
        Assert.Equal("1", Get(lab, "net.ipv6.conf.lan0.accept_ra"));

        await lab.Network("vbr1", "10.89.0.1/24", "fd89::1/64");
        Assert.Equal("1", Get(lab, "net.ipv6.conf.all.forwarding"));
        Assert.Equal("2", Get(lab, "net.ipv6.conf.lan0.accept_ra"));
        Assert.Equal("0", Get(lab, "net.ipv6.conf.wan0.accept_ra"));
        // A link that comes later as well; our own bridge believes nobody.
        Assert.Equal("2", Get(lab, "net.ipv6.conf.default.accept_ra"));
        Assert.Equal("0", Get(lab, "net.ipv6.conf.vbr1.accept_ra"));
        Assert.Contains(lab.Datapath.Notes, static n => n.Contains("net.ipv6.conf.all.forwarding", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_file_of_kernel_settings_has_what_the_networks_need_and_sysctl_loads_it()
    {
        await using var lab = new DatapathLab(settings: new DatapathSettings { SysctlFolder = _folder });
        await lab.Datapath.StartAsync(Nothing, default);
        Assert.Contains("net.ipv4.ip_forward = 1", File.ReadAllText(Written));
        var network = await lab.Network("vbr1", "10.89.0.1/24", "fd89::1/64");
        await lab.Network("vbr2", "10.90.0.1/24");
        Assert.True(Probe.Until(() => File.ReadAllText(Written).Contains("-net.ipv4.conf.vbr2.rp_filter = 2", StringComparison.Ordinal)), File.ReadAllText(Written));
        Assert.Contains("\nnet.ipv6.conf.all.forwarding = 1\n", File.ReadAllText(Written));
        Assert.Contains("\n-net.ipv6.conf.vbr1.accept_ra = 0\n", File.ReadAllText(Written));
        Assert.Contains("\n-net.ipv6.conf.vbr2.disable_ipv6 = 1\n", File.ReadAllText(Written));

        // What others' files say is overruled by ours, which is read last.
        await lab.Datapath.DisposeAsync();
        Set(lab, "net.ipv4.ip_forward", 0);
        Set(lab, "net.ipv4.conf.vbr1.rp_filter", 1);
        lab.Host.Must("sysctl", "-q", "-p", Written);
        Assert.Equal("1", Get(lab, "net.ipv4.ip_forward"));
        Assert.Equal("2", Get(lab, "net.ipv4.conf.vbr1.rp_filter"));

        // A change of the last moment is written before the end, and an uninstalled HYPR leaves no file.
        await lab.Restart(Nothing with { Networks = [network] });
        await lab.Datapath.RemoveNetworkAsync(network.Id, default);
        await lab.Datapath.DisposeAsync();
        Assert.DoesNotContain("vbr", File.ReadAllText(Written));
        lab.Host.Run(() => LinuxDatapath.RemoveEverything(lab.Settings));
        Assert.False(File.Exists(Written));
    }

    [Fact]
    public async Task A_folder_that_cannot_be_written_is_told_and_stops_no_network()
    {
        File.WriteAllText(Path.Combine(_folder, "file"), "");
        await using var lab = new DatapathLab(settings: new DatapathSettings { SysctlFolder = Path.Combine(_folder, "file") });
        await lab.Datapath.StartAsync(Nothing, default);
        await lab.Network("vbr1", "10.89.0.1/24");
        Assert.Contains(lab.Datapath.Notes, static n => n.Contains("99-zz-hypr.conf cannot be written", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_the_host_tracked_of_a_machine_ends_with_it_and_its_neighbours_stays()
    {
        await using var lab = new DatapathLab();
        var network = await lab.Network("vbr0", "10.88.0.1/16", "fd88::1/64");
        var first = await lab.Machine("first", network, "10.88.0.2", "fd88::2");
        var second = await lab.Machine("second", network, "10.88.0.3", "fd88::3");
        lab.Serve(lab.World.Internet, "internet", 80);
        lab.Serve(first.Space, "first", 80);
        await lab.Publish(first, Port("0.0.0.0", 8080, "10.88.0.2", 80), Port("::", 8080, "fd88::2", 80));
        foreach (var vm in (Vm[])[first, second])
        {
            Assert.NotNull(Probe.Tcp(vm.Space, LabNetwork.InternetAddress, 80));
            Assert.NotNull(Probe.Tcp(vm.Space, LabNetwork.InternetAddress6, 80));
        }

        Assert.NotNull(Probe.Tcp(lab.World.Lan, LabNetwork.HostOnLan, 8080));
        Assert.NotNull(Probe.Tcp(lab.World.Lan, LabNetwork.HostOnLan6, 8080));
        Assert.Contains("10.88.0.2", Tracked(lab));
        Assert.Contains("fd88::2", Tracked(lab));
        await lab.Datapath.PublishAsync(first.Endpoint.MachineId, [], default);
        await lab.Datapath.DetachAsync(first.Endpoint.Id, default);
        Assert.DoesNotContain("10.88.0.2", Tracked(lab));
        Assert.DoesNotContain("fd88::2", Tracked(lab));
        Assert.Contains("10.88.0.3", Tracked(lab));
        Assert.Contains("fd88::3", Tracked(lab));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static string Tracked(DatapathLab lab) => lab.Host.Must("sh", "-c", "conntrack -L; conntrack -L -f ipv6");

    private static void Set(DatapathLab lab, string name, int value) => lab.Host.Must("sysctl", "-qw", $"{name}={value}");

    private static string Get(DatapathLab lab, string name) => lab.Host.Must("sysctl", "-n", name).Trim();
}
