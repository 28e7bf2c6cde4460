using System.Buffers.Binary;
using System.Net;
using Hypr.Primitives;

namespace Hypr.Testing;

/// <summary>Builds Ethernet frames as a hostile guest might.</summary>
public static class Frames
{
    public static readonly byte[] Broadcast = [255, 255, 255, 255, 255, 255];

    public static byte[] Ethernet(byte[] to, byte[] from, ushort type, params ReadOnlySpan<byte> payload) =>
        [.. to, .. from, (byte)(type >> 8), (byte)type, .. payload];

    /// <summary>RFC 826. Operation 1 asks, 2 answers.</summary>
    public static byte[] Arp(byte[] to, MacAddress from, ushort operation, MacAddress senderMac, string senderIp, string targetIp) => Ethernet(
        to, from.ToBytes(), 0x0806,
        [0, 1, 8, 0, 6, 4, 0, (byte)operation, .. senderMac.ToBytes(), .. Ip(senderIp), 0, 0, 0, 0, 0, 0, .. Ip(targetIp)]);

    public static byte[] Udp4(byte[] to, MacAddress from, string source, string destination, ushort sourcePort, ushort destinationPort, string text) =>
        Ethernet(to, from.ToBytes(), 0x0800, Ip4(source, destination, 17, UdpBody(sourcePort, destinationPort, text)));

    public static byte[] Udp6(byte[] to, MacAddress from, string source, string destination, ushort sourcePort, ushort destinationPort, string text) =>
        Ethernet(to, from.ToBytes(), 0x86dd, Ip6(source, destination, 17, Summed(source, destination, 17, 6, UdpBody(sourcePort, destinationPort, text))));

    public static byte[] Icmp6(byte[] to, MacAddress from, string source, string destination, byte type, params ReadOnlySpan<byte> body) =>
        Ethernet(to, from.ToBytes(), 0x86dd, Ip6(source, destination, 58, Summed(source, destination, 58, 2, [type, 0, 0, 0, .. body])));

    /// <summary>With a hop-by-hop header before it, which hides the type from who looks only at the first next-header (RFC 7113).</summary>
    public static byte[] HiddenIcmp6(byte[] to, MacAddress from, string source, string destination, byte type, params ReadOnlySpan<byte> body) =>
        Ethernet(to, from.ToBytes(), 0x86dd, Ip6(source, destination, 0, [58, 0, 1, 4, 0, 0, 0, 0, .. Summed(source, destination, 58, 2, [type, 0, 0, 0, .. body])]));

    public static byte[] Vlan(byte[] frame, ushort tag) => [.. frame.AsSpan(0, 12), 0x81, 0, (byte)(tag >> 8), (byte)tag, .. frame.AsSpan(12)];

    public static byte[] Ip(string address) => IPAddress.Parse(address).GetAddressBytes();

    public static bool Has(byte[] frame, string text) => frame.AsSpan().IndexOf(System.Text.Encoding.ASCII.GetBytes(text)) >= 0;

    private static byte[] Ip4(string source, string destination, byte protocol, byte[] body)
    {
        byte[] header = [0x45, 0, 0, 0, 0, 1, 0x40, 0, 64, protocol, 0, 0, .. Ip(source), .. Ip(destination)];
        BinaryPrimitives.WriteUInt16BigEndian(header.AsSpan(2), (ushort)(20 + body.Length));
        BinaryPrimitives.WriteUInt16BigEndian(header.AsSpan(10), Checksum(header));
        return [.. header, .. body];
    }

    private static byte[] Ip6(string source, string destination, byte next, byte[] body) =>
        [0x60, 0, 0, 0, (byte)(body.Length >> 8), (byte)body.Length, next, 255, .. Ip(source), .. Ip(destination), .. body];

    private static byte[] UdpBody(ushort source, ushort destination, string text)
    {
        var data = System.Text.Encoding.ASCII.GetBytes(text);
        var length = (ushort)(8 + data.Length);
        return [(byte)(source >> 8), (byte)source, (byte)(destination >> 8), (byte)destination, (byte)(length >> 8), (byte)length, 0, 0, .. data];
    }

    /// <summary>With its checksum over the pseudo-header (RFC 8200, 8.1): a receiver's kernel would take it.</summary>
    private static byte[] Summed(string source, string destination, byte protocol, int at, byte[] message)
    {
        byte[] pseudo = [.. Ip(source), .. Ip(destination), 0, 0, (byte)(message.Length >> 8), (byte)message.Length, 0, 0, 0, protocol];
        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(at), Checksum([.. pseudo, .. message]));
        return message;
    }

    private static ushort Checksum(ReadOnlySpan<byte> bytes)
    {
        uint sum = 0;
        for (var i = 0; i < bytes.Length; i += 2)
            sum += i + 1 < bytes.Length ? BinaryPrimitives.ReadUInt16BigEndian(bytes[i..]) : (uint)bytes[i] << 8;
        sum = (sum & 0xffff) + (sum >> 16);
        return (ushort)~((sum & 0xffff) + (sum >> 16));
    }
}
