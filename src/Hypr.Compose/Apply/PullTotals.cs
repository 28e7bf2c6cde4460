using Hypr.Api.Contracts;

namespace Hypr.Compose.Apply;

/// <summary>Sums up the layers of a pull.</summary>
internal sealed class PullTotals
{
    private readonly Dictionary<string, (long Current, long Total)> _layers = [];
    private int _percent = -1;

    /// <returns>A new text, where it is another one.</returns>
    public string? Add(ProgressMessage message)
    {
        if (message is not { Id: { } id, ProgressDetail: { Current: { } current, Total: > 0 and var total } } || message.Status != "Downloading")
        {
            return null;
        }

        _layers[id] = (current, total);
        var (done, all) = (_layers.Values.Sum(l => l.Current), _layers.Values.Sum(l => l.Total));
        var percent = (int)(done * 100 / all);
        if (percent == _percent)
        {
            return null;
        }

        _percent = percent;
        return $"{percent}% of {all / 1_000_000.0:0.0}MB";
    }
}
