using System.Net;

namespace Hypr.Dns.Forwarding;

/// <summary>A resolver that is asked, and how it has been. Only the forwarder's thread writes, but for a loop, which a worker
/// finds.</summary>
internal sealed class Upstream(IPEndPoint endPoint)
{
    private const double FirstGuess = 150;
    private int failures;
    private long loopsUntil;

    public IPEndPoint EndPoint { get; } = endPoint;

    /// <summary>Smoothed time to an answer, in milliseconds (RFC 6298's weights).</summary>
    public double RoundTrip { get; private set; } = FirstGuess;

    /// <summary>Until then it is asked only when no other is left.</summary>
    public long DownUntil { get; private set; }

    /// <summary>It answered FORMERR or NOTIMP to EDNS: asked without until then (RFC 6891 section 6.2.2).</summary>
    public long PlainUntil { get; set; }

    /// <summary>A question of ours came back to ourselves through it.</summary>
    public long LoopsUntil
    {
        get => Interlocked.Read(ref loopsUntil);
        set => Interlocked.Exchange(ref loopsUntil, value);
    }

    public long ProbedAt { get; set; } = long.MinValue / 2;

    public UpstreamSocket? Socket { get; set; }

    public bool IsUp(long now) => now >= DownUntil && now >= LoopsUntil;

    /// <summary>After this long without an answer another one is asked as well.</summary>
    public long Patience => (long)Math.Clamp(RoundTrip * 3, 60, 800);

    public void Answered(long milliseconds)
    {
        failures = 0;
        DownUntil = 0;
        RoundTrip = RoundTrip == FirstGuess ? Math.Max(1, milliseconds) : (RoundTrip * 0.875) + (milliseconds * 0.125);
    }

    /// <returns>True: it has just been found down.</returns>
    public bool Failed(long now)
    {
        var wasUp = IsUp(now);
        failures = Math.Min(failures + 1, 8);
        if (failures < 3)
        {
            return false;
        }

        // Tried again after one second, then two, four, up to thirty.
        DownUntil = now + Math.Min(30_000, 1000L << (failures - 3));
        return wasUp;
    }
}

/// <summary>Resolvers that are asked for one group of askers.</summary>
internal sealed class UpstreamSet(int number)
{
    private volatile Upstream[] members = [];

    /// <summary>Answers are cached by it.</summary>
    public int Number { get; } = number;

    public Upstream[] Members
    {
        get => members;
        set => members = value;
    }
}

/// <summary>The server's own resolvers, and those of machines with their own; one resolver in several sets is one.</summary>
internal sealed class UpstreamSets
{
    private readonly Dictionary<string, UpstreamSet> sets = [];
    private readonly Dictionary<IPEndPoint, Upstream> known = [];

    public UpstreamSet Default { get; } = new(0);

    public UpstreamSet Get(IEnumerable<IPEndPoint> endPoints)
    {
        lock (known)
        {
            var list = endPoints.Distinct().ToArray();
            var key = string.Join(' ', list.AsEnumerable());
            if (!sets.TryGetValue(key, out var set))
            {
                set = new UpstreamSet(sets.Count + 1) { Members = Members(list) };
                sets.Add(key, set);
            }

            return set;
        }
    }

    public void SetDefault(IReadOnlyList<IPEndPoint> endPoints)
    {
        lock (known)
        {
            Default.Members = Members(endPoints.Distinct());
        }
    }

    private Upstream[] Members(IEnumerable<IPEndPoint> endPoints) => [.. endPoints.Select(endPoint =>
    {
        if (!known.TryGetValue(endPoint, out var upstream))
        {
            known.Add(endPoint, upstream = new Upstream(endPoint));
        }

        return upstream;
    })];
}
