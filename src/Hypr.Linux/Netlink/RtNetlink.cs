using Hypr.Linux.Namespaces;

namespace Hypr.Linux.Netlink;

/// <summary>
/// rtnetlink (rtnetlink(7)): links, addresses, routes, rules and neighbours of one network namespace, that of the thread that opened it. Safe for several threads.
/// Every refusal is a <see cref="LinuxException"/>.
/// </summary>
public sealed class RtNetlink : IDisposable
{
    private readonly NetlinkSocket _socket;

    private RtNetlink(NetlinkSocket socket)
    {
        _socket = socket;
        Links = new LinkTable(socket);
        Addresses = new AddressTable(socket);
        Routes = new RouteTable(socket);
        Rules = new RuleTable(socket);
        Neighbours = new NeighbourTable(socket);
    }

    public LinkTable Links { get; }

    public AddressTable Addresses { get; }

    public RouteTable Routes { get; }

    public RuleTable Rules { get; }

    public NeighbourTable Neighbours { get; }

    /// <summary>For the calling thread's network namespace.</summary>
    public static RtNetlink Open(INetlinkFaults? faults = null) => new(NetlinkSocket.Open(NetlinkSocket.Route, faults));

    public static RtNetlink Open(NetworkNamespace where, INetlinkFaults? faults = null) => where.Run(() => Open(faults));

    public void Dispose() => _socket.Dispose();
}
