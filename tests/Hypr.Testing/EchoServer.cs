using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Hypr.Testing;

/// <summary>
/// Answers every TCP connection and every UDP datagram on one port with <c>NAME PEER\n</c>, PEER being the client's address as the server sees it.
/// A socket belongs to the namespace of the thread that made it, so no program is needed inside.
/// </summary>
public sealed class EchoServer : IDisposable
{
    private readonly Socket _tcp;
    private readonly Socket _udp;
    private readonly string _name;
    private int _seen;

    /// <param name="address">:: stands for every address of both families; a datagram is then answered from the address that the route prefers.</param>
    public EchoServer(TestNamespace space, string name, IPAddress address, int port)
    {
        _name = name;
        (_tcp, _udp) = space.Run(() =>
        {
            var tcp = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            Both(tcp);
            tcp.Bind(new IPEndPoint(address, port));
            tcp.Listen(128);
            var udp = new Socket(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
            Both(udp);
            udp.Bind(new IPEndPoint(address, ((IPEndPoint)tcp.LocalEndPoint!).Port));
            return (tcp, udp);
        });
        Port = ((IPEndPoint)_tcp.LocalEndPoint!).Port;
        _ = AcceptAsync();
        _ = AnswerAsync();
    }

    public int Port { get; }

    /// <summary>Connections and datagrams that arrived.</summary>
    public int Seen => Volatile.Read(ref _seen);

    public void Dispose()
    {
        _tcp.Dispose();
        _udp.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                using var client = await _tcp.AcceptAsync();
                Interlocked.Increment(ref _seen);
                try
                {
                    await client.SendAsync(Answer(client.RemoteEndPoint!));
                }
                catch (SocketException)
                {
                    // The client has gone: its matter.
                }
            }
        }
        catch (Exception e) when (e is ObjectDisposedException or SocketException)
        {
            // The server was disposed.
        }
    }

    private async Task AnswerAsync()
    {
        var buffer = new byte[2048];
        var any = new IPEndPoint(_udp.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, 0);
        while (true)
        {
            try
            {
                var got = await _udp.ReceiveFromAsync(buffer, any);
                Interlocked.Increment(ref _seen);
                await _udp.SendToAsync(Answer(got.RemoteEndPoint), got.RemoteEndPoint);
            }
            catch (ObjectDisposedException)
            {
                return;
            }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.OperationAborted or SocketError.Interrupted)
            {
                return;
            }
            catch (SocketException)
            {
                // An ICMP error for an earlier answer: the socket goes on.
            }
        }
    }

    /// <summary>An IPv6 socket takes IPv4 too.</summary>
    private static void Both(Socket socket)
    {
        if (socket.AddressFamily == AddressFamily.InterNetworkV6)
            socket.DualMode = true;
    }

    private byte[] Answer(EndPoint peer)
    {
        var address = ((IPEndPoint)peer).Address;
        return Encoding.ASCII.GetBytes($"{_name} {(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address)}\n");
    }
}
