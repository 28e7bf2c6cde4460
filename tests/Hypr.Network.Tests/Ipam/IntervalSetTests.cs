using FsCheck;
using FsCheck.Fluent;
using Hypr.Network.Ipam;

namespace Hypr.Network.Tests.Ipam;

public sealed class IntervalSetTests
{
    private const int Space = 40;

    /// <summary>Each operation is a number: its lowest bit says add or remove, the rest the range.</summary>
    [Fact]
    public void It_is_a_set_of_numbers_whatever_is_added_and_removed() => Check.One(Config.QuickThrowOnFailure.WithQuietOnSuccess(true), Prop.ForAll<(byte First, byte Length, bool Add)[]>(steps =>
    {
        var (set, model) = (new IntervalSet(), new SortedSet<int>());
        foreach (var (first, length, add) in steps)
        {
            var from = first % Space;
            var to = Math.Min(Space - 1, from + (length % 6));
            if (add)
            {
                set.Add(new AddressRange((UInt128)from, (UInt128)to));
                model.UnionWith(Enumerable.Range(from, to - from + 1));
            }
            else
            {
                set.Remove(new AddressRange((UInt128)from, (UInt128)to));
                model.ExceptWith(Enumerable.Range(from, to - from + 1));
            }

            if (!Agree(set, model))
            {
                return false;
            }
        }

        return true;
    }));

    [Fact]
    public void Both_ends_of_the_numbers_are_numbers_too()
    {
        var set = new IntervalSet();
        Assert.True(set.Add(UInt128.MaxValue));
        Assert.True(set.Add(0));
        Assert.False(set.Add(UInt128.MaxValue));
        Assert.Equal(UInt128.One, set.LowestMissing(new AddressRange(0, UInt128.MaxValue)));
        Assert.Null(set.LowestMissing(new AddressRange(UInt128.MaxValue, UInt128.MaxValue)));
        Assert.True(set.Remove(UInt128.MaxValue));
        Assert.False(set.Contains(UInt128.MaxValue));
    }

    [Fact]
    public void The_last_of_a_full_16_costs_no_more_than_a_few_comparisons()
    {
        var comparer = new CountingComparer();
        var set = new IntervalSet(comparer);
        var range = new AddressRange(0, 65535);
        for (var i = 0; i < 65536; i++)
        {
            comparer.Count = 0;
            Assert.Equal((UInt128)i, set.LowestMissing(range));
            Assert.True(set.Add((UInt128)i));
            Assert.InRange(comparer.Count, 0, 32);
        }

        Assert.Equal(1, set.Intervals);
        Assert.Null(set.LowestMissing(range));
    }

    [Fact]
    public void Every_second_address_free_costs_the_logarithm()
    {
        var comparer = new CountingComparer();
        var set = new IntervalSet(comparer);
        for (UInt128 i = 0; i < 65536; i += 2)
        {
            comparer.Count = 0;
            set.Add(i);
            Assert.InRange(comparer.Count, 0, 200);
        }

        Assert.Equal(32768, set.Intervals);
        comparer.Count = 0;
        Assert.Equal(UInt128.One, set.LowestMissing(new AddressRange(0, 65535)));
        set.Remove(40000);
        set.Add(40001);
        Assert.InRange(comparer.Count, 0, 400);
    }

    private static bool Agree(IntervalSet set, SortedSet<int> model)
    {
        for (var i = 0; i < Space; i++)
        {
            var range = new AddressRange((UInt128)i, Space - 1);
            int? lowest = Enumerable.Range(i, Space - i).Where(n => !model.Contains(n)).Select(n => (int?)n).FirstOrDefault();
            if (set.Contains((UInt128)i) != model.Contains(i) || set.Overlaps(range) != model.Any(n => n >= i) || (int?)set.LowestMissing(range) != lowest)
            {
                return false;
            }
        }

        var runs = model.Count(n => !model.Contains(n - 1));
        return set.Intervals == runs;
    }

    private sealed class CountingComparer : IComparer<IntervalSet.Interval>
    {
        public int Count { get; set; }

        public int Compare(IntervalSet.Interval? x, IntervalSet.Interval? y)
        {
            Count++;
            return x!.First.CompareTo(y!.First);
        }
    }
}
