using System.Net;
using Hypr.Linux.Namespaces;
using Hypr.Linux.Netlink;

namespace Hypr.Linux.Conntrack;

/// <summary>
/// ctnetlink (include/uapi/linux/netfilter/nfnetlink_conntrack.h): removes tracked connections, by filter in the kernel (5.8 and later), of the network
/// namespace of the thread that opened it. IPv6 addresses are never filtered by the kernel: ctnetlink_filter_match_tuple takes ipv6_addr_cmp's 0 for "differs" and
/// would remove all connections but those asked for. They are listed and removed one by one.
/// </summary>
public sealed class ConntrackTable : IDisposable
{
    private const int Subsystem = 1 << 8;
    private const int Get = 1;
    private const int Delete = 2;
    private const int TupleOrig = 1;
    private const int TupleReply = 2;
    private const int Filter = 25;
    private const int Id = 12;
    private const int Zone = 18;
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
        if (Af.Of(address) == Af.Inet6)
        {
            RemoveListed((begun, answered) => address.Equals(begun.Source) || address.Equals(answered.Source));
            return;
        }

        Remove(TupleOrig, FilterOrigFlags, FlagIpSource, address, source: true, 0, 0, $"{address}");
        Remove(TupleReply, FilterReplyFlags, FlagIpSource, address, source: true, 0, 0, $"{address}");
    }

    /// <summary>Every flow that was sent to the port of the host, on one of its addresses or (0.0.0.0, ::) on all of the family.</summary>
    /// <param name="protocol">17: UDP.</param>
    public void RemovePort(IPAddress host, byte protocol, int port)
    {
        // conntrack -D -p udp [--orig-dst HOST] --orig-port-dst PORT
        var any = host.Equals(IPAddress.Any) || host.Equals(IPAddress.IPv6Any);
        if (!any && Af.Of(host) == Af.Inet6)
        {
            RemoveListed((begun, _) => host.Equals(begun.Destination) && begun.Protocol == protocol && begun.Port == port);
            return;
        }

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
        var ports = new HashSet<int>();
        List(family, m =>
        {
            for (var a = m.Attributes(4); a.Next();)
            {
                if (a.Type == TupleOrig && Side.Read(a.Nested()) is var begun && begun.Protocol == protocol)
                    ports.Add(begun.Port);
            }
        });
        return ports;
    }

    private void RemoveListed(Func<Side, Side, bool> which)
    {
        var found = new List<(byte[] Tuple, uint Id, ushort Zone)>();
        List(Af.Inet6, m =>
        {
            Side begun = default, answered = default;
            var (tuple, id, zone) = (Array.Empty<byte>(), 0u, (ushort)0);
            for (var a = m.Attributes(4); a.Next();)
            {
                switch (a.Type)
                {
                    case TupleOrig:
                        begun = Side.Read(a.Nested());
                        tuple = a.Value.ToArray();
                        break;
                    case TupleReply: answered = Side.Read(a.Nested()); break;
                    case Id: id = a.U32Be(); break;
                    case Zone: zone = a.U16Be(); break;
                }
            }

            if (which(begun, answered))
                found.Add((tuple, id, zone));
        });
        foreach (var (tuple, id, zone) in found)
        {
            // conntrack -D -f ipv6 with all that tells the one: the id, so that none that has come since is meant.
            var w = new NetlinkWriter(160);
            var message = w.Begin(Subsystem | Delete, NetlinkFlags.None);
            w.Take(4)[0] = Af.Inet6;
            var t = w.BeginNested(TupleOrig);
            tuple.CopyTo(w.Take(tuple.Length));
            w.End(t);
            w.U32Be(Id, id);
            if (zone != 0)
                w.U16Be(Zone, zone);
            w.End(message);
            Execute(w, "an IPv6 address");
        }
    }

    private void List(byte family, Action<NetlinkMessage> each)
    {
        // conntrack -L -f FAMILY
        var w = new NetlinkWriter(64);
        var message = w.Begin(Subsystem | Get, NetlinkFlags.Dump);
        w.Take(4)[0] = family;
        w.End(message);
        _socket.Dump<object>(w, "list", "connections", m =>
        {
            each(m);
            return null;
        });
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
        Execute(w, subject);
    }

    private void Execute(NetlinkWriter w, string subject)
    {
        try
        {
            _socket.Execute(w, "remove connections of", subject);
        }
        catch (LinuxException e) when (e.Errno == Errno.ENOENT)
        {
            // There was none.
        }
    }

    /// <summary>One direction of a connection: CTA_TUPLE_*.</summary>
    private readonly record struct Side(IPAddress? Source, IPAddress? Destination, int Protocol, int Port)
    {
        public static Side Read(NetlinkReader tuple)
        {
            var side = default(Side);
            while (tuple.Next())
            {
                for (var a = tuple.Nested(); a.Next();)
                {
                    side = (tuple.Type, a.Type) switch
                    {
                        (TupleIp, IPv4Source or IPv6Source) => side with { Source = a.Address() },
                        (TupleIp, IPv4Destination or IPv6Destination) => side with { Destination = a.Address() },
                        (TupleProto, ProtoNumber) => side with { Protocol = a.U8() },
                        (TupleProto, ProtoDestinationPort) => side with { Port = a.U16Be() },
                        _ => side,
                    };
                }
            }

            return side;
        }
    }
}
