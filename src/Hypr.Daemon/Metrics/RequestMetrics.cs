using System.Collections.Concurrent;
using System.Globalization;

namespace Hypr.Daemon.Metrics;

/// <summary>
/// How long the API takes, by method, first word of the path (of those that have a route) and status. A stream counts with its whole time.
/// </summary>
internal sealed class RequestMetrics
{
    private static readonly double[] Bounds = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10];
    private readonly ConcurrentDictionary<(string Method, string Group, int Status), Histogram> _requests = new();

    public void Add(string method, string group, int status, TimeSpan took) =>
        _requests.GetOrAdd((method, group, status), static _ => new Histogram()).Add(took.TotalSeconds);

    public void Write(MetricsText text)
    {
        const string Name = "hypr_api_request_duration_seconds";
        text.Family(Name, "histogram", "Time from a request's head to the end of its answer.");
        foreach (var ((method, group, status), histogram) in _requests.OrderBy(r => r.Key))
        {
            var code = status.ToString(CultureInfo.InvariantCulture);
            var (counts, sum) = histogram.Read();
            long total = 0;
            for (var i = 0; i < counts.Length; i++)
            {
                total += counts[i];
                var bound = i < Bounds.Length ? Bounds[i].ToString("R", CultureInfo.InvariantCulture) : "+Inf";
                text.Sample(Name + "_bucket", total, ("method", method), ("group", group), ("status", code), ("le", bound));
            }

            text.Sample(Name + "_sum", sum, ("method", method), ("group", group), ("status", code));
            text.Sample(Name + "_count", total, ("method", method), ("group", group), ("status", code));
        }
    }

    private sealed class Histogram
    {
        private readonly Lock _gate = new();
        private readonly long[] _counts = new long[Bounds.Length + 1];
        private double _sum;

        public void Add(double seconds)
        {
            var bucket = Array.FindIndex(Bounds, b => seconds <= b);
            lock (_gate)
            {
                _counts[bucket < 0 ? Bounds.Length : bucket]++;
                _sum += seconds;
            }
        }

        public (long[] Counts, double Sum) Read()
        {
            lock (_gate)
            {
                return ([.. _counts], _sum);
            }
        }
    }
}
