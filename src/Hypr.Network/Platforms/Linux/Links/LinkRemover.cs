using System.Diagnostics;
using Hypr.Linux;
using Hypr.Linux.Namespaces;
using Hypr.Linux.Netlink;
using Hypr.Network.Platforms.Linux.Threads;

namespace Hypr.Network.Platforms.Linux.Links;

/// <summary>
/// Deletes links behind the callers' backs. The kernel waits for its readers at each deletion and holds its one lock for links (rtnl) meanwhile, which every other
/// change of a link waits for: 40 ms for one bridge, 20 ms and 17 ms a bridge for a group (rcu_barrier in br_multicast_dev_del is each bridge's own). So links go
/// in groups, while nothing else is asked of the datapath; and a bridge whose name is wanted again before its turn is kept and used again.
/// </summary>
internal sealed class LinkRemover : IDisposable
{
    /// <summary>So many hold the lock for less than 0.1 s.</summary>
    private const int BridgesAtOnce = 4;

    /// <summary>One change seldom comes alone: a group of networks that goes, or one that is made anew.</summary>
    private static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(40);

    /// <summary>Something goes even where it is never quiet.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LastWork = TimeSpan.FromSeconds(1);
    private readonly object _gate = new();
    private readonly Dictionary<string, Doomed> _doomed = [];
    private readonly NamespaceThread _thread;
    private readonly RtNetlink _netlink;
    private int _busy;
    private long _lastChange;
    private long _lastDeletion;
    private long _ending;

    public LinkRemover(NetworkNamespace space, INetlinkFaults? faults, Action<Exception> onFailure)
    {
        _netlink = RtNetlink.Open(space, faults);
        _thread = new NamespaceThread(space, "hypr-links", onFailure);
    }

    /// <summary>A change of the datapath begins: no deletion starts before it ended.</summary>
    public void Begin()
    {
        lock (_gate)
            _busy++;
    }

    public void End()
    {
        lock (_gate)
        {
            _busy--;
            _lastChange = Stopwatch.GetTimestamp();
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>Whether a link of the name is about to go.</summary>
    public bool IsDoomed(string name)
    {
        lock (_gate)
            return _doomed.ContainsKey(name);
    }

    /// <summary>Returns at once.</summary>
    public void Remove(Link link)
    {
        lock (_gate)
        {
            // Another index: the one of that name that was doomed has gone by itself, as a TAP does with its VMM.
            if (_doomed.TryGetValue(link.Name, out var known) && known.Link.Index == link.Index)
                return;
            _doomed[link.Name] = new Doomed(link);
        }

        _thread.Post(Round);
    }

    /// <summary>The name can be had when this returns: its link is the caller's again when its turn had not come, and has gone otherwise. At once for any other.</summary>
    public void Claim(string name)
    {
        lock (_gate)
        {
            if (!_doomed.TryGetValue(name, out var doomed))
                return;
            if (!doomed.IsGoing)
            {
                _doomed.Remove(name);
                return;
            }

            while (_doomed.TryGetValue(name, out var now) && now == doomed)
                Monitor.Wait(_gate);
        }
    }

    /// <summary>Goes on for a moment; what is left bears our mark, and the next hyprd sweeps it.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _ending = Stopwatch.GetTimestamp();
            Monitor.PulseAll(_gate);
        }

        _thread.Dispose();
        _netlink.Dispose();
    }

    private void Round()
    {
        while (Next() is { Length: > 0 } links)
        {
            try
            {
                Delete(links);
            }
            finally
            {
                Forget(links);
            }
        }
    }

    /// <summary>Waits for its time, and gives what goes now; empty: nothing is left to do.</summary>
    private Doomed[] Next()
    {
        lock (_gate)
        {
            while (_doomed.Count > 0 && TimeToWait() is var wait && wait > TimeSpan.Zero)
                Monitor.Wait(_gate, wait);
            if (_ending != 0 && Stopwatch.GetElapsedTime(_ending) > LastWork)
                return [];
            var others = _doomed.Values.Where(static d => d.Link.Kind != "bridge").ToArray();
            var next = others.Length > 0 ? others : [.. _doomed.Values.Take(BridgesAtOnce)];
            foreach (var doomed in next)
                doomed.IsGoing = true;
            return next;
        }
    }

    private TimeSpan TimeToWait()
    {
        if (_ending != 0)
            return TimeSpan.Zero;
        if (_lastDeletion == 0)
            _lastDeletion = Stopwatch.GetTimestamp();
        var atLatest = Longest - Stopwatch.GetElapsedTime(_lastDeletion);
        var quiet = _busy > 0 ? Longest : Quiet - Stopwatch.GetElapsedTime(_lastChange);
        return quiet < atLatest ? quiet : atLatest;
    }

    private void Delete(Doomed[] links)
    {
        foreach (var doomed in links)
        {
            try
            {
                _netlink.Links.Set(doomed.Link.Index, new LinkSettings { Group = OurLinks.DoomedGroup });
            }
            catch (LinuxException e) when (e.Errno == Errno.ENODEV)
            {
                // A TAP that went with its VMM.
            }
        }

        _netlink.Links.DeleteGroup(OurLinks.DoomedGroup);
    }

    private void Forget(Doomed[] links)
    {
        lock (_gate)
        {
            foreach (var doomed in links)
            {
                if (_doomed.TryGetValue(doomed.Link.Name, out var now) && now == doomed)
                    _doomed.Remove(doomed.Link.Name);
            }

            _lastDeletion = _doomed.Count > 0 ? Stopwatch.GetTimestamp() : 0;
            Monitor.PulseAll(_gate);
        }
    }

    private sealed class Doomed(Link link)
    {
        public Link Link { get; } = link;

        /// <summary>It is being deleted now.</summary>
        public bool IsGoing { get; set; }
    }
}
