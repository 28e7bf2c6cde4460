using System.Net;
using Hypr.Linux.Namespaces;
using Hypr.Linux.Netlink;
using Hypr.Linux.Tap;
using Hypr.Machines;
using Hypr.Primitives;
using Microsoft.Win32.SafeHandles;

namespace Hypr.EndToEndTests.Machines;

/// <summary>NICs of real VMs on TAPs in a namespace of the test.</summary>
public sealed class NicTests(GuestFiles guest) : IClassFixture<GuestFiles>
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task A_NIC_is_there_from_the_start_and_others_come_and_go_while_it_runs()
    {
        using var space = NetworkNamespace.Create();
        await using var lab = new MachineLab(guest);
        using var first = Tap(space, "tap0");
        using var second = Tap(space, "tap1");
        var nic = new MachineNic(first, new GuestNic("eth0", MacAddress.Parse("02:42:0a:58:00:02"), 1400, [InterfaceAddress.Parse("10.88.0.2/16")], IPAddress.Parse("10.88.0.1"), null));
        var machine = await lab.StartAsync(lab.Spec("sleep", "600") with { Nics = [nic] });
        var links = await RunAsync(machine, "ip", "addr");
        Assert.Contains("02:42:0a:58:00:02", links, StringComparison.Ordinal);
        Assert.Contains("10.88.0.2/16", links, StringComparison.Ordinal);
        Assert.Contains("mtu 1400", links, StringComparison.Ordinal);
        Assert.Contains("default via 10.88.0.1", await RunAsync(machine, "ip", "route"), StringComparison.Ordinal);

        var more = new MachineNic(second, new GuestNic("eth1", MacAddress.Parse("02:42:0a:59:00:02"), 1500, [InterfaceAddress.Parse("10.89.0.2/24")], null, null));
        await machine.AddNicAsync(more, CancellationToken.None);
        Assert.Contains("10.89.0.2/24", await RunAsync(machine, "ip", "addr", "show", "eth1"), StringComparison.Ordinal);

        await machine.ConfigureNicAsync(more.Guest with { Addresses = [InterfaceAddress.Parse("10.89.0.7/24")], Mtu = 1300 }, CancellationToken.None);
        var changed = await RunAsync(machine, "ip", "addr", "show", "eth1");
        Assert.Contains("10.89.0.7/24", changed, StringComparison.Ordinal);
        Assert.DoesNotContain("10.89.0.2/24", changed, StringComparison.Ordinal);

        // QEMU's copy of the TAP goes at once, so that with ours the link is gone; the device follows when the guest has let go.
        await machine.RemoveNicAsync("eth1", CancellationToken.None);
        Assert.DoesNotContain("eth1", await RunAsync(machine, "ip", "addr"), StringComparison.Ordinal);
        second.Dispose();
        Assert.Equal(["tap0"], Links(space));
        await machine.KillAsync();
    }

    [Fact]
    public async Task A_NIC_beyond_the_free_ports_is_refused_with_the_way_out_and_the_port_of_one_that_went_is_free_again()
    {
        using var space = NetworkNamespace.Create();
        await using var lab = new MachineLab(guest, settings => settings with { SparePorts = 1 });
        using var first = Tap(space, "tap0");
        using var second = Tap(space, "tap1");
        var machine = await lab.StartAsync(lab.Spec("sleep", "600"));
        await machine.AddNicAsync(Nic(first, "eth0", 1), CancellationToken.None);
        var error = await Assert.ThrowsAsync<HyprException>(() => machine.AddNicAsync(Nic(second, "eth1", 2), CancellationToken.None));
        Assert.Equal(ErrorKind.Unavailable, error.Kind);
        Assert.Contains("after a restart", error.Message, StringComparison.Ordinal);

        await machine.RemoveNicAsync("eth0", CancellationToken.None);
        using var limit = new CancellationTokenSource(Patience);
        while (true)
        {
            try
            {
                await machine.AddNicAsync(Nic(second, "eth1", 2), limit.Token);
                break;
            }
            catch (HyprException e) when (e.Kind == ErrorKind.Unavailable)
            {
                // The guest gives the port back some seconds after the removal.
                await Task.Delay(200, limit.Token);
            }
        }

        Assert.Contains("10.90.0.2/24", await RunAsync(machine, "ip", "addr", "show", "eth1"), StringComparison.Ordinal);
        await machine.KillAsync();
    }

    [Fact]
    public async Task Names_can_be_changed_while_it_runs()
    {
        await using var lab = new MachineLab(guest);
        var machine = await lab.StartAsync(lab.Spec("sleep", "600"));
        await machine.ConfigureNamesAsync("hare", [new HostsEntry("10.1.2.3", "db db.local")], new ResolvConf(["10.88.0.1"], ["hypr"], ["ndots:0"]), CancellationToken.None);
        Assert.Equal("hare\n", await RunAsync(machine, "hostname"));
        Assert.Contains("10.1.2.3\tdb db.local", await RunAsync(machine, "cat", "/etc/hosts"), StringComparison.Ordinal);
        Assert.Contains("nameserver 10.88.0.1", await RunAsync(machine, "cat", "/etc/resolv.conf"), StringComparison.Ordinal);
        await machine.KillAsync();
    }

    private static MachineNic Nic(SafeFileHandle tap, string name, int network) =>
        new(tap, new GuestNic(name, MacAddress.Parse($"02:42:0a:58:0{network}:02"), 1500, [InterfaceAddress.Parse($"10.{88 + network}.0.2/24")], null, null));

    private static SafeFileHandle Tap(NetworkNamespace space, string name) => space.Run(() => TapDevice.Create(name));

    private static string[] Links(NetworkNamespace space) => space.Run(() =>
    {
        using var netlink = RtNetlink.Open();
        return netlink.Links.List().Select(link => link.Name).Where(name => name != "lo").ToArray();
    });

    private static async Task<string> RunAsync(IRunningMachine machine, params string[] args)
    {
        await using var exec = await machine.ExecAsync(new GuestProcess { Args = args }, CancellationToken.None);
        using var reader = new StreamReader(exec.Stdout);
        return await reader.ReadToEndAsync().WaitAsync(Patience);
    }
}
