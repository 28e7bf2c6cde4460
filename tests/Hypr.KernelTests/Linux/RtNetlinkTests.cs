using System.Diagnostics;
using System.Net;
using Hypr.Linux;
using Hypr.Linux.Namespaces;
using Hypr.Linux.Netlink;
using Hypr.Linux.Tap;
using Hypr.Testing;

namespace Hypr.KernelTests.Linux;

/// <summary>Each test has a network namespace without a name: it is gone when its last descriptor closes.</summary>
public sealed class RtNetlinkTests : IDisposable
{
    private readonly NetworkNamespace _space = NetworkNamespace.Create();

    public void Dispose() => _space.Dispose();

    [Fact]
    public void A_bridge_with_an_address_is_what_ip_shows_and_goes_again()
    {
        using var netlink = RtNetlink.Open(_space);
        var index = netlink.Links.CreateBridge("vbr0", new BridgeSettings(), new LinkSettings());
        netlink.Addresses.Add(new LinkAddress(index, IPAddress.Parse("10.88.0.1"), 16));
        Assert.Contains("10.88.0.1/16", Ip("-4", "addr", "show", "vbr0"));
        Assert.Contains("bridge", Ip("-d", "link", "show", "vbr0"));
        Assert.Equal(["10.88.0.1/16"], netlink.Addresses.List(index).Where(a => a.Address.GetAddressBytes().Length == 4).Select(a => a.ToString()));
        Assert.True(netlink.Links.Delete("vbr0"));
        Assert.False(netlink.Links.Delete("vbr0"));
        Assert.Null(netlink.Links.Find("vbr0"));
    }

    [Fact]
    public void A_name_in_use_is_an_error_that_names_it()
    {
        using var netlink = RtNetlink.Open(_space);
        netlink.Links.CreateBridge("vbr0", new BridgeSettings(), new LinkSettings());
        var error = Assert.Throws<LinuxException>(() => netlink.Links.CreateBridge("vbr0", new BridgeSettings(), new LinkSettings()));
        Assert.Contains("vbr0", error.Message);
    }

    [Fact]
    public void A_tap_lives_as_long_as_its_descriptor()
    {
        using var netlink = RtNetlink.Open(_space);
        using (_space.Run(() => TapDevice.Create("tap0")))
        {
            Assert.NotNull(netlink.Links.Find("tap0"));
        }

        // A program that another test starts at this moment has a copy until its exec.
        Assert.True(Probe.Until(() => netlink.Links.Find("tap0") is null));
    }

    [Fact]
    public void A_link_joins_its_bridge_in_one_piece_and_the_first_refusal_is_told()
    {
        using var netlink = RtNetlink.Open(_space);
        var bridge = netlink.Links.CreateBridge("vbr0", new BridgeSettings(), new LinkSettings { Up = true });
        using var tap = _space.Run(() => TapDevice.Create("tap0"));
        var index = netlink.Links.IndexOf("tap0");
        var refused = Assert.Throws<LinuxException>(() => netlink.Links.Join(
            index, new LinkSettings { Master = index + 100, Alias = "mine" }, new BridgePortSettings { Learning = false }, [2, 0, 0, 0, 0, 1]));
        Assert.StartsWith("cannot change link", refused.Message);
        Assert.Null(netlink.Links.Find("tap0")!.Port);

        netlink.Links.Join(index, new LinkSettings { Master = bridge, Alias = "mine" }, new BridgePortSettings { Learning = false, Isolated = true }, [2, 0, 0, 0, 0, 1]);
        var link = netlink.Links.Find("tap0")!;
        Assert.Equal((bridge, true, "mine"), (link.Master, link.IsUp, link.Alias));
        Assert.Equal((false, true), (link.Port!.Learning, link.Port.Isolated));
        var known = _space.Run(() => Output("bridge", "fdb", "show", "dev", "tap0"));
        Assert.Contains("02:00:00:00:00:01 master vbr0 static", known);
    }

    private string Ip(params string[] arguments) => _space.Run(() => Output("ip", arguments));

    private static string Output(string program, params string[] arguments)
    {
        // A process started from this thread is in the thread's namespace.
        using var started = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })!;
        var text = started.StandardOutput.ReadToEnd();
        started.WaitForExit();
        Assert.Equal(0, started.ExitCode);
        return text;
    }
}
