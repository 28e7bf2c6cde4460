using System.Diagnostics;

namespace Hypr.Dns.Server;

/// <summary>What one worker answered: it alone writes, without a lock, and whoever adds up the workers reads what is there.</summary>
internal sealed class WorkerCounts
{
    private const int Codes = 16;
    private static readonly string[] Names =
        ["noerror", "formerr", "servfail", "nxdomain", "notimp", "refused", "yxdomain", "yxrrset", "nxrrset", "notauth", "notzone", "11", "12", "13", "14", "15", "dropped"];
    private static readonly long[] Bounds = [.. DnsCounts.Bounds.Select(b => (long)(b * Stopwatch.Frequency))];
    private readonly long[] results = new long[Codes + 1];
    private readonly long[] buckets = new long[Bounds.Length + 1];
    private long ticks;

    /// <param name="message">An answer's octets; its code is in the fourth.</param>
    public void Answered(ReadOnlySpan<byte> message) => results[message.Length > 3 ? message[3] & (Codes - 1) : Codes]++;

    public void Dropped() => results[Codes]++;

    /// <summary>Answers that went out together.</summary>
    public void Took(long began, int answers)
    {
        if (answers == 0)
        {
            return;
        }

        var took = Stopwatch.GetTimestamp() - began;
        var bucket = 0;
        while (bucket < Bounds.Length && took > Bounds[bucket])
        {
            bucket++;
        }

        buckets[bucket] += answers;
        ticks += took * answers;
    }

    public static DnsCounts Sum(IReadOnlyCollection<WorkerCounts> workers) => new(
        [.. Names.Select((name, i) => (name, workers.Sum(w => Volatile.Read(ref w.results[i]))))],
        [.. Enumerable.Range(0, Bounds.Length + 1).Select(i => workers.Sum(w => Volatile.Read(ref w.buckets[i])))],
        workers.Sum(w => Volatile.Read(ref w.ticks)) / (double)Stopwatch.Frequency);
}
