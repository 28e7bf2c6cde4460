using Hypr.Linux.Netlink;
using Hypr.Linux.Sysctl;

namespace Hypr.Network.Platforms.Linux.Links;

/// <summary>
/// A port that is always up on the default network's bridge, where systemd-resolved is told of our names: a bridge without one has no carrier, and resolved asks
/// no server of such a link (systemd, link_relevant in resolved-link.c). One end of a veth pair, because not every kernel has dummy devices.
/// </summary>
internal static class Carrier
{
    public const string Port = "hypr-carrier";
    private const string Peer = "hypr-carrier-p";

    /// <returns>Whether something had to be done.</returns>
    public static bool Ensure(RtNetlink netlink, int bridge)
    {
        var port = netlink.Links.Find(Port);
        if (port is { IsUp: true } && port.Master == bridge && netlink.Links.Find(Peer) is { IsUp: true })
            return false;
        if (port is null)
        {
            var settings = new LinkSettings { Group = OurLinks.Group };
            netlink.Links.CreateVeth(Port, settings, Peer, settings);
        }

        // Nobody speaks on it: no address of its own, no router solicitation, no listener report.
        foreach (var name in (ReadOnlySpan<string>)[Port, Peer])
        {
            if (KernelSetting.TryRead($"net.ipv6.conf.{name}.disable_ipv6") is "0")
                KernelSetting.Write($"net.ipv6.conf.{name}.disable_ipv6", "1");
        }

        netlink.Links.Set(Peer, new LinkSettings { Up = true });
        netlink.Links.Set(Port, new LinkSettings { Up = true, Master = bridge });
        netlink.Links.SetPort(Port, new BridgePortSettings { Isolated = true, Learning = false, Flood = false, MulticastFlood = false, BroadcastFlood = false });
        return true;
    }
}
