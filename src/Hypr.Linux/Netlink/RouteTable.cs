using System.Buffers.Binary;
using System.Net;

namespace Hypr.Linux.Netlink;

/// <summary>include/uapi/linux/rtnetlink.h: RTN_*.</summary>
public enum RouteType : byte
{
    Unspecified,
    Unicast,
    Local,
    Broadcast,
    Anycast,
    Multicast,
    Blackhole,
    Unreachable,
    Prohibit,
    Throw,
}

/// <summary>A route.</summary>
public sealed record Route
{
    /// <summary>254: main; 255: local.</summary>
    public uint Table { get; init; } = 254;

    /// <summary>Host bits zero; the default route is 0.0.0.0/0 or ::/0.</summary>
    public required IPNetwork Destination { get; init; }
    public IPAddress? Gateway { get; init; }

    /// <summary>The link's index; 0: none, or several next hops.</summary>
    public int Link { get; init; }

    /// <summary>RTA_PREFSRC.</summary>
    public IPAddress? Source { get; init; }

    /// <summary>0 for IPv6 becomes 1024 in the kernel.</summary>
    public uint Metric { get; init; }
    public RouteType Type { get; init; } = RouteType.Unicast;

    /// <summary>Who made it: 2 kernel, 3 boot, 4 static.</summary>
    public byte Protocol { get; init; } = 4;

    /// <summary>RTNH_F_ONLINK: the gateway need not be in a subnet of the link.</summary>
    public bool OnLink { get; init; }

    public override string ToString() => Gateway is null ? $"{Destination}" : $"{Destination} via {Gateway}";
}

/// <summary>The routes of a network namespace, in all tables.</summary>
public sealed class RouteTable
{
    private const int RtaDst = 1;
    private const int RtaOif = 4;
    private const int RtaGateway = 5;
    private const int RtaPriority = 6;
    private const int RtaPrefSrc = 7;
    private const int RtaTable = 15;
    private const byte ScopeLink = 253;
    private const byte ScopeHost = 254;
    private const uint FlagCloned = 0x200;
    private const uint FlagOnLink = 4;
    private readonly NetlinkSocket _socket;

    internal RouteTable(NetlinkSocket socket) => _socket = socket;

    public void Add(Route route)
    {
        // ip route add DEST [via GW] [dev LINK] [src A] [metric N] [table N]
        _socket.Execute(Encode(Rtm.NewRoute, NetlinkFlags.Create | NetlinkFlags.Exclusive, route), "add route", route.ToString());
    }

    public void Replace(Route route)
    {
        // ip route replace DEST ...
        _socket.Execute(Encode(Rtm.NewRoute, NetlinkFlags.Create | NetlinkFlags.Replace, route), "set route", route.ToString());
    }

    /// <summary>False when there is no such route.</summary>
    public bool Delete(Route route)
    {
        // ip route del DEST ...
        try
        {
            _socket.Execute(Encode(Rtm.DelRoute, NetlinkFlags.None, route), "delete route", route.ToString());
            return true;
        }
        catch (LinuxException e) when (e.Errno == Errno.ESRCH)
        {
            return false;
        }
    }

    /// <summary>IPv4 and IPv6, all tables; cached clones are left out.</summary>
    public List<Route> List()
    {
        // ip -4 route show table all; ip -6 route show table all
        return [.. List(Af.Inet), .. List(Af.Inet6)];
    }

    internal static NetlinkWriter Encode(ushort type, NetlinkFlags flags, Route route)
    {
        var w = new NetlinkWriter(128);
        var message = w.Begin(type, flags);
        var header = w.Take(12);
        var family = Af.Of(route.Destination.BaseAddress);
        header[0] = family;
        header[1] = (byte)route.Destination.PrefixLength;
        header[4] = route.Table < 256 ? (byte)route.Table : (byte)0;
        header[5] = route.Protocol;
        // A route without a gateway is to the link itself (iproute2's rule); on deletion RT_SCOPE_NOWHERE matches any scope.
        header[6] = type == Rtm.DelRoute ? (byte)255 : route.Type == RouteType.Local ? ScopeHost : route.Gateway is null && family == Af.Inet && route.Type == RouteType.Unicast ? ScopeLink : (byte)0;
        header[7] = (byte)route.Type;
        if (route.OnLink)
            BinaryPrimitives.WriteUInt32LittleEndian(header[8..], FlagOnLink);
        if (route.Destination.PrefixLength > 0)
            w.Address(RtaDst, route.Destination.BaseAddress);
        if (route.Gateway is { } gateway)
            w.Address(RtaGateway, gateway);
        if (route.Link != 0)
            w.I32(RtaOif, route.Link);
        if (route.Metric != 0)
            w.U32(RtaPriority, route.Metric);
        if (route.Source is { } source)
            w.Address(RtaPrefSrc, source);
        w.U32(RtaTable, route.Table);
        w.End(message);
        return w;
    }

    /// <summary>Also for notifications.</summary>
    internal static Route? Parse(NetlinkMessage m)
    {
        if (m.Type is not (Rtm.NewRoute or Rtm.DelRoute) || m.Payload.Length < 12 || m.Payload[0] is not (Af.Inet or Af.Inet6))
            return null;
        var flags = BinaryPrimitives.ReadUInt32LittleEndian(m.Payload[8..]);
        if ((flags & FlagCloned) != 0)
            return null;
        IPNetwork? destination = m.Payload[1] == 0 ? new IPNetwork(m.Payload[0] == Af.Inet ? IPAddress.Any : IPAddress.IPv6Any, 0) : null;
        uint table = m.Payload[4], metric = 0;
        IPAddress? gateway = null, source = null;
        var link = 0;
        var attribute = m.Attributes(12);
        while (attribute.Next())
        {
            switch (attribute.Type)
            {
                case RtaDst: destination = attribute.Network(m.Payload[1]); break;
                case RtaGateway: gateway = attribute.Address(); break;
                case RtaOif: link = attribute.I32(); break;
                case RtaPriority: metric = attribute.U32(); break;
                case RtaPrefSrc: source = attribute.Address(); break;
                case RtaTable: table = attribute.U32(); break;
            }
        }

        return destination is not { } prefix ? null : new Route
        {
            Table = table,
            Destination = prefix,
            Gateway = gateway,
            Link = link,
            Source = source,
            Metric = metric,
            Type = (RouteType)m.Payload[7],
            Protocol = m.Payload[5],
            OnLink = (flags & FlagOnLink) != 0,
        };
    }

    private List<Route> List(byte family)
    {
        var w = new NetlinkWriter(64);
        var message = w.Begin(Rtm.GetRoute, NetlinkFlags.None);
        w.Take(12)[0] = family;
        w.End(message);
        return _socket.Dump(w, "list", "routes", static m => Parse(m));
    }
}
