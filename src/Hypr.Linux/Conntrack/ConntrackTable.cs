using System.Net;
using Hypr.Linux.Namespaces;
using Hypr.Linux.Netlink;

namespace Hypr.Linux.Conntrack;

/// <summary>
/// ctnetlink (include/uapi/linux/netfilter/nfnetlink_conntrack.h): removes tracked connections by filter, in the kernel (5.8 and later), of the network
/// namespace of the thread that opened it.
/// </summary>
public sealed class ConntrackTable : IDisposable
{
    private const int Subsystem = 1 << 8;
    private const int Get = 1;
    private const int Delete = 2;
    private const int TupleOrig = 1;
    private const int TupleReply = 2;
    private const int Filter = 25;
    private const int FilterOrigFlags = 1;
    private const int FilterReplyFlags = 2;
    private const int TupleIp = 1;
    private const int TupleProto = 2;
    private const int IPv4Source = 1;
    private const int IPv4Destination = 2;
    private const int IPv6Source = 3;
    private const int IPv6Destination = 4;
    private const int ProtoNumber = 1;
    private const int ProtoDestinationPort = 3;

    // net/netfilter/nf_conntrack_netlink.c: CTA_FILTER_F_* by attribute.
    private const uint FlagIpSource = 1 << 0;
    private const uint FlagIpDestination = 1 << 1;
    private const uint FlagProtoNumber = 1 << 3;
    private const uint FlagDestinationPort = 1 << 5;
    private readonly NetlinkSocket _socket;

    private ConntrackTable(NetlinkSocket socket) => _socket = socket;

    public static ConntrackTable Open() => new(NetlinkSocket.Open(NetlinkSocket.Netfilter));

    public static ConntrackTable Open(NetworkNamespace where) => where.Run(Open);

    /// <summary>Every connection that the address began or was reached by (its answers come from it, whatever it was called by).</summary>
    public void RemoveAddress(IPAddress address)
    {
        // conntrack -D --orig-src ADDRESS; conntrack -D --reply-src ADDRESS
        Remove(TupleOrig, FilterOrigFlags, FlagIpSource, address, source: true, 0, 0, $"{address}");
        Remove(TupleReply, FilterReplyFlags, FlagIpSource, address, source: true, 0, 0, $"{address}");
    }

    /// <summary>Every flow that was sent to the port of the host, on one of its addresses or (0.0.0.0, ::) on all of the family.</summary>
    /// <param name="protocol">17: UDP.</param>
    public void RemovePort(IPAddress host, byte protocol, int port)
    {
        // conntrack -D -p udp [--orig-dst HOST] --orig-port-dst PORT
        var any = host.Equals(IPAddress.Any) || host.Equals(IPAddress.IPv6Any);
        var flags = FlagProtoNumber | FlagDestinationPort | (any ? 0 : FlagIpDestination);
        Remove(TupleOrig, FilterOrigFlags, flags, host, source: false, protocol, port, $"{host} port {port}");
    }

    /// <summary>
    /// The same for many ports. The kernel walks its whole table (262,144 buckets by default) for each that it is asked for, so it is read once here, and only
    /// ports that have flows are.
    /// </summary>
    public void RemovePorts(byte protocol, IReadOnlyCollection<(IPAddress Host, int Port)> ports)
    {
        foreach (var family in ports.GroupBy(p => Af.Of(p.Host)))
        {
            var called = family.Skip(1).Any() ? PortsCalled(family.Key, protocol) : null;
            foreach (var (host, port) in family)
            {
                if (called?.Contains(port) != false)
                    RemovePort(host, protocol, port);
            }
        }
    }

    public void Dispose() => _socket.Dispose();

    /// <summary>Ports to which the flows of a protocol were sent.</summary>
    private HashSet<int> PortsCalled(byte family, byte protocol)
    {
        // conntrack -L -f FAMILY
        var w = new NetlinkWriter(64);
        var message = w.Begin(Subsystem | Get, NetlinkFlags.Dump);
        w.Take(4)[0] = family;
        w.End(message);
        var ports = new HashSet<int>();
        _socket.Dump<object>(w, "list", "connections", m =>
        {
            for (var a = m.Attributes(4); a.Next();)
            {
                if (a.Type == TupleOrig && PortOf(a.Nested(), protocol) is { } port)
                    ports.Add(port);
            }

            return null;
        });
        return ports;
    }

    private static int? PortOf(NetlinkReader tuple, byte protocol)
    {
        while (tuple.Next())
        {
            if (tuple.Type != TupleProto)
                continue;
            var (number, port) = (0, 0);
            for (var proto = tuple.Nested(); proto.Next();)
            {
                if (proto.Type == ProtoNumber)
                    number = proto.U8();
                else if (proto.Type == ProtoDestinationPort)
                    port = proto.U16Be();
            }

            return number == protocol ? port : null;
        }

        return null;
    }

    private void Remove(
        int tuple, int filter, uint flags, IPAddress address, bool source, byte protocol, int port, string subject)
    {
        var ipv6 = Af.Of(address) == Af.Inet6;
        var w = new NetlinkWriter(160);
        var message = w.Begin(Subsystem | Delete, NetlinkFlags.None);
        w.Take(4)[0] = Af.Of(address);
        var t = w.BeginNested(tuple);
        if ((flags & (FlagIpSource | FlagIpDestination)) != 0)
        {
            var ip = w.BeginNested(TupleIp);
            w.Address((ipv6, source) switch { (true, true) => IPv6Source, (true, false) => IPv6Destination, (false, true) => IPv4Source, _ => IPv4Destination }, address);
            w.End(ip);
        }

        if ((flags & FlagProtoNumber) != 0)
        {
            var proto = w.BeginNested(TupleProto);
            w.U8(ProtoNumber, protocol);
            w.U16Be(ProtoDestinationPort, (ushort)port);
            w.End(proto);
        }

        w.End(t);
        var f = w.BeginNested(Filter);
        w.U32(filter, flags);
        w.End(f);
        w.End(message);
        try
        {
            _socket.Execute(w, "remove connections of", subject);
        }
        catch (LinuxException e) when (e.Errno == Errno.ENOENT)
        {
            // There was none.
        }
    }
}
