namespace Hypr.Dns;

/// <summary>What the server did since it was made.</summary>
/// <param name="Results">By the answer's code (RFC 1035, 4.1.1; RFC 6895), and the questions that got no answer.</param>
/// <param name="Buckets">Answers by how long they took, one a bound of <see cref="Bounds"/>, and one for those that took longer.</param>
/// <param name="Seconds">All answers together.</param>
public sealed record DnsCounts(IReadOnlyList<(string Result, long Count)> Results, IReadOnlyList<long> Buckets, double Seconds)
{
    public static DnsCounts None { get; } = new([], [], 0);

    /// <summary>Seconds. An answer of our own takes microseconds, one of an upstream's milliseconds.</summary>
    public static IReadOnlyList<double> Bounds { get; } = [0.000_05, 0.000_1, 0.000_5, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5];
}
