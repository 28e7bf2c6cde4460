using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Hypr.Network.Platforms;
using Hypr.Primitives;

namespace Hypr.Network.Ipam;

/// <summary>
/// Which blocks our networks use, and the next free one of a pool. A choice costs the logarithm of the number of networks: used blocks that touch are one
/// interval. Not safe for several callers at once.
/// </summary>
internal sealed class SubnetChooser
{
    /// <summary>
    /// Routes this short say "everything that has no better route": the default route, its halves (OpenVPN's redirect-gateway def1), 2000::/3. They occupy nothing.
    /// </summary>
    private const int ShortestOccupied = 4;

    private readonly IntervalSet _used4 = new();
    private readonly IntervalSet _used6 = new();

    public static bool Occupies(OccupiedPrefix prefix) => prefix.Prefix.PrefixLength >= ShortestOccupied;

    public void Add(IPNetwork subnet) => Used(subnet.BaseAddress.AddressFamily).Add(AddressRange.Of(subnet));

    public void Remove(IPNetwork subnet) => Used(subnet.BaseAddress.AddressFamily).Remove(AddressRange.Of(subnet));

    public bool IsUsed(IPNetwork subnet) => Used(subnet.BaseAddress.AddressFamily).Overlaps(AddressRange.Of(subnet));

    /// <summary>The lowest free piece of the first pool that has one; InvalidParameter with the figures when none has (Docker's words).</summary>
    public IPNetwork Choose(IReadOnlyList<AddressPool> pools, AddressFamily family, IReadOnlyList<OccupiedPrefix> occupied)
    {
        var host = new IntervalSet();
        foreach (var prefix in occupied.Where(o => o.Prefix.BaseAddress.AddressFamily == family && Occupies(o)))
        {
            host.Add(AddressRange.Of(prefix.Prefix));
        }

        var ofFamily = pools.Where(p => p.Base.BaseAddress.AddressFamily == family).ToList();
        foreach (var pool in ofFamily)
        {
            if (Lowest(pool, family, host) is { } found)
            {
                return found;
            }
        }

        var words = ofFamily.Select(p => string.Create(CultureInfo.InvariantCulture, $"{IpNumber.Size(p.Base.PrefixLength, family) / IpNumber.Size(p.Size, family)} blocks /{p.Size} of {p.Base}"));
        throw HyprException.Invalid(
            $"all predefined address pools have been fully subnetted: {string.Join(", ", words)} are used by networks or by the host's routes. Remove networks (hypr network prune), give --subnet, or add to default-address-pools");
    }

    private IPNetwork? Lowest(AddressPool pool, AddressFamily family, IntervalSet host)
    {
        var whole = AddressRange.Of(pool.Base);
        var size = IpNumber.Size(pool.Size, family);
        var at = whole.First;
        while (at <= whole.Last)
        {
            var piece = new AddressRange(at, at + (size - 1));
            var blocking = Used(family).LastOf(piece) ?? host.LastOf(piece);
            if (blocking is not { } last)
            {
                return new IPNetwork(IpNumber.ToAddress(at, family), pool.Size);
            }

            // On to the first piece that begins behind what is in the way.
            if (last >= whole.Last)
            {
                return null;
            }

            at = whole.First + (((last - whole.First) / size) + 1) * size;
        }

        return null;
    }

    private IntervalSet Used(AddressFamily family) => family == AddressFamily.InterNetwork ? _used4 : _used6;
}
