namespace Hypr.Network.Ipam;

/// <summary>
/// A set of numbers, kept as the fewest intervals in a balanced tree: adding, removing and finding the lowest number that is not in it cost the logarithm of
/// the number of intervals. Addresses that are given out lowest first make few intervals, a full /16 makes one. Not safe for several callers at once.
/// </summary>
internal sealed class IntervalSet(IComparer<IntervalSet.Interval>? comparer = null)
{
    private readonly SortedSet<Interval> _intervals = new(comparer ?? ByFirst.Instance);

    /// <summary>How many intervals there are.</summary>
    public int Intervals => _intervals.Count;

    public bool Contains(UInt128 number) => Floor(number) is { } below && below.Last >= number;

    /// <summary>Is any number of the range in the set?</summary>
    public bool Overlaps(AddressRange range) => Floor(range.Last) is { } below && below.Last >= range.First;

    /// <summary>The last number of the highest interval that overlaps the range; null when none does.</summary>
    public UInt128? LastOf(AddressRange range) => Floor(range.Last) is { } below && below.Last >= range.First ? below.Last : null;

    /// <summary>False when it was in the set.</summary>
    public bool Add(UInt128 number)
    {
        if (Contains(number))
        {
            return false;
        }

        Add(new AddressRange(number, number));
        return true;
    }

    public void Add(AddressRange range)
    {
        var (first, last) = (range.First, range.Last);
        while (Floor(last == UInt128.MaxValue ? last : last + 1) is { } touching && (first == 0 || touching.Last >= first - 1))
        {
            first = UInt128.Min(first, touching.First);
            last = UInt128.Max(last, touching.Last);
            _intervals.Remove(touching);
        }

        _intervals.Add(new Interval(first, last));
    }

    /// <summary>False when it was not in the set.</summary>
    public bool Remove(UInt128 number)
    {
        if (!Contains(number))
        {
            return false;
        }

        Remove(new AddressRange(number, number));
        return true;
    }

    public void Remove(AddressRange range)
    {
        while (Floor(range.Last) is { } hit && hit.Last >= range.First)
        {
            _intervals.Remove(hit);
            if (hit.First < range.First)
            {
                _intervals.Add(new Interval(hit.First, range.First - 1));
            }

            if (hit.Last > range.Last)
            {
                _intervals.Add(new Interval(range.Last + 1, hit.Last));
            }
        }
    }

    /// <summary>The lowest number of the range that is not in the set; null when all are.</summary>
    public UInt128? LowestMissing(AddressRange range)
    {
        if (Floor(range.First) is not { } below || below.Last < range.First)
        {
            return range.First;
        }

        return below.Last < range.Last ? below.Last + 1 : null;
    }

    /// <summary>The interval with the greatest first number that is not above <paramref name="number"/>.</summary>
    private Interval? Floor(UInt128 number)
    {
        // A view costs nothing and its Max is one way down the tree.
        return _intervals.GetViewBetween(Interval.Lowest, new Interval(number, number)).Max;
    }

    internal sealed record Interval(UInt128 First, UInt128 Last)
    {
        public static readonly Interval Lowest = new(0, 0);
    }

    private sealed class ByFirst : IComparer<Interval>
    {
        public static readonly ByFirst Instance = new();

        public int Compare(Interval? x, Interval? y) => x!.First.CompareTo(y!.First);
    }
}
