using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Numerics;
using Hypr.Network.Platforms.Linux.Rules;
using Hypr.Network.Ports;

namespace Hypr.Network.Platforms.Linux.Probing;

/// <summary>The first packet of a connection, as Ethernet: what a client would send, with checksums that conntrack accepts.</summary>
internal static class ProbeFrame
{
    private const int EthernetLength = 14;
    private const byte HopLimit = 64;

    /// <summary>Locally administered and of nobody: whoever hears it answers nobody.</summary>
    private static readonly byte[] Sender = [0x02, 0x68, 0x79, 0x70, 0x72, 0x00];

    public static byte[] Of(byte[] destination, IPAddress from, int fromPort, IPAddress to, int toPort, PortProtocol protocol)
    {
        var segment = protocol switch
        {
            PortProtocol.Tcp => Syn(),
            PortProtocol.Udp => new byte[8],
            _ => Init(),
        };
        BinaryPrimitives.WriteUInt16BigEndian(segment, (ushort)fromPort);
        BinaryPrimitives.WriteUInt16BigEndian(segment.AsSpan(2), (ushort)toPort);
        var number = RuleElement.NumberOf(protocol);
        if (protocol == PortProtocol.Udp)
            BinaryPrimitives.WriteUInt16BigEndian(segment.AsSpan(4), (ushort)segment.Length);
        if (protocol == PortProtocol.Sctp)
            BinaryPrimitives.WriteUInt32LittleEndian(segment.AsSpan(8), Crc32C(segment));
        else
            BinaryPrimitives.WriteUInt16BigEndian(
                segment.AsSpan(protocol == PortProtocol.Tcp ? 16 : 6), Checksum([.. PseudoHeader(from, to, number, segment.Length), .. segment]));
        var ipv4 = from.AddressFamily == AddressFamily.InterNetwork;
        byte[] type = ipv4 ? [0x08, 0x00] : [0x86, 0xdd];
        var header = ipv4 ? Header4(from, to, number, segment.Length) : Header6(from, to, number, segment.Length);
        return [.. destination, .. Sender, .. type, .. header, .. segment];
    }

    /// <summary>RFC 9293, 3.1: SYN, a window, no options.</summary>
    private static byte[] Syn()
    {
        var tcp = new byte[20];
        tcp[7] = 1;
        tcp[12] = 0x50;
        tcp[13] = 0x02;
        tcp[14] = 0xfa;
        return tcp;
    }

    /// <summary>RFC 9260, 3.3.2: INIT with a tag, a window, one stream each way.</summary>
    private static byte[] Init()
    {
        var sctp = new byte[32];
        sctp[12] = 1;
        sctp[15] = 20;
        sctp[19] = 1;
        sctp[22] = 0xfa;
        sctp[25] = 1;
        sctp[27] = 1;
        sctp[31] = 1;
        return sctp;
    }

    private static byte[] Header4(IPAddress from, IPAddress to, byte protocol, int length)
    {
        var ip = new byte[20];
        ip[0] = 0x45;
        BinaryPrimitives.WriteUInt16BigEndian(ip.AsSpan(2), (ushort)(20 + length));
        ip[8] = HopLimit;
        ip[9] = protocol;
        from.TryWriteBytes(ip.AsSpan(12), out _);
        to.TryWriteBytes(ip.AsSpan(16), out _);
        BinaryPrimitives.WriteUInt16BigEndian(ip.AsSpan(10), Checksum(ip));
        return ip;
    }

    private static byte[] Header6(IPAddress from, IPAddress to, byte protocol, int length)
    {
        var ip = new byte[40];
        ip[0] = 0x60;
        BinaryPrimitives.WriteUInt16BigEndian(ip.AsSpan(4), (ushort)length);
        ip[6] = protocol;
        ip[7] = HopLimit;
        from.TryWriteBytes(ip.AsSpan(8), out _);
        to.TryWriteBytes(ip.AsSpan(24), out _);
        return ip;
    }

    private static byte[] PseudoHeader(IPAddress from, IPAddress to, byte protocol, int length) =>
        [.. from.GetAddressBytes(), .. to.GetAddressBytes(), 0, 0, (byte)(length >> 8), (byte)length, 0, 0, 0, protocol];

    /// <summary>RFC 1071.</summary>
    private static ushort Checksum(ReadOnlySpan<byte> bytes)
    {
        uint sum = 0;
        for (var i = 0; i < bytes.Length; i += 2)
            sum += (uint)((bytes[i] << 8) | (i + 1 < bytes.Length ? bytes[i + 1] : 0));
        while (sum >> 16 != 0)
            sum = (sum & 0xffff) + (sum >> 16);
        return (ushort)~sum;
    }

    private static uint Crc32C(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var b in bytes)
            crc = BitOperations.Crc32C(crc, b);
        return ~crc;
    }
}
