using Hypr.Dns.Sockets;
using Hypr.Dns.Wire;

namespace Hypr.Dns.Server;

/// <summary>Connections open at all workers.</summary>
internal sealed class ConnectionCount
{
    private int count;

    public int Add() => Interlocked.Increment(ref count);

    public void Remove() => _ = Interlocked.Decrement(ref count);
}

/// <summary>
/// A worker's connections in the order of their last question. One that asks nothing for <see cref="IdleMilliseconds"/> is closed, however
/// many octets
/// it drips (RFC 7766 section 6.2.3); where there are too many, the one idle the longest.
/// </summary>
internal sealed class TcpTable(Worker worker)
{
    public const long IdleMilliseconds = 30_000;

    private readonly LinkedList<TcpConnection> order = new();
    private long swept;

    /// <summary>
    /// One read's octets after those left of the connection's last read, and the answers to them: shared, for an idle connection needs no
    /// memory.
    /// </summary>
    public byte[] Input { get; } = new byte[16384];

    public byte[] Output { get; } = new byte[2 * (Limits.Message + 2)];

    public int Count => order.Count;

    public void Add(TcpConnection connection, in Moment now)
    {
        // One that is a worker's only one may be one too many: at most as many as there are workers.
        if (worker.Parts.Connections.Add() > worker.Parts.MostConnections)
        {
            _ = CloseOldest();
        }

        connection.Used = now.Milliseconds;
        order.AddLast(connection.Node);
        worker.Add(connection, Epoll.In);
    }

    public void Touch(TcpConnection connection, long now)
    {
        connection.Used = now;
        order.Remove(connection.Node);
        order.AddLast(connection.Node);
    }

    public void Remove(TcpConnection connection)
    {
        order.Remove(connection.Node);
        worker.Parts.Connections.Remove();
    }

    public bool CloseOldest()
    {
        if (order.First is null)
        {
            return false;
        }

        worker.Close(order.First.Value);
        return true;
    }

    public void CloseIdle(long now)
    {
        if (now - swept < 1000)
        {
            return;
        }

        swept = now;
        while (order.First is { } first && now - first.Value.Used >= IdleMilliseconds)
        {
            worker.Close(first.Value);
        }
    }
}
