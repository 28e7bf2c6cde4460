using System.Net;
using Hypr.Dns;
using Hypr.Network.Platforms;
using Hypr.Network.Ports;
using Hypr.Primitives;

namespace Hypr.Network.Tests.Networks;

public sealed class DefaultNetworkTests
{
    private static OccupiedPrefix Podman => new(IPNetwork.Parse("10.88.0.0/16"), "cni-podman0", "route of cni-podman0");

    [Fact]
    public async Task Where_Podman_has_10_88_another_block_is_taken_once_and_for_all_and_said()
    {
        await using var lab = await Lab.StartAsync(before: l => l.Datapath.Occupying.Add(Podman));
        Assert.Equal("10.200.0.0/16", lab.Default.Subnets[0].Subnet.ToString());
        var note = Assert.Single(lab.Service.Notes);
        Assert.Contains("10.200.0.0/16 and not 10.88.0.0/16", note);
        Assert.Contains("cni-podman0", note);
        lab.Datapath.Occupying.Clear();
        await lab.RestartAsync();
        Assert.Equal("10.200.0.0/16", lab.Default.Subnets[0].Subnet.ToString());
        Assert.Equal([note], lab.Service.Notes);
    }

    [Fact]
    public async Task Docker_s_and_Tailscale_s_blocks_are_never_taken()
    {
        await using var lab = await Lab.StartAsync(before: l => l.Datapath.Occupying.Add(new OccupiedPrefix(IPNetwork.Parse("10.0.0.0/8"), "wg0", "route of wg0")));
        Assert.Equal("172.18.0.0/16", lab.Default.Subnets[0].Subnet.ToString());
    }

    [Fact]
    public async Task Bip_mtu_and_ipv6_of_daemon_json_make_it_and_change_it_while_nobody_is_on_it()
    {
        await using var lab = await Lab.StartAsync(new NetworkSettings { DefaultBridgeAddress = InterfaceAddress.Parse("10.90.5.9/20"), Mtu = 1400 });
        Assert.Equal(("10.90.0.0/20", "10.90.5.9", 1400), (lab.Default.Subnets[0].Subnet.ToString(), lab.Default.Subnets[0].Gateway.ToString(), lab.Default.Mtu));
        var id = lab.Default.Id;
        lab.Settings = new NetworkSettings { DefaultBridgeAddress = InterfaceAddress.Parse("10.91.0.1/24"), IPv6 = true };
        await lab.RestartAsync();
        Assert.Equal(id, lab.Default.Id);
        Assert.Equal("10.91.0.0/24", lab.Default.Subnets[0].Subnet.ToString());
        Assert.Equal((2, true, 1500), (lab.Default.Subnets.Count, lab.Default.EnableIPv6, lab.Default.Mtu));
        await lab.ConnectedAsync("web", "bridge");
        lab.Settings = new NetworkSettings { DefaultBridgeAddress = InterfaceAddress.Parse("10.92.0.1/24"), IPv6 = true, Mtu = 9000 };
        await lab.RestartAsync();
        Assert.Equal(("10.91.0.0/24", 9000), (lab.Default.Subnets[0].Subnet.ToString(), lab.Default.Mtu));
        Assert.Contains("no VM is attached", Assert.Single(lab.Service.Notes));
    }

    [Fact]
    public async Task A_bip_that_the_host_uses_is_an_error_that_names_it()
    {
        var refused = await Lab.FailsAsync(ErrorKind.Forbidden, () => Lab.StartAsync(
            new NetworkSettings { DefaultBridgeAddress = InterfaceAddress.Parse("10.88.0.1/16") }, l => l.Datapath.Occupying.Add(Podman)));
        Assert.Contains("cni-podman0", refused.Message);
    }

    [Fact]
    public async Task A_DNS_port_that_is_taken_is_said_and_the_network_works()
    {
        await using var lab = await Lab.StartAsync(before: l => l.Names.Failures.Add(new ListenFailure(IPEndPoint.Parse("10.88.0.1:53"), "udp", "Address already in use")));
        var note = Assert.Single(lab.Service.Notes);
        Assert.Contains("another program has 10.88.0.1:53 (udp: Address already in use)", note);
        Assert.Contains("redirected to port 41003", note);
        Assert.Equal(new TakenPort(IPAddress.Parse("10.88.0.1"), PortProtocol.Udp, 53, 41003), Assert.Single(Assert.Single(lab.Datapath.Taken).Value));
    }
}
