using System.Buffers.Binary;
using System.Net;

namespace Hypr.Linux.Netlink;

/// <summary>An entry of the ARP or ND cache.</summary>
/// <param name="Link">The link's index.</param>
/// <param name="Mac">Six bytes; empty while unresolved.</param>
public sealed record Neighbour(int Link, IPAddress Address, byte[] Mac)
{
    /// <summary>NUD_PERMANENT.</summary>
    public bool Permanent { get; init; }
}

/// <summary>The neighbours of a network namespace.</summary>
public sealed class NeighbourTable
{
    private const int NdaDst = 1;
    private const int NdaLinkAddress = 2;
    private const ushort NudPermanent = 0x80;
    private readonly NetlinkSocket _socket;

    internal NeighbourTable(NetlinkSocket socket) => _socket = socket;

    /// <summary>Adds an entry that never ages, or replaces what is there.</summary>
    public void SetPermanent(int link, IPAddress address, ReadOnlySpan<byte> mac)
    {
        // ip neigh replace ADDRESS lladdr MAC dev LINK nud permanent
        var w = new NetlinkWriter(96);
        var message = Begin(ref w, Rtm.NewNeigh, NetlinkFlags.Create | NetlinkFlags.Replace, link, address, NudPermanent);
        w.Bytes(NdaLinkAddress, mac);
        w.End(message);
        _socket.Execute(w, "set neighbour", $"{address} on link #{link}");
    }

    /// <summary>Tells a port's bridge that a MAC is behind it, for ever, whatever frames say (a static entry of the forwarding database).</summary>
    internal static void WriteForwarding(ref NetlinkWriter w, int port, ReadOnlySpan<byte> mac)
    {
        // bridge fdb replace MAC dev PORT master static
        const byte NtfMaster = 0x04;
        const ushort NudNoArp = 0x40;
        var message = w.Begin(Rtm.NewNeigh, NetlinkFlags.Create | NetlinkFlags.Replace);
        var header = w.Take(12);
        header[0] = Af.Bridge;
        BinaryPrimitives.WriteInt32LittleEndian(header[4..], port);
        BinaryPrimitives.WriteUInt16LittleEndian(header[8..], NudNoArp);
        header[10] = NtfMaster;
        w.Bytes(NdaLinkAddress, mac);
        w.End(message);
    }

    /// <summary>False when there is none.</summary>
    public bool Delete(int link, IPAddress address)
    {
        // ip neigh del ADDRESS dev LINK
        var w = new NetlinkWriter(96);
        var message = Begin(ref w, Rtm.DelNeigh, NetlinkFlags.None, link, address, 0);
        w.End(message);
        try
        {
            _socket.Execute(w, "delete neighbour", $"{address} on link #{link}");
            return true;
        }
        catch (LinuxException e) when (e.Errno == Errno.ENOENT)
        {
            return false;
        }
    }

    /// <summary>All, or those of one link.</summary>
    public List<Neighbour> List(int link = 0)
    {
        // ip neigh show [dev LINK]
        var w = new NetlinkWriter(64);
        var message = w.Begin(Rtm.GetNeigh, NetlinkFlags.None);
        w.Take(12);
        w.End(message);
        return _socket.Dump(w, "list", "neighbours", m => Parse(m) is { } n && (link == 0 || n.Link == link) ? n : null);
    }

    private static MessageToken Begin(ref NetlinkWriter w, ushort type, NetlinkFlags flags, int link, IPAddress address, ushort state)
    {
        var message = w.Begin(type, flags);
        var header = w.Take(12);
        header[0] = Af.Of(address);
        BinaryPrimitives.WriteInt32LittleEndian(header[4..], link);
        BinaryPrimitives.WriteUInt16LittleEndian(header[8..], state);
        w.Address(NdaDst, address);
        return message;
    }

    internal static Neighbour? Parse(NetlinkMessage m)
    {
        if (m.Type != Rtm.NewNeigh || m.Payload.Length < 12 || m.Payload[0] is not (Af.Inet or Af.Inet6))
            return null;
        IPAddress? address = null;
        byte[] mac = [];
        var a = m.Attributes(12);
        while (a.Next())
        {
            if (a.Type == NdaDst)
                address = a.Address();
            else if (a.Type == NdaLinkAddress)
                mac = a.Value.ToArray();
        }

        return address is null
            ? null
            : new Neighbour(BinaryPrimitives.ReadInt32LittleEndian(m.Payload[4..]), address, mac)
            {
                Permanent = (BinaryPrimitives.ReadUInt16LittleEndian(m.Payload[8..]) & NudPermanent) != 0,
            };
    }
}
