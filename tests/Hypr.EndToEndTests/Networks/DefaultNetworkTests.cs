using System.Text.Json.Nodes;
using Hypr.EndToEndTests.Support;

namespace Hypr.EndToEndTests.Networks;

/// <summary>The default network as daemon.json and the host decide it.</summary>
public sealed class DefaultNetworkTests
{
    private sealed class Configured() : HyprHost(new JsonObject
    {
        ["bip"] = "10.87.0.1/20",
        ["mtu"] = 1420,
        ["default-address-pools"] = new JsonArray(new JsonObject { ["base"] = "10.100.0.0/16", ["size"] = 28 }),
    });

    /// <summary>Podman's first network is 10.88.0.0/16 too.</summary>
    private sealed class BesidePodman : HyprHost
    {
        public void Meet()
        {
            StopDaemon();
            Must("ip", "link", "del", "vbr0");
            Directory.Delete(DataDir, recursive: true);
            Must("ip", "link", "add", "podman0", "type", "bridge");
            Must("ip", "addr", "add", "10.88.0.1/16", "dev", "podman0");
            Must("ip", "link", "set", "podman0", "up");
            StartDaemon();
        }
    }

    [Fact]
    public void Bip_mtu_and_pools_are_taken_from_the_file()
    {
        using var host = new Configured();
        Assert.Contains("inet 10.87.0.1/20", host.Must("ip", "addr", "show", "vbr0"));
        Assert.Contains("mtu 1420", host.Must("ip", "link", "show", "vbr0"));
        Assert.Equal("10.87.0.0/20 10.87.0.1\n", host.MustHypr("network", "inspect", "-f", "{{range .IPAM.Config}}{{.Subnet}} {{.Gateway}}{{end}}", "bridge"));
        host.MustHypr("network", "create", "small");
        Assert.Equal("10.100.0.0/28\n", host.MustHypr("network", "inspect", "-f", "{{range .IPAM.Config}}{{.Subnet}}{{end}}", "small"));
        Assert.Contains("mtu 1420", host.MustHypr("run", "--rm", "tools", "ip", "link", "show", "eth0"));
        Assert.Contains("Base: 10.100.0.0/16, Size: 28", host.MustHypr("info"));
        host.MustHypr("network", "rm", "small");
    }

    [Fact]
    public void Where_podman_has_the_block_another_is_taken_and_info_says_so()
    {
        using var host = new BesidePodman();
        host.Meet();
        var subnet = host.MustHypr("network", "inspect", "-f", "{{range .IPAM.Config}}{{.Subnet}}{{end}}", "bridge").Trim();
        Assert.NotEqual("10.88.0.0/16", subnet);
        Assert.EndsWith("/16", subnet);
        var info = host.Hypr("info");
        Assert.Contains("podman0", info.Output + info.Error);
        Assert.Contains(subnet, info.Output + info.Error);
        Assert.Contains("inet 10.88.0.1/16", host.Must("ip", "addr", "show", "podman0"));
        host.Must("ip", "link", "del", "podman0");
    }
}
