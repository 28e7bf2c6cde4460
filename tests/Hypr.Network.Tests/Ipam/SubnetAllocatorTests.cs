using System.Net;
using FsCheck;
using FsCheck.Fluent;
using Hypr.Network.Ipam;
using Hypr.Network.Networks;
using Hypr.Primitives;

namespace Hypr.Network.Tests.Ipam;

public sealed class SubnetAllocatorTests
{
    private static SubnetAllocator Of(string subnet, string? range = null, params (string Name, string Address)[] auxiliary) => new(
        SubnetCheck.Parse(new SubnetSpec(subnet, range, null, auxiliary.ToDictionary(a => a.Name, a => a.Address))));

    /// <summary>Steps: take the lowest, take one by number, release one.</summary>
    [Fact]
    public void No_address_is_given_twice_and_the_lowest_free_one_comes_first() => Check.One(Config.QuickThrowOnFailure.WithQuietOnSuccess(true), Prop.ForAll<(byte Kind, byte Host)[]>(steps =>
    {
        var allocator = Of("10.0.0.0/27");
        var free = new SortedSet<int>(Enumerable.Range(2, 29));
        foreach (var (kind, host) in steps)
        {
            var number = 1 + (host % 31);
            var address = IPAddress.Parse($"10.0.0.{number}");
            switch (kind % 3)
            {
                case 0 when free.Count > 0:
                    if (!allocator.TakeLowest("e", "n").Equals(IPAddress.Parse($"10.0.0.{free.Min}")))
                    {
                        return false;
                    }

                    free.Remove(free.Min);
                    break;
                case 1:
                    if (allocator.TryTake(address, "e", out _, out _) != free.Remove(number))
                    {
                        return false;
                    }

                    break;
                default:
                    allocator.Release(address);
                    if (number is not (1 or 31))
                    {
                        free.Add(number);
                    }

                    break;
            }

            if (allocator.Usage() is var usage && (usage.Free != (UInt128)free.Count || usage.InUse != (UInt128)(32 - free.Count)))
            {
                return false;
            }
        }

        return true;
    }));

    [Fact]
    public void A_whole_16_is_given_out_one_by_one_and_then_the_figures_are_said()
    {
        var allocator = Of("10.88.0.0/16");
        for (var i = 2; i < 65535; i++)
        {
            Assert.Equal(new IPAddress([10, 88, (byte)(i >> 8), (byte)i]), allocator.TakeLowest("e", "bridge"));
        }

        var full = Assert.Throws<HyprException>(() => allocator.TakeLowest("e", "bridge"));
        Assert.Equal(ErrorKind.Forbidden, full.Kind);
        Assert.Contains("65533 by VMs, 65536 of 65536", full.Message);
        Assert.Contains("network bridge", full.Message);
        allocator.Release(IPAddress.Parse("10.88.200.7"));
        Assert.Equal(IPAddress.Parse("10.88.200.7"), allocator.TakeLowest("e", "bridge"));
    }

    [Fact]
    public void Dynamic_addresses_come_from_the_range_and_static_ones_from_anywhere()
    {
        var allocator = Of("10.89.0.0/16", "10.89.4.0/30", ("router", "10.89.4.1"));
        Assert.Equal(IPAddress.Parse("10.89.4.0"), allocator.TakeLowest("a", "n"));
        Assert.Equal(IPAddress.Parse("10.89.4.2"), allocator.TakeLowest("b", "n"));
        Assert.True(allocator.TryTake(IPAddress.Parse("10.89.9.9"), "c", out _, out _));
        Assert.Equal(IPAddress.Parse("10.89.4.3"), allocator.TakeLowest("d", "n"));
        var full = Assert.Throws<HyprException>(() => allocator.TakeLowest("e", "n"));
        Assert.Contains("range 10.89.4.0/30", full.Message);
    }

    [Theory]
    [InlineData("10.89.0.0", "the subnet's own address")]
    [InlineData("10.89.255.255", "the broadcast address")]
    [InlineData("10.89.0.1", "the gateway")]
    [InlineData("10.89.0.77", "the auxiliary address printer")]
    public void A_reserved_address_is_refused_with_what_it_is(string address, string what)
    {
        var allocator = Of("10.89.0.0/16", null, ("printer", "10.89.0.77"));
        Assert.False(allocator.TryTake(IPAddress.Parse(address), "e", out var owner, out var reserved));
        Assert.Null(owner);
        Assert.Contains(what, reserved);
    }

    [Fact]
    public void IPv6_gives_the_lowest_too_and_its_last_address_is_no_broadcast()
    {
        var allocator = Of("fd00:1:2:3::/64");
        Assert.Equal(IPAddress.Parse("fd00:1:2:3::2"), allocator.TakeLowest("a", "n"));
        Assert.True(allocator.TryTake(IPAddress.Parse("fd00:1:2:3:ffff:ffff:ffff:ffff"), "b", out _, out _));
        Assert.Equal((UInt128)4, allocator.Usage().InUse);
    }
}
