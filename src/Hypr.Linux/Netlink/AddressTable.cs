using System.Buffers.Binary;
using System.Net;

namespace Hypr.Linux.Netlink;

/// <summary>An address on a link.</summary>
/// <param name="Link">The link's index.</param>
public sealed record LinkAddress(int Link, IPAddress Address, int PrefixLength)
{
    /// <summary>IFA_F_NODAD: no duplicate address detection, usable at once (IPv6).</summary>
    public bool NoDad { get; init; }

    /// <summary>IFA_F_TENTATIVE: duplicate address detection has not ended (read only).</summary>
    public bool Tentative { get; init; }

    public override string ToString() => $"{Address}/{PrefixLength}";
}

/// <summary>The addresses of a network namespace.</summary>
public sealed class AddressTable
{
    private const int IfaAddress = 1;
    private const int IfaLocal = 2;
    private const int IfaBroadcast = 4;
    private const int IfaFlags = 8;
    private const uint FlagNoDad = 0x02;
    private const uint FlagTentative = 0x40;
    private readonly NetlinkSocket _socket;

    internal AddressTable(NetlinkSocket socket) => _socket = socket;

    /// <exception cref="LinuxException">EEXIST when the link has it.</exception>
    public void Add(LinkAddress address)
    {
        // ip address add A/P dev LINK [nodad]
        _socket.Execute(Encode(Rtm.NewAddr, NetlinkFlags.Create | NetlinkFlags.Exclusive, address), "add address", $"{address} on link #{address.Link}");
    }

    /// <summary>Adds it or does nothing when it is there.</summary>
    public void Replace(LinkAddress address)
    {
        // ip address replace A/P dev LINK
        _socket.Execute(Encode(Rtm.NewAddr, NetlinkFlags.Create | NetlinkFlags.Replace, address), "set address", $"{address} on link #{address.Link}");
    }

    /// <summary>False when the link does not have it.</summary>
    public bool Delete(LinkAddress address)
    {
        // ip address del A/P dev LINK
        try
        {
            _socket.Execute(Encode(Rtm.DelAddr, NetlinkFlags.None, address), "delete address", $"{address} on link #{address.Link}");
            return true;
        }
        catch (LinuxException e) when (e.Errno is Errno.EADDRNOTAVAIL)
        {
            return false;
        }
    }

    /// <summary>Removes all addresses of a link, or those of one family.</summary>
    public void Flush(int link, System.Net.Sockets.AddressFamily? family = null)
    {
        // ip address flush dev LINK
        foreach (var address in List(link).Where(a => family is null || a.Address.AddressFamily == family))
            Delete(address);
    }

    /// <summary>All, or those of one link.</summary>
    public List<LinkAddress> List(int link = 0)
    {
        // ip address show [dev LINK]
        var w = new NetlinkWriter(64);
        var message = w.Begin(Rtm.GetAddr, NetlinkFlags.None);
        // Kernel 4.20 and later (NETLINK_GET_STRICT_CHK) dump the one link only; an older one dumps all.
        BinaryPrimitives.WriteInt32LittleEndian(w.Take(8)[4..], link);
        w.End(message);
        return _socket.Dump(w, "list", "addresses", m => Parse(m) is { } a && (link == 0 || a.Link == link) ? a : null);
    }

    internal static NetlinkWriter Encode(ushort type, NetlinkFlags flags, LinkAddress address)
    {
        var w = new NetlinkWriter(128);
        var message = w.Begin(type, flags);
        var header = w.Take(8);
        header[0] = Af.Of(address.Address);
        header[1] = (byte)address.PrefixLength;
        header[2] = address.NoDad ? (byte)FlagNoDad : (byte)0;
        BinaryPrimitives.WriteInt32LittleEndian(header[4..], address.Link);
        w.Address(IfaLocal, address.Address);
        w.Address(IfaAddress, address.Address);
        // RFC 919's broadcast address, which the kernel does not derive by itself; /31 and /32 have none (RFC 3021).
        if (header[0] == Af.Inet && address.PrefixLength < 31 && type == Rtm.NewAddr)
        {
            Span<byte> bytes = stackalloc byte[4];
            address.Address.TryWriteBytes(bytes, out _);
            BinaryPrimitives.WriteUInt32BigEndian(bytes, BinaryPrimitives.ReadUInt32BigEndian(bytes) | (uint)(0xffffffffUL >> address.PrefixLength));
            w.Bytes(IfaBroadcast, bytes);
        }

        w.End(message);
        return w;
    }

    /// <summary>Also for notifications.</summary>
    internal static LinkAddress? Parse(NetlinkMessage m)
    {
        if (m.Type is not (Rtm.NewAddr or Rtm.DelAddr) || m.Payload.Length < 8 || m.Payload[0] is not (Af.Inet or Af.Inet6))
            return null;
        uint flags = m.Payload[2];
        IPAddress? local = null, address = null;
        var attribute = m.Attributes(8);
        while (attribute.Next())
        {
            switch (attribute.Type)
            {
                case IfaLocal: local = attribute.Address(); break;
                case IfaAddress: address = attribute.Address(); break;
                case IfaFlags: flags = attribute.U32(); break;
            }
        }

        // On a point-to-point link IFA_ADDRESS is the peer; IPv6 has no IFA_LOCAL otherwise.
        return (local ?? address) is { } own
            ? new LinkAddress(BinaryPrimitives.ReadInt32LittleEndian(m.Payload[4..]), own, m.Payload[1])
            {
                NoDad = (flags & FlagNoDad) != 0,
                Tentative = (flags & FlagTentative) != 0,
            }
            : null;
    }
}
