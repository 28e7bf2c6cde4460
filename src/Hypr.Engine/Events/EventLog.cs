using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace Hypr.Engine.Events;

/// <summary>What happened: a bounded past (Docker keeps 256 events) and everybody who listens. A listener that does not read loses the oldest, and blocks nobody.</summary>
public sealed class EventLog(TimeProvider clock)
{
    private const int Kept = 256;
    private const int Backlog = 4096;
    private readonly Lock _gate = new();
    private readonly Queue<EngineEvent> _past = new();
    private readonly HashSet<Channel<EngineEvent>> _listeners = [];

    public void Publish(string type, string action, string actorId, IReadOnlyDictionary<string, string> attributes)
    {
        var happened = new EngineEvent(type, action, actorId, attributes, clock.GetUtcNow());
        lock (_gate)
        {
            _past.Enqueue(happened);
            if (_past.Count > Kept)
            {
                _past.Dequeue();
            }

            foreach (var listener in _listeners)
            {
                listener.Writer.TryWrite(happened);
            }
        }
    }

    /// <summary>
    /// Past events from <paramref name="since"/> on, then new ones until <paramref name="until"/> or the caller cancels. Listening starts with the call,
    /// not with the first step of the enumeration: nothing is missed between.
    /// </summary>
    public IAsyncEnumerable<EngineEvent> Listen(DateTimeOffset? since, DateTimeOffset? until, CancellationToken cancel)
    {
        var channel = Channel.CreateBounded<EngineEvent>(new BoundedChannelOptions(Backlog) { FullMode = BoundedChannelFullMode.DropOldest });
        lock (_gate)
        {
            if (since is not null)
            {
                foreach (var e in _past.Where(e => e.Time >= since && (until is null || e.Time <= until)))
                {
                    channel.Writer.TryWrite(e);
                }
            }

            _listeners.Add(channel);
        }

        return ReadAsync(channel, until, cancel);
    }

    private async IAsyncEnumerable<EngineEvent> ReadAsync(
        Channel<EngineEvent> channel, DateTimeOffset? until, [EnumeratorCancellation] CancellationToken cancel)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        if (until is not null)
        {
            var left = until.Value - clock.GetUtcNow();
            deadline.CancelAfter(left > TimeSpan.Zero ? left : TimeSpan.Zero);
        }

        try
        {
            while (true)
            {
                while (channel.Reader.TryRead(out var e))
                {
                    yield return e;
                }

                try
                {
                    await channel.Reader.WaitToReadAsync(deadline.Token);
                }
                catch (OperationCanceledException)
                {
                    yield break;
                }
            }
        }
        finally
        {
            lock (_gate)
            {
                _listeners.Remove(channel);
            }
        }
    }
}
