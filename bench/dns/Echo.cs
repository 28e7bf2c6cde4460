using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Hypr.Dns.Sockets;
using Hypr.Dns.Wire;
using SocketAddress = Hypr.Dns.Sockets.SocketAddress;

namespace Hypr.Dns.Bench;

/// <summary>
/// recvmmsg and sendmmsg on the same buffers and nothing else, not even the control messages that tell whom a datagram was for: what no server on such sockets
/// can be faster than. With an answer: an upstream.
/// </summary>
internal static unsafe class Echo
{
    private const int Batch = 64;
    private const int Room = 512;

    /// <summary>MSG_WAITFORONE: waits for the first message, takes what else there is.</summary>
    private const int WaitForOne = 0x10000;

    public static int Run(int port, bool answer = false)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
        var descriptor = (int)socket.Handle;
        var size = 4 << 20;
        _ = Libc.setsockopt(descriptor, Libc.SolSocket, Libc.SoRcvBufForce, &size, sizeof(int));
        var messages = (MultiMessage*)NativeMemory.AllocZeroed(Batch, (nuint)sizeof(MultiMessage));
        var vectors = (IoVector*)NativeMemory.AllocZeroed(Batch, (nuint)sizeof(IoVector));
        var buffers = (byte*)NativeMemory.AllocZeroed(Batch * (Room + SocketAddress.Size));
        for (var i = 0; i < Batch; i++)
        {
            vectors[i].Base = buffers + (i * Room);
            messages[i].Header = new Message { Vectors = vectors + i, VectorCount = 1, Name = buffers + (Batch * Room) + (i * SocketAddress.Size) };
        }

        while (true)
        {
            for (var i = 0; i < Batch; i++)
            {
                vectors[i].Length = Room;
                messages[i].Header.NameLength = SocketAddress.Size;
            }

            var count = Libc.recvmmsg(descriptor, messages, Batch, WaitForOne, null);
            for (var i = 0; i < count; i++)
            {
                var length = (int)messages[i].Length;
                vectors[i].Base[2] |= 0x80;
                vectors[i].Length = (nuint)(answer ? Address(new Span<byte>(vectors[i].Base, Room), length) : length);
            }

            for (var sent = 0; sent < count;)
            {
                sent += Math.Max(1, Libc.sendmmsg(descriptor, messages + sent, (uint)(count - sent), 0));
            }
        }
    }

    private static int Address(Span<byte> message, int length)
    {
        var end = DnsName.Skip(message[..length], Limits.Header) + 4;
        message[3] = 0x80;
        message[7] = 1;
        message[11] = 0;
        ((ReadOnlySpan<byte>)[0xc0, 12, 0, 1, 0, 1, 0, 0, 14, 16, 0, 4, 192, 0, 2, 1]).CopyTo(message[end..]);
        return end + 16;
    }
}
