namespace Hypr.Images.Pull;

/// <summary>A pull's lines to its client: in order, one at a time, and no more of the moving ones than a person sees.</summary>
internal sealed class ProgressLog(IProgress<PullProgress>? client, TimeProvider clock)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, (string Status, long Time)> _last = new(StringComparer.Ordinal);

    public void Report(PullProgress line)
    {
        if (client is null)
            return;
        lock (_gate)
        {
            if (line is { Id: { } id, Current: { } current })
            {
                var now = clock.GetTimestamp();
                if (_last.TryGetValue(id, out var last) && last.Status == line.Status && current != line.Total && clock.GetElapsedTime(last.Time, now) < Interval)
                    return;
                _last[id] = (line.Status, now);
            }

            client.Report(line);
        }
    }
}
