using System.Net;
using System.Net.Sockets;
using Hypr.Linux.Netlink;
using Hypr.Network.Platforms.Linux.Links;

namespace Hypr.Network.Platforms.Linux.Probing;

/// <summary>A link, a client that comes in by it, and the address that it calls.</summary>
internal sealed record WayIn(Link Link, IPAddress From, IPAddress To);

/// <summary>By which links other machines call a port, told by the host's addresses and routes.</summary>
internal sealed class WaysIn
{
    private const uint MainTable = 254;
    private readonly Dictionary<int, Link> _links;
    private readonly List<LinkAddress> _addresses;
    private readonly List<Route> _routes;

    /// <param name="family">Of the address that is called.</param>
    public WaysIn(RtNetlink netlink, AddressFamily family)
    {
        // Frames can be made for Ethernet only; the loopback has zeros for an address.
        _links = netlink.Links.List().Where(static l => l.IsUp && IsEthernet(l) && !OurLinks.IsOurs(l)).ToDictionary(static l => l.Index);
        _addresses = netlink.Addresses.List().FindAll(a => _links.ContainsKey(a.Link) && a.Address.AddressFamily == family && !a.Address.IsIPv6LinkLocal);
        _routes = netlink.Routes.List().FindAll(r => r.Table == MainTable && r.Destination.BaseAddress.AddressFamily == family);
    }

    /// <summary>One a link.</summary>
    /// <param name="to">Null: the link's own address.</param>
    /// <param name="from">Null: a neighbour.</param>
    public IEnumerable<WayIn> To(IPAddress? to, IPAddress? from) =>
        from own in Candidates(to, @from).DistinctBy(static a => a.Link)
        let client = @from ?? Neighbour(own)
        where client is not null
        select new WayIn(_links[own.Link], client, to ?? own.Address);

    private IEnumerable<LinkAddress> Candidates(IPAddress? to, IPAddress? from)
    {
        if (from is not null)
        {
            // The way back to the client is the way that it comes, or its packets would not pass rp_filter.
            var back = _routes.Where(r => r.Destination.Contains(from))
                .OrderByDescending(static r => r.Destination.PrefixLength).ThenBy(static r => r.Metric).FirstOrDefault();
            return _addresses.Where(a => a.Link == back?.Link);
        }

        // A bridge that leads nowhere is for programs of this host: containers of others.
        var outer = _addresses.FindAll(a => _links[a.Link].Kind != "bridge" || Router(a.Link) is not null);
        var own = outer.FindAll(a => a.Address.Equals(to));
        // An address on the loopback, or a machine's own, is called by way of the routers.
        return to is null ? outer : own.Count > 0 ? own : outer.Where(a => Router(a.Link) is not null);
    }

    private static bool IsEthernet(Link link) => link.Mac.Length == 6 && link.Mac.AsSpan().ContainsAnyExcept((byte)0);

    private IPAddress? Router(int link) => _routes.Find(r => r.Link == link && r.Destination.PrefixLength == 0)?.Gateway;

    /// <summary>The router, else the lowest address of the subnet that is not the host's; null in a subnet of one.</summary>
    private IPAddress? Neighbour(LinkAddress own)
    {
        if (Router(own.Link) is { IsIPv6LinkLocal: false } router)
            return router;
        var subnet = Prefixes.Of(own.Address, own.PrefixLength);
        for (var number = 0; number <= 2; number++)
        {
            var bytes = subnet.BaseAddress.GetAddressBytes();
            var isOfTwo = own.PrefixLength == (bytes.Length * 8) - 1;
            bytes[^1] |= (byte)(isOfTwo ? number : number + 1);
            if (new IPAddress(bytes) is var candidate && subnet.Contains(candidate) && !candidate.Equals(own.Address))
                return candidate;
        }

        return null;
    }
}
