using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Hypr.Dns.Forwarding;
using Hypr.Dns.Sockets;
using Hypr.Dns.Wire;
using Hypr.Dns.Zones;
using Microsoft.Extensions.Logging;

namespace Hypr.Dns.Server;

/// <summary>A socket of a worker.</summary>
internal abstract class IoSource(Worker worker, Descriptor socket)
{
    public Worker Worker { get; } = worker;

    public Descriptor Socket { get; } = socket;

    public int Slot { get; set; } = -1;

    public bool IsClosed => Slot < 0;

    public abstract void Ready(uint events, in Moment now);

    /// <summary>An upstream's answer for a request of this source.</summary>
    public abstract void Complete(ForwardRequest request, in Moment now);

    public abstract void Closed();
}

/// <summary>What all workers share.</summary>
internal sealed record ServerParts(
    ZoneStore Zones, Responder Responder, Forwarder Forwarder, RequestPool Requests, TimeProvider Clock, ILogger Logger,
        int MostConnections)
{
    public ConnectionCount Connections { get; } = new();
}

/// <summary>
/// One thread with its own sockets: reads, answers, and hands what it cannot answer to the forwarder, which gives it back to be sent here.
/// Only this
/// thread reads, writes and closes its sockets.
/// </summary>
internal sealed class Worker : IDisposable
{
    private readonly Epoll epoll = new();
    private readonly Wake wake = new();
    private readonly List<IoSource?> sources = [null];
    private readonly Stack<int> free = new();
    private readonly ConcurrentQueue<Action> actions = new();
    private readonly RequestStack completed = new();
    private readonly Thread thread;
    private volatile bool stopping;

    public Worker(ServerParts parts, int number)
    {
        Parts = parts;
        Udp = new UdpBatch();
        Tcp = new TcpTable(this);
        epoll.Add(wake.Descriptor, Epoll.In, 0);
        thread = new Thread(Run) { IsBackground = true, Name = $"dns {number}" };
        thread.Start();
    }

    public ServerParts Parts { get; }

    public Admission Admission { get; } = new();

    public Fairness Fairness { get; } = new();

    public WorkerCounts Counts { get; } = new();

    public UdpBatch Udp { get; }

    public TcpTable Tcp { get; }

    /// <summary>Where the answers to a name of several addresses start.</summary>
    public uint Rotation;

    public NameBuffer Name;

    public LabelBuffer Labels;

    /// <summary>Runs something on the worker's thread and waits for it.</summary>
    public void Invoke(Action action)
    {
        using var done = new ManualResetEventSlim();
        actions.Enqueue(() =>
        {
            try
            {
                action();
            }
            finally
            {
                done.Set();
            }
        });
        wake.Set();
        done.Wait();
    }

    /// <summary>From the forwarder's thread.</summary>
    public void Complete(ForwardRequest request)
    {
        if (completed.Push(request))
        {
            wake.Set();
        }
    }

    /// <summary>On the worker's thread.</summary>
    public void Add(IoSource source, uint interest)
    {
        source.Slot = free.TryPop(out var slot) ? slot : sources.Count;
        if (source.Slot == sources.Count)
        {
            sources.Add(source);
        }
        else
        {
            sources[source.Slot] = source;
        }

        epoll.Add(source.Socket, interest, source.Slot);
    }

    public void Change(IoSource source, uint interest) => epoll.Change(source.Socket, interest, source.Slot);

    /// <summary>Closes a source; once closed, nothing more happens.</summary>
    public void Close(IoSource source)
    {
        if (source.IsClosed)
        {
            return;
        }

        sources[source.Slot] = null;
        free.Push(source.Slot);
        source.Slot = -1;
        epoll.Remove(source.Socket);
        source.Socket.Dispose();
        source.Closed();
    }

    /// <summary>Ends the thread. What the forwarder still gives back is kept for <see cref="Dispose"/>.</summary>
    public void Stop()
    {
        stopping = true;
        wake.Set();
        thread.Join();
    }

    public void Dispose()
    {
        foreach (var source in sources.ToArray())
        {
            if (source is not null)
            {
                Close(source);
            }
        }

        while (actions.TryDequeue(out var action))
        {
            action();
        }

        for (var request = completed.TakeAll(); request is not null;)
        {
            var next = request.Next;
            Release(request);
            request = next;
        }

        epoll.Dispose();
        wake.Dispose();
        Udp.Dispose();
    }

    public void Release(ForwardRequest request)
    {
        request.Quota.Forwarded();
        Parts.Requests.Return(request);
    }

    private void Run()
    {
        while (!stopping)
        {
            var count = epoll.Wait(Tcp.Count > 0 ? 1000 : -1);
            var now = Moment.Now(Parts.Clock);
            for (var i = 0; i < count; i++)
            {
                if (epoll.Slot(i) == 0)
                {
                    wake.Clear();
                    continue;
                }

                try
                {
                    sources[epoll.Slot(i)]?.Ready(epoll.Events(i), now);
                }
                catch (Exception e)
                {
                    // One source's failure must not silence the others; it is closed unless it is a port, which serves everybody.
                    Parts.Logger.SourceFailed(e);
                    if (sources[epoll.Slot(i)] is TcpConnection connection)
                    {
                        Close(connection);
                    }
                }
            }

            while (actions.TryDequeue(out var action))
            {
                action();
            }

            SendCompleted(now);
            Tcp.CloseIdle(now.Milliseconds);
        }
    }

    private void SendCompleted(in Moment now)
    {
        for (var request = completed.TakeAll(); request is not null;)
        {
            var next = request.Next;
            if (!request.Source.IsClosed)
            {
                request.Source.Complete(request, now);
            }

            Release(request);
            request = next;
        }
    }
}
