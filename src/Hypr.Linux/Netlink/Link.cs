using Hypr.Linux.Namespaces;

namespace Hypr.Linux.Netlink;

/// <summary>A link as the kernel shows it.</summary>
public sealed record Link
{
    public required int Index { get; init; }
    public required string Name { get; init; }

    /// <summary><c>bridge</c>, <c>veth</c>, <c>tun</c> (TAPs too), ...; empty for hardware and loopback.</summary>
    public required string Kind { get; init; }

    /// <summary>Six bytes for Ethernet; may be empty.</summary>
    public required byte[] Mac { get; init; }
    public required int Mtu { get; init; }

    /// <summary>The bridge (or bond, VRF) that it is a port of, by index; 0: none.</summary>
    public required int Master { get; init; }

    /// <summary>IFLA_GROUP; 0 is the default group.</summary>
    public required uint Group { get; init; }

    /// <summary>IFLA_IFALIAS, up to 255 bytes; empty: none.</summary>
    public required string Alias { get; init; }

    /// <summary>IFF_UP: what the administrator wants.</summary>
    public required bool IsUp { get; init; }

    /// <summary>RFC 2863 operational state.</summary>
    public required OperState State { get; init; }

    /// <summary>Of a bridge; null for others.</summary>
    public BridgeSettings? Bridge { get; init; }

    /// <summary>Of a bridge's port; null for others.</summary>
    public BridgePortSettings? Port { get; init; }
}

/// <summary>include/uapi/linux/if.h</summary>
public enum OperState : byte
{
    Unknown,
    NotPresent,
    Down,
    LowerLayerDown,
    Testing,
    Dormant,
    Up,
}

/// <summary>What to change of a link; null leaves it as it is.</summary>
public sealed record LinkSettings
{
    public bool? Up { get; init; }
    public int? Mtu { get; init; }

    /// <summary>Six bytes.</summary>
    public byte[]? Mac { get; init; }

    /// <summary>The bridge by index; 0 takes it out.</summary>
    public int? Master { get; init; }
    public uint? Group { get; init; }

    /// <summary>Empty removes it.</summary>
    public string? Alias { get; init; }

    /// <summary>The link must be down on kernels before 6.2.</summary>
    public string? Name { get; init; }

    /// <summary>True: the kernel gives it no IPv6 link-local address by itself (IN6_ADDR_GEN_MODE_NONE). Only where the kernel has IPv6.</summary>
    public bool? NoLinkLocal { get; init; }

    /// <summary>Where the link shall be; it loses its addresses on the way.</summary>
    public NetworkNamespace? Namespace { get; init; }
}

/// <summary>IFLA_BR_*; null leaves the kernel's default or present value.</summary>
public sealed record BridgeSettings
{
    public bool? Stp { get; init; }
    public bool? MulticastSnooping { get; init; }
    public bool? MulticastQuerier { get; init; }

    /// <summary>How long a learnt address is kept; the kernel's default is 300 s.</summary>
    public TimeSpan? Ageing { get; init; }
    public TimeSpan? ForwardDelay { get; init; }
    public bool? VlanFiltering { get; init; }

    /// <summary>Whether this bridge's frames pass iptables (module br_netfilter).</summary>
    public bool? CallIptables { get; init; }
    public bool? CallIp6tables { get; init; }
    public bool? CallArptables { get; init; }
}

/// <summary>IFLA_BRPORT_*; null leaves the present value.</summary>
public sealed record BridgePortSettings
{
    /// <summary>Isolated ports reach only ports that are not.</summary>
    public bool? Isolated { get; init; }

    /// <summary>A frame may leave by the port it came in on.</summary>
    public bool? Hairpin { get; init; }
    public bool? Learning { get; init; }

    /// <summary>The bridge answers ARP and ND for the port's neighbours from what it knows.</summary>
    public bool? NeighSuppress { get; init; }

    /// <summary>Unknown unicast goes out here too.</summary>
    public bool? Flood { get; init; }
    public bool? MulticastFlood { get; init; }
    public bool? BroadcastFlood { get; init; }

    /// <summary>True: nothing passes the port any more (BR_STATE_DISABLED), until its carrier comes back.</summary>
    public bool? Disabled { get; init; }

    /// <summary>STP frames from the port are dropped and shut it.</summary>
    public bool? Guard { get; init; }
}
