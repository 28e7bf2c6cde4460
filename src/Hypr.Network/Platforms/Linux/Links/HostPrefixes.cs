using System.Net;
using Hypr.Linux.Netlink;

namespace Hypr.Network.Platforms.Linux.Links;

/// <summary>What the host uses already, so that a new subnet collides with nothing.</summary>
internal static class HostPrefixes
{
    private const uint LocalTable = 255;

    public static List<OccupiedPrefix> List(RtNetlink netlink)
    {
        var links = netlink.Links.List().ToDictionary(static l => l.Index);
        var all = new List<OccupiedPrefix>();
        foreach (var address in netlink.Addresses.List())
        {
            if (!links.TryGetValue(address.Link, out var link) || OurLinks.IsOurs(link) || IsEverywhere(address.Address))
                continue;
            all.Add(new OccupiedPrefix(Prefixes.Of(address.Address, address.PrefixLength), link.Name, $"address {address.Address} of {link.Name}"));
        }

        foreach (var route in netlink.Routes.List())
        {
            // The local table repeats addresses; a default route takes nothing for itself.
            if (route.Table == LocalTable || route.Destination.PrefixLength == 0 || IsEverywhere(route.Destination.BaseAddress)
                || route.Type is RouteType.Broadcast or RouteType.Multicast or RouteType.Anycast)
            {
                continue;
            }

            links.TryGetValue(route.Link, out var link);
            if (link is not null && OurLinks.IsOurs(link))
                continue;
            var holder = link is not null ? $"route of {link.Name}" : route.Gateway is { } gateway ? $"route by {gateway}" : $"route of type {route.Type}".ToLowerInvariant();
            all.Add(new OccupiedPrefix(route.Destination, link?.Name ?? "", holder));
        }

        return all;
    }

    private static bool IsEverywhere(IPAddress address) => IPAddress.IsLoopback(address) || address.IsIPv6LinkLocal || address.IsIPv6Multicast;
}
