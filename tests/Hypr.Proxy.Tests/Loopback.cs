using System.Net;
using System.Net.Sockets;

namespace Hypr.Proxy.Tests;

/// <summary>Sockets on 127.0.0.1 with ports of the kernel's choice.</summary>
internal static class Loopback
{
    public static Socket Listen(out IPEndPoint at)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        socket.Listen();
        at = (IPEndPoint)socket.LocalEndPoint!;
        return socket;
    }

    public static Socket Listen() => Listen(out _);

    public static async Task<Socket> ConnectAsync(IPEndPoint to)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(to);
        return socket;
    }

    public static Socket Bind(out IPEndPoint at)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        at = (IPEndPoint)socket.LocalEndPoint!;
        return socket;
    }

    public static Socket Bind() => Bind(out _);
}
