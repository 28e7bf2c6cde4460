using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Numerics;
using Hypr.Linux.Sockets;

namespace Hypr.Testing;

/// <summary>
/// A client of SCTP where the kernel has no sockets of it: it sends the first packet of an association by hand (RFC 9260, 3.3.2) and waits for the server's consent.
/// </summary>
public static class SctpProbe
{
    private const int Protocol = 132;
    private const int Header = 12;
    private const byte Init = 1;
    private const byte InitAck = 2;
    private const uint Tag = 0x48595052;
    private const ushort OwnPort = 40_132;

    /// <summary>Whether the server behind the port consents, from the address that was asked.</summary>
    public static bool Answers(TestNamespace from, IPAddress to, int port, TimeSpan? patience = null)
    {
        using var socket = from.Run(() => ProtocolSocket.Open(AddressFamily.InterNetwork, SocketType.Raw, Protocol));
        socket.ReceiveTimeout = 500;
        var buffer = new byte[2048];
        return Probe.Until(
            () =>
            {
                socket.SendTo(Request(port), new IPEndPoint(to, 0));
                try
                {
                    EndPoint peer = new IPEndPoint(IPAddress.Any, 0);
                    while (true)
                    {
                        var got = buffer.AsSpan(0, socket.ReceiveFrom(buffer, ref peer));
                        // A raw socket gets the IP header too.
                        var packet = got[((got[0] & 15) * 4)..];
                        if (packet.Length > Header && ((IPEndPoint)peer).Address.Equals(to) && BinaryPrimitives.ReadUInt16BigEndian(packet) == port
                            && BinaryPrimitives.ReadUInt32BigEndian(packet[4..]) == Tag && packet[Header] == InitAck)
                        {
                            return true;
                        }
                    }
                }
                catch (SocketException)
                {
                    return false;
                }
            },
            patience);
    }

    private static byte[] Request(int port)
    {
        var packet = new byte[Header + 20];
        BinaryPrimitives.WriteUInt16BigEndian(packet, OwnPort);
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(2), (ushort)port);
        packet[Header] = Init;
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(Header + 2), 20);
        BinaryPrimitives.WriteUInt32BigEndian(packet.AsSpan(Header + 4), Tag);
        BinaryPrimitives.WriteUInt32BigEndian(packet.AsSpan(Header + 8), 65_536);
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(Header + 12), 1);
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(Header + 14), 1);
        BinaryPrimitives.WriteUInt32BigEndian(packet.AsSpan(Header + 16), 1);
        // RFC 9260, appendix A: CRC32c of the whole with zeros in its place, the lowest byte first.
        var sum = uint.MaxValue;
        foreach (var b in packet)
            sum = BitOperations.Crc32C(sum, b);
        BinaryPrimitives.WriteUInt32LittleEndian(packet.AsSpan(8), ~sum);
        return packet;
    }
}
