using Hypr.Linux;
using Hypr.Linux.Namespaces;
using Hypr.Linux.Netlink;
using Hypr.Network.Platforms.Linux.Threads;

namespace Hypr.Network.Platforms.Linux.Links;

/// <summary>
/// Deletes links behind the callers' backs: the kernel waits 16 to 36 ms for its readers at each, but only once for a whole group. Links that come while it
/// waits go together in the next round.
/// </summary>
internal sealed class LinkRemover : IDisposable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, (int Index, TaskCompletionSource Gone)> _doomed = [];
    private readonly NamespaceThread _thread;
    private readonly RtNetlink _netlink;

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
    public Task Remove(string name, int index)
    {
        TaskCompletionSource gone;
        lock (_gate)
        {
            if (_doomed.TryGetValue(name, out var known))
                return known.Gone.Task;
            gone = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _doomed.Add(name, (index, gone));
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
        List<(string Name, int Index, TaskCompletionSource Gone)> round;
        lock (_gate)
            round = [.. _doomed.Select(static d => (d.Key, d.Value.Index, d.Value.Gone))];
        if (round.Count == 0)
            return;
        try
        {
            foreach (var (_, index, _) in round)
                Doom(index);
            _netlink.Links.DeleteGroup(OurLinks.DoomedGroup);
        }
        finally
        {
            lock (_gate)
            {
                foreach (var (name, _, _) in round)
                    _doomed.Remove(name);
            }

            foreach (var (_, _, gone) in round)
                gone.SetResult();
        }
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
