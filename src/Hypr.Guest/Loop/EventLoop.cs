using System.Diagnostics;
using System.Runtime.InteropServices;
using Hypr.Linux.Events;

namespace Hypr.Guest.Loop;

/// <summary>The agent's one thread of work: descriptors and timers, each with what to call. Whatever is called returns soon.</summary>
internal sealed class EventLoop
{
    private readonly EventPoll _poll = new();
    private readonly Dictionary<ulong, Watch> _watches = [];
    private readonly PriorityQueue<Action, long> _timers = new();
    private ulong _lastName;

    /// <summary>Called after each round, and before timers: what was queued for the host is sent then.</summary>
    public Action AfterEach { get; set; } = static () => { };

    public Watch Add(SafeHandle fd, PollEvents events, Action<PollEvents> handler)
    {
        var watch = new Watch(this, ++_lastName, fd, handler, events);
        _poll.Add(fd, events, watch.Name);
        _watches.Add(watch.Name, watch);
        return watch;
    }

    public void After(TimeSpan delay, Action action) => _timers.Enqueue(action, Stopwatch.GetTimestamp() + (long)(delay.TotalSeconds * Stopwatch.Frequency));

    public void Run()
    {
        Span<(ulong Name, PollEvents Events)> events = stackalloc (ulong, PollEvents)[32];
        AfterEach();
        while (true)
        {
            var count = _poll.Wait(Timeout(), events);
            for (var i = 0; i < count; i++)
            {
                // One that an earlier handler of this round removed is not called any more.
                if (_watches.TryGetValue(events[i].Name, out var watch))
                    watch.Handler(events[i].Events);
            }

            AfterEach();
            while (_timers.TryPeek(out var action, out var due) && due <= Stopwatch.GetTimestamp())
            {
                _timers.Dequeue();
                action();
            }

            AfterEach();
        }
    }

    private int Timeout()
    {
        if (!_timers.TryPeek(out _, out var due))
            return -1;
        var left = due - Stopwatch.GetTimestamp();
        return left <= 0 ? 0 : (int)Math.Min(int.MaxValue, (left * 1000 / Stopwatch.Frequency) + 1);
    }

    /// <summary>A descriptor that is watched.</summary>
    internal sealed class Watch(EventLoop loop, ulong name, SafeHandle fd, Action<PollEvents> handler, PollEvents events)
    {
        private PollEvents _events = events;
        private bool _isRemoved;

        public ulong Name => name;

        public Action<PollEvents> Handler => handler;

        /// <summary>With no events the descriptor is not in the poll at all: a hang-up, which is always reported, would come again and again.</summary>
        public void Want(PollEvents wanted)
        {
            if (_isRemoved || wanted == _events)
                return;
            if (_events == PollEvents.None)
                loop._poll.Add(fd, wanted, name);
            else if (wanted == PollEvents.None)
                loop._poll.Remove(fd);
            else
                loop._poll.Change(fd, wanted, name);
            _events = wanted;
        }

        public void Remove()
        {
            Want(PollEvents.None);
            _isRemoved = true;
            loop._watches.Remove(name);
        }
    }
}
