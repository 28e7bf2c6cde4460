using System.Net;
using Hypr.Primitives;
using static Hypr.Testing.Frames;

namespace Hypr.Testing;

/// <summary>A machine on a link, with an address of each family.</summary>
public sealed record Station(MacAddress Mac, string IPv4, string IPv6)
{
    /// <summary>RFC 4291, appendix A.</summary>
    public string LinkLocal
    {
        get
        {
            var m = Mac.ToBytes();
            return new IPAddress([0xfe, 0x80, 0, 0, 0, 0, 0, 0, (byte)(m[0] ^ 2), m[1], m[2], 0xff, 0xfe, m[3], m[4], m[5]]).ToString();
        }
    }
}

/// <summary>What a hostile machine sends to take another's place, well formed: a receiver would believe it.</summary>
public static class Attacks
{
    private static readonly MacAddress Stranger = MacAddress.Parse("02:42:de:ad:be:ef");
    private static readonly byte[] AllNodes = [0x33, 0x33, 0, 0, 0, 1];

    /// <summary>RFC 4861, 4.2 and 4.6.2: a router for half an hour, whose hosts make themselves addresses of fd66::/64.</summary>
    private static readonly byte[] Advertisement =
        [64, 0, 7, 8, 0, 0, 0, 0, 0, 0, 0, 0, 3, 4, 64, 0xc0, 0, 0, 7, 8, 0, 0, 7, 8, 0, 0, 0, 0, .. Ip("fd66::")];

    /// <summary>By what each is.</summary>
    public static IReadOnlyDictionary<string, byte[]> Of(Station by, Station on, Station neighbour, Station gateway)
    {
        var (to, mac) = (on.Mac.ToBytes(), by.Mac);
        return new Dictionary<string, byte[]>
        {
            ["another's MAC"] = Udp4(to, on.Mac, by.IPv4, on.IPv4, 1, 2, "x"),
            ["an unknown MAC"] = Udp4(to, Stranger, by.IPv4, on.IPv4, 1, 2, "x"),
            ["the gateway's IPv4 address"] = Udp4(to, mac, gateway.IPv4, on.IPv4, 1, 2, "x"),
            ["a foreign IPv4 address"] = Udp4(to, mac, "198.51.100.7", on.IPv4, 1, 2, "x"),
            ["an ARP answer for the gateway"] = Arp(to, mac, 2, mac, gateway.IPv4, on.IPv4),
            ["a gratuitous ARP for another"] = Arp(Broadcast, mac, 1, mac, neighbour.IPv4, neighbour.IPv4),
            ["an ARP answer with another's MAC inside"] = Arp(to, mac, 2, Stranger, by.IPv4, on.IPv4),
            ["an ARP answer for nobody's address"] = Arp(to, mac, 2, mac, "0.0.0.0", on.IPv4),
            ["a DHCP offer"] = Udp4(Broadcast, mac, by.IPv4, "255.255.255.255", 67, 68, "x"),
            ["a DHCPv6 advertisement"] = Udp6(to, mac, by.IPv6, on.IPv6, 547, 546, "x"),
            ["a router advertisement"] = Icmp6(AllNodes, mac, by.LinkLocal, "ff02::1", 134, Advertisement),
            ["a router advertisement behind a hop-by-hop header"] = HiddenIcmp6(AllNodes, mac, by.LinkLocal, "ff02::1", 134, Advertisement),
            ["an ICMPv6 redirect"] = Icmp6(to, mac, by.LinkLocal, on.IPv6, 137, [0, 0, 0, 0, .. Ip(by.LinkLocal), .. Ip("fd77::1")]),
            ["a neighbour advertisement for the gateway"] = Icmp6(AllNodes, mac, by.IPv6, "ff02::1", 136, [0x20, 0, 0, 0, .. Ip(gateway.IPv6), 2, 1, .. mac.ToBytes()]),
            ["another's IPv6 address"] = Udp6(to, mac, neighbour.IPv6, on.IPv6, 1, 2, "x"),
            ["a foreign link-local address"] = Udp6(to, mac, "fe80::1", on.IPv6, 1, 2, "x"),
            ["a VLAN tag"] = Vlan(Udp4(to, mac, by.IPv4, on.IPv4, 1, 2, "x"), 5),
            ["a VLAN tag of zero"] = Vlan(Arp(to, mac, 2, mac, gateway.IPv4, on.IPv4), 0),
            ["another EtherType"] = Ethernet(to, mac.ToBytes(), 0x88cc, new byte[40]),
            ["an STP frame"] = Ethernet([1, 0x80, 0xc2, 0, 0, 0], mac.ToBytes(), 38, [0x42, 0x42, 3, .. new byte[35]]),
        };
    }
}
