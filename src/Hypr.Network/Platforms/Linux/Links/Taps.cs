using Hypr.Linux;
using Hypr.Linux.Netlink;
using Hypr.Linux.Sysctl;
using Hypr.Linux.Tap;
using Hypr.Primitives;
using Microsoft.Win32.SafeHandles;

namespace Hypr.Network.Platforms.Linux.Links;

/// <summary>The machines' TAPs: made, put on their bridge, mended. On the datapath's thread only.</summary>
internal sealed class Taps(RtNetlink netlink, LinkRemover remover)
{
    private const int LeastMtu6 = 1280;
    private readonly bool _ipv6 = Directory.Exists("/proc/sys/net/ipv6");

    /// <summary>The lowest free tapN, made and attached to its queue, on no bridge yet.</summary>
    /// <param name="inUse">Names that endpoints have, by our own books.</param>
    public SafeFileHandle Create(IReadOnlySet<string> inUse, out string name)
    {
        for (var n = 0; ; n++)
        {
            name = $"tap{n}";
            if (inUse.Contains(name))
                continue;
            try
            {
                return TapDevice.Create(name);
            }
            catch (LinuxException e) when (e.Errno is Errno.EBUSY or Errno.EINVAL or Errno.EEXIST)
            {
                // The host has a link of that name (EINVAL: one of another kind), or one of ours has not gone yet. Any other EINVAL is told.
                if (netlink.Links.Find(name) is null)
                    throw;
            }
        }
    }

    /// <summary>Puts the TAP on its network's bridge; nothing but its own MAC's frames are sent to it.</summary>
    public void Join(string name, int bridge, DatapathEndpoint endpoint, DatapathNetwork network, bool hairpin)
    {
        var index = netlink.Links.IndexOf(name);
        try
        {
            var link = new LinkSettings
            {
                Mtu = network.Mtu,
                Master = bridge,
                Group = OurLinks.Group,
                Alias = OurLinks.AliasOf(endpoint),
                // The host is reached by the bridge's addresses only. A link below IPv6's least MTU has no IPv6 to set (net/ipv6/addrconf.c, addrconf_notify).
                NoLinkLocal = _ipv6 && network.Mtu >= LeastMtu6 ? true : null,
            };
            netlink.Links.Join(index, link, SettingsOf(network, hairpin), endpoint.Mac.ToBytes());
        }
        catch (LinuxException e) when (e.Errno == Errno.EXFULL)
        {
            // net/bridge/br_private.h: BR_PORT_BITS is 10.
            throw HyprException.Conflict($"network {network.Name} is full: a bridge carries 1023 machines; use another network");
        }
    }

    public void SetHairpin(string name, bool on)
    {
        if (netlink.Links.Find(name) is { Port: { } port } link && port.Hairpin != on)
            netlink.Links.SetPort(link.Index, new BridgePortSettings { Hairpin = on });
    }

    /// <summary>Nothing passes it from now on; the link itself goes soon. Nothing to do is fine.</summary>
    public void Remove(string name, DatapathEndpoint endpoint)
    {
        if (netlink.Links.Find(name) is not { } link || link.Alias != OurLinks.AliasOf(endpoint))
            return;
        try
        {
            netlink.Links.SetPort(link.Index, new BridgePortSettings { Disabled = true });
        }
        catch (LinuxException)
        {
            // It was taken out of its bridge, or has gone: nothing passes it either way.
        }

        remover.Remove(link);
    }

    /// <summary>Whether the link is as <see cref="Join"/> left it.</summary>
    public static bool IsJoined(Link link, int bridge, DatapathNetwork network) =>
        link.Master == bridge && link.IsUp && link.Mtu == network.Mtu && link.Group == OurLinks.Group
        && link.Port is { Learning: false, Flood: false } port && port.Isolated == network.Isolate;

    /// <summary>Whether bridged frames pass the IP hooks: then a machine that calls its own published port gets the frame back by the port it came from.</summary>
    public static bool BridgeCallsNetfilter() =>
        KernelSetting.TryRead("net.bridge.bridge-nf-call-iptables") == "1" || KernelSetting.TryRead("net.bridge.bridge-nf-call-ip6tables") == "1";

    /// <summary>The one MAC behind the port is written into the bridge: it learns none, so none can be claimed, and floods no unicast to it.</summary>
    private static BridgePortSettings SettingsOf(DatapathNetwork network, bool hairpin) =>
        new() { Learning = false, Flood = false, Isolated = network.Isolate, Hairpin = hairpin, Guard = true };
}
