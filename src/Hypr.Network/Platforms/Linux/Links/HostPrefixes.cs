using System.Net;
using Hypr.Linux.Netlink;

namespace Hypr.Network.Platforms.Linux.Links;

/// <summary>
/// What the host uses already, so that a new subnet collides with nothing. With a thousand networks a list of all links, addresses and routes takes longer than all
/// the rest of a creation: it is kept, and taken anew when the kernel tells of a change that is not of our own links. The kernel does not tell of every IPv4 route
/// that goes (with its link, with its source address), so a change is not applied by itself: it makes the whole be asked for again. Safe for several threads.
/// </summary>
internal sealed class HostPrefixes(RtNetlink netlink)
{
    private const uint LocalTable = 255;
    private readonly Lock _gate = new();
    private readonly Dictionary<int, Link> _links = [];
    private List<OccupiedPrefix> _list = [];
    private bool _stale = true;

    /// <summary>Notifications were lost, or nobody listens to them.</summary>
    public void Doubt()
    {
        lock (_gate)
            _stale = true;
    }

    public void OnLink(Link link, bool gone)
    {
        lock (_gate)
        {
            if (_links.TryGetValue(link.Index, out var before))
            {
                var changed = gone || before.IsUp != link.IsUp || before.Name != link.Name || OurLinks.IsOurs(before) != OurLinks.IsOurs(link);
                _stale |= changed && (OurLinks.IsOurs(before) ? !gone && !OurLinks.IsOurs(link) : _list.Exists(p => p.Link.Length == 0 || p.Link == before.Name));
            }

            if (gone)
                _links.Remove(link.Index);
            else
                _links[link.Index] = link;
        }
    }

    public void OnAddress(LinkAddress address)
    {
        lock (_gate)
            _stale |= !IsEverywhere(address.Address) && !IsOurs(address.Link);
    }

    public void OnRoute(Route route)
    {
        lock (_gate)
            _stale |= Counts(route) && !IsOurs(route.Link);
    }

    public IReadOnlyList<OccupiedPrefix> List()
    {
        lock (_gate)
        {
            if (_stale)
            {
                _list = Dump();
                // What changes from here on is told later: then it is taken again.
                _stale = false;
            }

            return _list;
        }
    }

    private List<OccupiedPrefix> Dump()
    {
        _links.Clear();
        foreach (var link in netlink.Links.List())
            _links.Add(link.Index, link);
        var all = new List<OccupiedPrefix>();
        foreach (var address in netlink.Addresses.List())
        {
            if (!_links.TryGetValue(address.Link, out var link) || OurLinks.IsOurs(link) || IsEverywhere(address.Address))
                continue;
            all.Add(new OccupiedPrefix(Prefixes.Of(address.Address, address.PrefixLength), link.Name, $"address {address.Address} of {link.Name}"));
        }

        foreach (var route in netlink.Routes.List())
        {
            if (!Counts(route))
                continue;
            _links.TryGetValue(route.Link, out var link);
            if (link is not null && OurLinks.IsOurs(link))
                continue;
            var holder = link is not null ? $"route of {link.Name}" : route.Gateway is { } gateway ? $"route by {gateway}" : $"route of type {route.Type}".ToLowerInvariant();
            all.Add(new OccupiedPrefix(route.Destination, link?.Name ?? "", holder));
        }

        return all;
    }

    private bool IsOurs(int link) => _links.TryGetValue(link, out var known) && OurLinks.IsOurs(known);

    /// <summary>The local table repeats addresses; a default route takes nothing for itself.</summary>
    private static bool Counts(Route route) =>
        route.Table != LocalTable && route.Destination.PrefixLength > 0 && !IsEverywhere(route.Destination.BaseAddress)
        && route.Type is not (RouteType.Broadcast or RouteType.Multicast or RouteType.Anycast);

    private static bool IsEverywhere(IPAddress address) => IPAddress.IsLoopback(address) || address.IsIPv6LinkLocal || address.IsIPv6Multicast;
}
