namespace Hypr.Dns.Server;

/// <summary>What one source uses of the server. Written by several threads without locks: a lost count does no harm.</summary>
internal sealed class Quota
{
    /// <summary>Questions at the upstreams, which one source may have at a time: an eighth of what the server has.</summary>
    public const int MostForwarded = 512;

    private int forwarded;
    private long window;
    private int count;

    /// <summary>The second in which it was last seen.</summary>
    public long Second { get; set; }

    public bool TryForward()
    {
        if (Interlocked.Increment(ref forwarded) <= MostForwarded)
        {
            return true;
        }

        _ = Interlocked.Decrement(ref forwarded);
        return false;
    }

    public void Forwarded() => _ = Interlocked.Decrement(ref forwarded);

    /// <summary>Counts one more question in a window of time.</summary>
    /// <returns>How many there are in it now.</returns>
    public int Count(long now)
    {
        if (window != now)
        {
            window = now;
            count = 0;
        }

        return ++count;
    }
}
