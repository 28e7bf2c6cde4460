using System.Buffers.Binary;

namespace Hypr.Linux.Netlink;

/// <summary>The links of a network namespace.</summary>
public sealed class LinkTable
{
    private const uint IffUp = 1;

    /// <summary>RTEXT_FILTER_SKIP_STATS of linux/rtnetlink.h (4.4).</summary>
    private const uint SkipStats = 1 << 3;

    private readonly NetlinkSocket _socket;

    internal LinkTable(NetlinkSocket socket) => _socket = socket;

    /// <summary>Makes a bridge with all its settings in one request; nothing remains when the kernel refuses any.</summary>
    /// <returns>The new link's index.</returns>
    public int CreateBridge(string name, BridgeSettings bridge, LinkSettings link)
    {
        // ip link add NAME [address MAC] [mtu N] [alias TEXT] [group N] type bridge stp_state 0 mcast_snooping 1 ...
        _socket.Execute(EncodeBridge(name, bridge, link), "create bridge", name);
        return IndexOf(name);
    }

    /// <summary>Makes two joined links; <paramref name="peer"/> may name another namespace for the far end.</summary>
    /// <returns>The near end's index.</returns>
    public int CreateVeth(string name, LinkSettings link, string peerName, LinkSettings peer)
    {
        // ip link add NAME type veth peer name PEER [netns NS]
        var w = new NetlinkWriter();
        var message = BeginLink(ref w, Rtm.NewLink, NetlinkFlags.Create | NetlinkFlags.Exclusive, 0, link.Up);
        w.Text(Ifla.IfName, name);
        WriteSettings(ref w, link with { Name = null });
        var info = w.BeginNested(Ifla.LinkInfo);
        w.Text(Ifla.InfoKind, "veth");
        var data = w.BeginNested(Ifla.InfoData);
        var far = w.BeginPlain(Ifla.VethInfoPeer);
        WriteHeader(w.Take(16), 0, peer.Up);
        w.Text(Ifla.IfName, peerName);
        WriteSettings(ref w, peer with { Name = null });
        w.End(far);
        w.End(data);
        w.End(info);
        w.End(message);
        _socket.Execute(w, "create veth pair", $"{name} and {peerName}");
        return IndexOf(name);
    }

    /// <summary>Changes a link; several settings in one request.</summary>
    public void Set(string name, LinkSettings settings)
    {
        // ip link set dev NAME [up] [mtu N] [address MAC] [master BRIDGE] [name NEW] [alias TEXT] [group N] [netns NS]
        _socket.Execute(EncodeSet(IndexOf(name), settings), "change link", name);
    }

    /// <inheritdoc cref="Set(string,LinkSettings)"/>
    public void Set(int index, LinkSettings settings) => _socket.Execute(EncodeSet(index, settings), "change link", $"#{index}");

    public void SetBridge(string name, BridgeSettings bridge)
    {
        // ip link set dev NAME type bridge mcast_snooping 0 ...
        var w = new NetlinkWriter();
        var message = BeginLink(ref w, Rtm.NewLink, NetlinkFlags.None, IndexOf(name), null);
        var info = w.BeginNested(Ifla.LinkInfo);
        w.Text(Ifla.InfoKind, "bridge");
        var data = w.BeginNested(Ifla.InfoData);
        WriteBridge(ref w, bridge);
        w.End(data);
        w.End(info);
        w.End(message);
        _socket.Execute(w, "change bridge", name);
    }

    /// <summary>Changes a bridge's port; its master must be set before (the kernel asks the present master to do it).</summary>
    public void SetPort(string name, BridgePortSettings port)
    {
        // ip link set dev NAME type bridge_slave isolated on hairpin on ...
        _socket.Execute(EncodePort(IndexOf(name), port), "change bridge port", name);
    }

    /// <inheritdoc cref="SetPort(string,BridgePortSettings)"/>
    public void SetPort(int index, BridgePortSettings port)
    {
        // ip link set dev NAME type bridge_slave isolated on hairpin on ...
        _socket.Execute(EncodePort(index, port), "change bridge port", $"#{index}");
    }

    /// <summary>
    /// Puts a link on its bridge (<see cref="LinkSettings.Master"/>) with a static entry for the one MAC behind it, and up: in one piece, so that the kernel is asked
    /// once. A failure leaves what was done by then.
    /// </summary>
    public void Join(int index, LinkSettings link, BridgePortSettings port, ReadOnlySpan<byte> mac)
    {
        // ip link set dev NAME master BRIDGE ...; bridge fdb replace MAC dev NAME master static; ip link set dev NAME up type bridge_slave ...
        // Up comes last: the kernel goes on behind a message that it refuses, and a port that is up is taken for a whole one.
        var w = new NetlinkWriter();
        WriteSet(ref w, index, link);
        NeighbourTable.WriteForwarding(ref w, index, mac);
        WritePort(ref w, index, port, up: true);
        _socket.ExecuteAll(w, ["change link", "set forwarding entry of port", "change bridge port"], $"#{index}");
    }

    /// <summary>Deletes a link; false when there is none of the name. The kernel waits for its readers: 16 to 36 ms.</summary>
    public bool Delete(string name)
    {
        // ip link del dev NAME
        var w = new NetlinkWriter(64);
        var message = BeginLink(ref w, Rtm.DelLink, NetlinkFlags.None, 0, null);
        w.Text(Ifla.IfName, name);
        w.End(message);
        return Unless(Errno.ENODEV, w, "delete link", name);
    }

    /// <summary>Deletes every link of a group at once (one wait for the kernel's readers for all); false when it has none. Never group 0.</summary>
    public bool DeleteGroup(uint group)
    {
        // ip link del group N
        ArgumentOutOfRangeException.ThrowIfZero(group);
        var w = new NetlinkWriter(64);
        var message = BeginLink(ref w, Rtm.DelLink, NetlinkFlags.None, 0, null);
        w.U32(Ifla.Group, group);
        w.End(message);
        return Unless(Errno.ENODEV, w, "delete links of group", group.ToString());
    }

    public List<Link> List()
    {
        // ip -details link show. Statistics are most of a link's 2 KB, and the kernel sums them up over all CPUs.
        var w = new NetlinkWriter(64);
        var message = BeginLink(ref w, Rtm.GetLink, NetlinkFlags.None, 0, null);
        w.U32(Ifla.ExtMask, SkipStats);
        w.End(message);
        return _socket.Dump(w, "list", "links", static m => Parse(m));
    }

    /// <summary>Null when there is none.</summary>
    public Link? Find(string name)
    {
        // ip link show dev NAME
        if (name.Length is 0 or > 15)
            return null;
        var w = new NetlinkWriter(64);
        var message = BeginLink(ref w, Rtm.GetLink, NetlinkFlags.None, 0, null);
        w.Text(Ifla.IfName, name);
        w.U32(Ifla.ExtMask, SkipStats);
        w.End(message);
        return FindWith(w, name);
    }

    public Link? Find(int index)
    {
        var w = new NetlinkWriter(64);
        var message = BeginLink(ref w, Rtm.GetLink, NetlinkFlags.None, index, null);
        w.U32(Ifla.ExtMask, SkipStats);
        w.End(message);
        return FindWith(w, $"#{index}");
    }

    /// <exception cref="LinuxException">ENODEV.</exception>
    public int IndexOf(string name) => Find(name)?.Index ?? throw new LinuxException("find link", name, Errno.ENODEV);

    internal static NetlinkWriter EncodeBridge(string name, BridgeSettings bridge, LinkSettings link)
    {
        var w = new NetlinkWriter();
        var message = BeginLink(ref w, Rtm.NewLink, NetlinkFlags.Create | NetlinkFlags.Exclusive, 0, link.Up);
        w.Text(Ifla.IfName, name);
        WriteSettings(ref w, link with { Name = null });
        var info = w.BeginNested(Ifla.LinkInfo);
        w.Text(Ifla.InfoKind, "bridge");
        var data = w.BeginNested(Ifla.InfoData);
        WriteBridge(ref w, bridge);
        w.End(data);
        w.End(info);
        w.End(message);
        return w;
    }

    internal static NetlinkWriter EncodeSet(int index, LinkSettings settings)
    {
        var w = new NetlinkWriter();
        WriteSet(ref w, index, settings);
        return w;
    }

    internal static NetlinkWriter EncodePort(int index, BridgePortSettings port)
    {
        var w = new NetlinkWriter();
        WritePort(ref w, index, port, null);
        return w;
    }

    private static void WriteSet(ref NetlinkWriter w, int index, LinkSettings settings)
    {
        var message = BeginLink(ref w, Rtm.NewLink, NetlinkFlags.None, index, settings.Up);
        WriteSettings(ref w, settings);
        w.End(message);
    }

    private static void WritePort(ref NetlinkWriter w, int index, BridgePortSettings port, bool? up)
    {
        var message = BeginLink(ref w, Rtm.NewLink, NetlinkFlags.None, index, up);
        var info = w.BeginNested(Ifla.LinkInfo);
        w.Text(Ifla.InfoSlaveKind, "bridge");
        var data = w.BeginNested(Ifla.InfoSlaveData);
        if (port.Disabled is true)
            w.U8(Ifla.BrPortState, 0);
        Flag(ref w, Ifla.BrPortMode, port.Hairpin);
        Flag(ref w, Ifla.BrPortGuard, port.Guard);
        Flag(ref w, Ifla.BrPortLearning, port.Learning);
        Flag(ref w, Ifla.BrPortUnicastFlood, port.Flood);
        Flag(ref w, Ifla.BrPortMcastFlood, port.MulticastFlood);
        Flag(ref w, Ifla.BrPortBcastFlood, port.BroadcastFlood);
        Flag(ref w, Ifla.BrPortNeighSuppress, port.NeighSuppress);
        Flag(ref w, Ifla.BrPortIsolated, port.Isolated);
        w.End(data);
        w.End(info);
        w.End(message);
    }

    /// <summary>Also for notifications (RTM_NEWLINK, RTM_DELLINK).</summary>
    internal static Link? Parse(NetlinkMessage m) => LinkParser.Parse(m);

    private static MessageToken BeginLink(ref NetlinkWriter w, ushort type, NetlinkFlags flags, int index, bool? up)
    {
        var token = w.Begin(type, flags);
        WriteHeader(w.Take(16), index, up);
        return token;
    }

    /// <summary>struct ifinfomsg: family, type, index, flags, change mask.</summary>
    private static void WriteHeader(Span<byte> header, int index, bool? up)
    {
        BinaryPrimitives.WriteInt32LittleEndian(header[4..], index);
        if (up is not { } wanted)
            return;
        BinaryPrimitives.WriteUInt32LittleEndian(header[8..], wanted ? IffUp : 0);
        BinaryPrimitives.WriteUInt32LittleEndian(header[12..], IffUp);
    }

    private static void WriteSettings(ref NetlinkWriter w, LinkSettings s)
    {
        if (s.Name is { } name)
            w.Text(Ifla.IfName, name);
        if (s.Mac is { } mac)
            w.Bytes(Ifla.Address, mac);
        if (s.Mtu is { } mtu)
            w.I32(Ifla.Mtu, mtu);
        if (s.Master is { } master)
            w.I32(Ifla.Master, master);
        if (s.Group is { } group)
            w.U32(Ifla.Group, group);
        if (s.Alias is { } alias)
            w.Text(Ifla.IfAlias, alias);
        if (s.NoLinkLocal is { } none)
        {
            const byte ModeEui64 = 0, ModeNone = 1;
            var families = w.BeginNested(Ifla.AfSpec);
            var inet6 = w.BeginNested(Af.Inet6);
            w.U8(Ifla.Inet6AddrGenMode, none ? ModeNone : ModeEui64);
            w.End(inet6);
            w.End(families);
        }

        if (s.Namespace is { } target)
            w.I32(Ifla.NetNsFd, (int)target.Handle.DangerousGetHandle());
    }

    private static void WriteBridge(ref NetlinkWriter w, BridgeSettings b)
    {
        if (b.ForwardDelay is { } delay)
            w.U32(Ifla.BrForwardDelay, Centiseconds(delay));
        if (b.Ageing is { } ageing)
            w.U32(Ifla.BrAgeingTime, Centiseconds(ageing));
        if (b.Stp is { } stp)
            w.U32(Ifla.BrStpState, stp ? 1u : 0);
        Flag(ref w, Ifla.BrVlanFiltering, b.VlanFiltering);
        Flag(ref w, Ifla.BrMcastSnooping, b.MulticastSnooping);
        Flag(ref w, Ifla.BrMcastQuerier, b.MulticastQuerier);
        Flag(ref w, Ifla.BrNfCallIptables, b.CallIptables);
        Flag(ref w, Ifla.BrNfCallIp6tables, b.CallIp6tables);
        Flag(ref w, Ifla.BrNfCallArptables, b.CallArptables);
    }

    private static void Flag(ref NetlinkWriter w, int type, bool? value)
    {
        if (value is { } v)
            w.U8(type, v ? (byte)1 : (byte)0);
    }

    /// <summary>The kernel's clock_t to user space, USER_HZ = 100.</summary>
    private static uint Centiseconds(TimeSpan time) => (uint)(time.TotalMilliseconds / 10);

    private Link? FindWith(NetlinkWriter w, string subject)
    {
        Link? found = null;
        try
        {
            _socket.Execute(w, "find link", subject, m => found ??= Parse(m));
        }
        catch (LinuxException e) when (e.Errno == Errno.ENODEV)
        {
            return null;
        }

        return found;
    }

    private bool Unless(int errno, NetlinkWriter w, string operation, string subject)
    {
        try
        {
            _socket.Execute(w, operation, subject);
            return true;
        }
        catch (LinuxException e) when (e.Errno == errno)
        {
            return false;
        }
    }
}
