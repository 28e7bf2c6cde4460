using System.ComponentModel;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Hypr.Dns.Sockets;

/// <summary>Opens the server's and the forwarder's sockets. A failure is a <see cref="Win32Exception"/> with the kernel's errno and
/// text.</summary>
internal static unsafe class SocketFactory
{
    /// <summary>
    /// <paramref name="count"/> sockets on one address, by SO_REUSEPORT where there are several. The first is bound without it, so that a
    /// port of
    /// another program, or of a second hyprd, is an error and not shared in silence; set afterwards, it lets the others join
    /// (net/ipv4/udp.c,
    /// udp_reuseport_add_sock; inet_csk_get_port looks at the flag at each later bind).
    /// </summary>
    public static Descriptor[] Listen(IPEndPoint endPoint, bool stream, int count)
    {
        var sockets = new List<Descriptor>(count);
        try
        {
            for (var i = 0; i < count; i++)
            {
                var socket = Open(endPoint.AddressFamily, stream ? Libc.SockStream : Libc.SockDgram);
                sockets.Add(socket);
                SetListenOptions(socket, endPoint.AddressFamily, stream);
                if (i > 0)
                {
                    Set(socket, Libc.SolSocket, Libc.SoReusePort, 1);
                }

                Bind(socket, endPoint);
                if (i == 0 && count > 1)
                {
                    Set(socket, Libc.SolSocket, Libc.SoReusePort, 1);
                }
            }

            if (stream)
            {
                sockets.ForEach(s => _ = Epoll.Check(Libc.listen(s.Number, 4096), "listen"));
            }

            return [.. sockets];
        }
        catch
        {
            sockets.ForEach(s => s.Dispose());
            throw;
        }
    }

    /// <summary>
    /// A socket of a port by chance (the kernel's, from its local port range), connected, so that only the upstream's own answers arrive
    /// (RFC 5452
    /// section 9.1).
    /// </summary>
    public static Descriptor Connect(IPEndPoint endPoint, bool stream)
    {
        var socket = Open(endPoint.AddressFamily, stream ? Libc.SockStream : Libc.SockDgram);
        var address = stackalloc byte[SocketAddress.Size];
        var length = SocketAddress.Write(address, endPoint);
        if (Libc.connect(socket.Number, address, length) < 0 && Marshal.GetLastPInvokeError() != Libc.EInProgress)
        {
            var error = new Win32Exception(Marshal.GetLastPInvokeError());
            socket.Dispose();
            throw error;
        }

        return socket;
    }

    /// <summary>The name of an interface into 16 octets, or false when it is gone. No process-wide state: the index is the socket's
    /// namespace's.</summary>
    public static bool TryGetInterfaceName(int socket, int index, byte* request)
    {
        new Span<byte>(request, 40).Clear();
        *(int*)(request + 16) = index;
        return Libc.ioctl(socket, Libc.GetInterfaceName, request) == 0;
    }

    /// <summary>
    /// The interface that a connection came in on: the kernel keeps it from the handshake (net/ipv4/ip_sockglue.c, IP_PKTOPTIONS with
    /// mc_index;
    /// net/ipv6/ipv6_sockglue.c, IPV6_2292PKTOPTIONS with mcast_oif). 0 where it does not say.
    /// </summary>
    public static int IncomingInterface(Descriptor connection, bool v6)
    {
        var control = stackalloc byte[128];
        var length = 128;
        var (level, name, wanted, offset) = v6
            ? (Libc.SolIpv6, Libc.Ipv6PktOptions, Libc.Ipv6PktInfo, 16)
            : (Libc.SolIp, Libc.IpPktOptions, Libc.IpPktInfo, 0);
        if (Libc.getsockopt(connection.Number, level, name, control, &length) < 0)
        {
            return 0;
        }

        // struct cmsghdr: length, level, type; then the data, each header at a multiple of eight.
        for (var at = 0; at + 16 <= length;)
        {
            var size = (int)*(ulong*)(control + at);
            if (*(int*)(control + at + 8) == level && *(int*)(control + at + 12) == wanted)
            {
                return *(int*)(control + at + 16 + offset);
            }

            at += Math.Max(16, (size + 7) & ~7);
        }

        return 0;
    }

    public static void Set(Descriptor socket, int level, int name, int value) =>
        _ = Epoll.Check(Libc.setsockopt(socket.Number, level, name, &value, sizeof(int)), "setsockopt");

    private static Descriptor Open(AddressFamily family, int type) => new(Epoll.Check(
        Libc.socket(family == AddressFamily.InterNetwork ? Libc.AfInet : Libc.AfInet6, type | Libc.NonBlockCloseExec, 0), "socket"));

    private static void Bind(Descriptor socket, IPEndPoint endPoint)
    {
        var address = stackalloc byte[SocketAddress.Size];
        var length = SocketAddress.Write(address, endPoint);
        _ = Epoll.Check(Libc.bind(socket.Number, address, length), "bind");
    }

    private static void SetListenOptions(Descriptor socket, AddressFamily family, bool stream)
    {
        var v6 = family == AddressFamily.InterNetworkV6;
        if (v6)
        {
            Set(socket, Libc.SolIpv6, Libc.Ipv6V6Only, 1);
            Set(socket, Libc.SolIpv6, Libc.Ipv6FreeBind, 1);
            Set(socket, Libc.SolIpv6, Libc.Ipv6RecvPktInfo, 1);
        }
        else
        {
            Set(socket, Libc.SolIp, Libc.IpFreeBind, 1);
            Set(socket, Libc.SolIp, Libc.IpPktInfo, 1);
        }

        if (stream)
        {
            // Connections of an earlier hyprd in TIME_WAIT do not hold the port; a listener still does.
            Set(socket, Libc.SolSocket, Libc.SoReuseAddr, 1);
            Set(socket, Libc.SolTcp, Libc.TcpNoDelay, 1);
            return;
        }

        Set(socket, v6 ? Libc.SolIpv6 : Libc.SolIp, v6 ? Libc.Ipv6MtuDiscover : Libc.IpMtuDiscover, Libc.PmtuDiscOmit);
        var size = 4 << 20;
        if (Libc.setsockopt(socket.Number, Libc.SolSocket, Libc.SoRcvBufForce, &size, sizeof(int)) < 0)
        {
            _ = Libc.setsockopt(socket.Number, Libc.SolSocket, Libc.SoRcvBuf, &size, sizeof(int));
        }
    }
}
