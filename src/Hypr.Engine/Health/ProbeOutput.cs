using System.Text;

namespace Hypr.Engine.Health;

/// <summary>The first bytes that a probe writes; the rest is read and dropped, so that a talkative one is not stopped by it.</summary>
internal sealed class ProbeOutput
{
    private const int Most = 4096;
    private const string Cut = "...";
    private readonly Lock _lock = new();
    private readonly MemoryStream _kept = new();
    private bool _isCut;

    public async Task ReadAsync(Stream from)
    {
        var buffer = new byte[Most];
        try
        {
            int read;
            while ((read = await from.ReadAsync(buffer)) > 0)
            {
                lock (_lock)
                {
                    var room = Math.Min(read, Most - (int)_kept.Length);
                    _kept.Write(buffer, 0, room);
                    _isCut |= room < read;
                }
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or OperationCanceledException)
        {
            // The machine ended, or nobody waits for the rest: what came counts.
        }
    }

    public override string ToString()
    {
        lock (_lock)
        {
            var text = Encoding.UTF8.GetString(_kept.GetBuffer(), 0, (int)_kept.Length);
            return _isCut ? Shortened(text) : Bounded(text);
        }
    }

    /// <summary>A byte that is no UTF-8 becomes three, and messages come before it: the limit is that of the whole text.</summary>
    public static string Bounded(string text) => Encoding.UTF8.GetByteCount(text) <= Most ? text : Shortened(text);

    private static string Shortened(string text)
    {
        var size = 0;
        var shown = text.EnumerateRunes().TakeWhile(r => (size += r.Utf8SequenceLength) <= Most - Cut.Length).Sum(r => r.Utf16SequenceLength);
        return text[..shown] + Cut;
    }
}
