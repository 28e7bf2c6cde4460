using System.Diagnostics;
using Hypr.Linux;
using Hypr.Linux.Namespaces;
using Hypr.Linux.Netlink;
using Hypr.Network.Platforms.Linux.Threads;

namespace Hypr.Network.Platforms.Linux.Links;

/// <summary>
/// Deletes links behind the callers' backs: the kernel waits 16 to 36 ms for its readers at each, but only once for a whole group. It holds its one lock for
/// links (rtnl) meanwhile, which every other change of a link waits for: so where one removal follows another, a round gathers for a moment before it starts.
/// Bridges go a few at a time: each has a wait of its own (rcu_barrier in br_multicast_dev_del), 15 ms, and a group of a thousand would hold the lock for 15 s.
/// </summary>
internal sealed class LinkRemover : IDisposable
{
    private const int BridgesAtOnce = 8;
    private static readonly TimeSpan Gathering = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan Burst = TimeSpan.FromMilliseconds(200);
    private readonly Lock _gate = new();
    private readonly Dictionary<string, (Link Link, TaskCompletionSource Gone)> _doomed = [];
    private readonly NamespaceThread _thread;
    private readonly RtNetlink _netlink;
    private long _lastRound;

    public LinkRemover(NetworkNamespace space, Action<Exception> onFailure)
    {
        _netlink = RtNetlink.Open(space);
        _thread = new NamespaceThread(space, "hypr-links", onFailure);
    }

    /// <summary>Names that will be free soon.</summary>
    public bool IsDoomed(string name)
    {
        lock (_gate)
            return _doomed.ContainsKey(name);
    }

    /// <summary>Returns at once.</summary>
    public Task Remove(Link link)
    {
        TaskCompletionSource gone;
        lock (_gate)
        {
            if (_doomed.TryGetValue(link.Name, out var known))
                return known.Gone.Task;
            gone = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _doomed.Add(link.Name, (link, gone));
        }

        _thread.Post(Round);
        return gone.Task;
    }

    /// <summary>Waits until a doomed name is free; at once for any other.</summary>
    public void WaitFor(string name)
    {
        Task gone;
        lock (_gate)
        {
            if (!_doomed.TryGetValue(name, out var known))
                return;
            gone = known.Gone.Task;
        }

        gone.Wait();
    }

    public void Dispose()
    {
        _thread.Dispose();
        _netlink.Dispose();
    }

    private void Round()
    {
        // Only this thread waits, which has nothing else to do.
        if (_lastRound != 0 && Stopwatch.GetElapsedTime(_lastRound) < Burst)
            Thread.Sleep(Gathering);
        List<(Link Link, TaskCompletionSource Gone)> round;
        lock (_gate)
            round = [.. _doomed.Values];
        try
        {
            Delete([.. round.Where(static r => r.Link.Kind != "bridge")]);
            foreach (var bridges in round.Where(static r => r.Link.Kind == "bridge").Chunk(BridgesAtOnce))
                Delete(bridges);
        }
        finally
        {
            _lastRound = Stopwatch.GetTimestamp();
            round.ForEach(Gone);
        }
    }

    private void Delete((Link Link, TaskCompletionSource Gone)[] links)
    {
        if (links.Length == 0)
            return;
        foreach (var (link, _) in links)
            Doom(link.Index);
        _netlink.Links.DeleteGroup(OurLinks.DoomedGroup);
        Array.ForEach(links, Gone);
    }

    private void Gone((Link Link, TaskCompletionSource Gone) removed)
    {
        lock (_gate)
        {
            if (_doomed.TryGetValue(removed.Link.Name, out var now) && now.Gone == removed.Gone)
                _doomed.Remove(removed.Link.Name);
        }

        removed.Gone.TrySetResult();
    }

    private void Doom(int index)
    {
        try
        {
            _netlink.Links.Set(index, new LinkSettings { Group = OurLinks.DoomedGroup });
        }
        catch (LinuxException e) when (e.Errno == Errno.ENODEV)
        {
            // A TAP that went with its VMM.
        }
    }
}
