namespace Hypr.Dns.Server;

/// <summary>
/// Under pressure, when datagrams wait as fast as they are read, and with more than one source, no source gets more than its share: the
/// rest of its
/// questions is dropped unread, which costs a fraction of answering and so empties the queue for the others. A lone source is never held
/// back.
/// </summary>
internal sealed class Fairness
{
    private const int WindowMilliseconds = 20;

    private readonly Quota host = new();
    private long second;
    private long window;
    private int sources;
    private int sourcesBefore = 1;
    private int answered;
    private int share = int.MaxValue;

    public Quota Host => host;

    /// <param name="pressed">More than one full batch was waiting.</param>
    public void Begin(long now, bool pressed)
    {
        if (now / 1000 != second)
        {
            second = now / 1000;
            sourcesBefore = Math.Max(1, sources);
            sources = 0;
        }

        if (now / WindowMilliseconds != window)
        {
            var active = Math.Max(sources, sourcesBefore);
            share = active > 1 ? Math.Max(64, answered / Math.Min(active, 8)) : int.MaxValue;
            window = now / WindowMilliseconds;
            answered = 0;
        }

        Pressed = pressed;
    }

    public bool Pressed { get; private set; }

    public bool Admit(Quota source)
    {
        if (source.Second != second)
        {
            source.Second = second;
            sources++;
        }

        if (source.Count(window) > share && Pressed)
        {
            return false;
        }

        answered++;
        return true;
    }
}
