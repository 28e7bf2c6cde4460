using System.Buffers.Binary;

namespace Hypr.Linux.Netlink;

/// <summary>RTM_NEWLINK and RTM_DELLINK to <see cref="Link"/>.</summary>
internal static class LinkParser
{
    private const byte AfUnspec = 0;
    private const uint IffUp = 1;

    /// <summary>Null for the bridge family's messages (AF_BRIDGE tells of ports, not of links).</summary>
    public static Link? Parse(NetlinkMessage m)
    {
        if (m.Type is not (Rtm.NewLink or Rtm.DelLink) || m.Payload.Length < 16 || m.Payload[0] != AfUnspec)
            return null;
        var index = BinaryPrimitives.ReadInt32LittleEndian(m.Payload[4..]);
        var flags = BinaryPrimitives.ReadUInt32LittleEndian(m.Payload[8..]);
        string name = "", kind = "", alias = "";
        byte[] mac = [];
        int mtu = 0, master = 0;
        uint group = 0;
        var state = OperState.Unknown;
        BridgeSettings? bridge = null;
        BridgePortSettings? port = null;
        var attribute = m.Attributes(16);
        while (attribute.Next())
        {
            switch (attribute.Type)
            {
                case Ifla.IfName: name = attribute.Text(); break;
                case Ifla.Address: mac = attribute.Value.ToArray(); break;
                case Ifla.Mtu: mtu = attribute.I32(); break;
                case Ifla.Master: master = attribute.I32(); break;
                case Ifla.Group: group = attribute.U32(); break;
                case Ifla.IfAlias: alias = attribute.Text(); break;
                case Ifla.OperState: state = (OperState)attribute.U8(); break;
                case Ifla.LinkInfo: ReadInfo(attribute.Nested(), ref kind, ref bridge, ref port); break;
            }
        }

        return new Link
        {
            Index = index,
            Name = name,
            Kind = kind,
            Mac = mac,
            Mtu = mtu,
            Master = master,
            Group = group,
            Alias = alias,
            IsUp = (flags & IffUp) != 0,
            State = state,
            Bridge = bridge,
            Port = port,
        };
    }

    private static void ReadInfo(NetlinkReader info, ref string kind, ref BridgeSettings? bridge, ref BridgePortSettings? port)
    {
        var slave = "";
        while (info.Next())
        {
            switch (info.Type)
            {
                case Ifla.InfoKind: kind = info.Text(); break;
                case Ifla.InfoData when kind == "bridge": bridge = ReadBridge(info.Nested()); break;
                case Ifla.InfoSlaveKind: slave = info.Text(); break;
                case Ifla.InfoSlaveData when slave == "bridge": port = ReadPort(info.Nested()); break;
            }
        }
    }

    private static BridgeSettings ReadBridge(NetlinkReader a)
    {
        var b = new BridgeSettings();
        while (a.Next())
        {
            b = a.Type switch
            {
                Ifla.BrForwardDelay => b with { ForwardDelay = TimeSpan.FromMilliseconds(a.U32() * 10L) },
                Ifla.BrAgeingTime => b with { Ageing = TimeSpan.FromMilliseconds(a.U32() * 10L) },
                Ifla.BrStpState => b with { Stp = a.U32() != 0 },
                Ifla.BrVlanFiltering => b with { VlanFiltering = a.U8() != 0 },
                Ifla.BrMcastSnooping => b with { MulticastSnooping = a.U8() != 0 },
                Ifla.BrMcastQuerier => b with { MulticastQuerier = a.U8() != 0 },
                Ifla.BrNfCallIptables => b with { CallIptables = a.U8() != 0 },
                Ifla.BrNfCallIp6tables => b with { CallIp6tables = a.U8() != 0 },
                Ifla.BrNfCallArptables => b with { CallArptables = a.U8() != 0 },
                _ => b,
            };
        }

        return b;
    }

    private static BridgePortSettings ReadPort(NetlinkReader a)
    {
        var p = new BridgePortSettings();
        while (a.Next())
        {
            p = a.Type switch
            {
                Ifla.BrPortMode => p with { Hairpin = a.U8() != 0 },
                Ifla.BrPortGuard => p with { Guard = a.U8() != 0 },
                Ifla.BrPortLearning => p with { Learning = a.U8() != 0 },
                Ifla.BrPortUnicastFlood => p with { Flood = a.U8() != 0 },
                Ifla.BrPortMcastFlood => p with { MulticastFlood = a.U8() != 0 },
                Ifla.BrPortBcastFlood => p with { BroadcastFlood = a.U8() != 0 },
                Ifla.BrPortNeighSuppress => p with { NeighSuppress = a.U8() != 0 },
                Ifla.BrPortIsolated => p with { Isolated = a.U8() != 0 },
                _ => p,
            };
        }

        return p;
    }
}
