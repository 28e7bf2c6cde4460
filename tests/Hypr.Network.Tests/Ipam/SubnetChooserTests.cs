using System.Net;
using System.Net.Sockets;
using FsCheck;
using FsCheck.Fluent;
using Hypr.Network.Ipam;
using Hypr.Network.Platforms;
using Hypr.Primitives;

namespace Hypr.Network.Tests.Ipam;

public sealed class SubnetChooserTests
{
    private static readonly AddressPool[] Pools = [new(IPNetwork.Parse("10.112.0.0/20"), 24)];

    [Fact]
    public void It_gives_the_lowest_block_that_overlaps_nothing() => Check.One(Config.QuickThrowOnFailure.WithQuietOnSuccess(true), Prop.ForAll<(byte Third, byte Length)[], byte[]>((routes, networks) =>
    {
        var chooser = new SubnetChooser();
        var mine = networks.Select(n => n % 16).Distinct().Select(n => IPNetwork.Parse($"10.112.{n}.0/24")).ToList();
        mine.ForEach(chooser.Add);
        var occupied = routes.Select(r => Prefix(r.Third % 20, 22 + (r.Length % 9))).ToList();
        var expected = Enumerable.Range(0, 16).Select(n => IPNetwork.Parse($"10.112.{n}.0/24"))
            .Where(n => !mine.Contains(n) && !occupied.Exists(o => AddressRange.Of(o.Prefix).Overlaps(AddressRange.Of(n)))).Cast<IPNetwork?>().FirstOrDefault();
        try
        {
            return chooser.Choose(Pools, AddressFamily.InterNetwork, occupied).Equals(expected);
        }
        catch (HyprException e)
        {
            return expected is null && e.Message.Contains("16 blocks /24 of 10.112.0.0/20", StringComparison.Ordinal);
        }
    }));

    [Fact]
    public void Default_routes_and_their_halves_occupy_nothing()
    {
        OccupiedPrefix[] routes = [.. new[] { "0.0.0.0/0", "0.0.0.0/1", "128.0.0.0/1" }.Select(r => new OccupiedPrefix(IPNetwork.Parse(r), "tun0", "route of tun0"))];
        Assert.Equal(IPNetwork.Parse("10.112.0.0/24"), new SubnetChooser().Choose(Pools, AddressFamily.InterNetwork, routes));
    }

    private static OccupiedPrefix Prefix(int third, int length)
    {
        var mask = ~(IpNumber.Size(length, AddressFamily.InterNetwork) - 1);
        var start = IpNumber.Of(IPAddress.Parse($"10.112.{third}.129")) & mask;
        return new OccupiedPrefix(new IPNetwork(IpNumber.ToAddress(start, AddressFamily.InterNetwork), length), "wg0", "route of wg0");
    }
}
