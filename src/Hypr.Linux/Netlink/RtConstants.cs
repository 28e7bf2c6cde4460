namespace Hypr.Linux.Netlink;

/// <summary>Message types of include/uapi/linux/rtnetlink.h.</summary>
internal static class Rtm
{
    public const ushort NewLink = 16;
    public const ushort DelLink = 17;
    public const ushort GetLink = 18;
    public const ushort NewAddr = 20;
    public const ushort DelAddr = 21;
    public const ushort GetAddr = 22;
    public const ushort NewRoute = 24;
    public const ushort DelRoute = 25;
    public const ushort GetRoute = 26;
    public const ushort NewNeigh = 28;
    public const ushort DelNeigh = 29;
    public const ushort GetNeigh = 30;
    public const ushort NewRule = 32;
    public const ushort DelRule = 33;
    public const ushort GetRule = 34;
    public const ushort NewNetConf = 80;
    public const ushort DelNetConf = 81;
}

/// <summary>Link attributes of include/uapi/linux/if_link.h.</summary>
internal static class Ifla
{
    public const int Address = 1;
    public const int IfName = 3;
    public const int Mtu = 4;
    public const int Master = 10;
    public const int OperState = 16;
    public const int LinkInfo = 18;
    public const int IfAlias = 20;
    public const int AfSpec = 26;
    public const int Group = 27;
    public const int NetNsFd = 28;
    public const int ExtMask = 29;

    public const int InfoKind = 1;
    public const int InfoData = 2;
    public const int InfoSlaveKind = 4;
    public const int InfoSlaveData = 5;
    public const int VethInfoPeer = 1;

    public const int BrForwardDelay = 1;
    public const int BrAgeingTime = 4;
    public const int BrStpState = 5;
    public const int BrVlanFiltering = 7;
    public const int BrMcastSnooping = 23;
    public const int BrMcastQuerier = 25;
    public const int BrNfCallIptables = 36;
    public const int BrNfCallIp6tables = 37;
    public const int BrNfCallArptables = 38;

    public const int Inet6AddrGenMode = 8;

    public const int BrPortState = 1;
    public const int BrPortMode = 4;
    public const int BrPortGuard = 5;
    public const int BrPortLearning = 8;
    public const int BrPortUnicastFlood = 9;
    public const int BrPortMcastFlood = 27;
    public const int BrPortBcastFlood = 30;
    public const int BrPortNeighSuppress = 32;
    public const int BrPortIsolated = 33;
}

/// <summary>Address families of include/linux/socket.h.</summary>
internal static class Af
{
    public const byte Unspec = 0;
    public const byte Inet = 2;
    public const byte Bridge = 7;
    public const byte Inet6 = 10;

    public static byte Of(System.Net.IPAddress address) =>
        address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6 ? Inet6 : Inet;
}
