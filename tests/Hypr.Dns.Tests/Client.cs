using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Hypr.Dns.Tests;

/// <summary>A server on loopback, asked as the host.</summary>
internal sealed class Client : IDisposable
{
    /// <summary>How long something that must come may take on a loaded machine.</summary>
    private const int Patience = 20_000;

    public Client(NameServerSettings settings)
    {
        using (var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp))
        {
            probe.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            EndPoint = new IPEndPoint(IPAddress.Loopback, ((IPEndPoint)probe.LocalEndPoint!).Port);
        }

        Server = new NameServer(settings with { Port = EndPoint.Port, Workers = 2, ResolvedConf = "/nonexistent" });
    }

    public NameServer Server { get; }

    public IPEndPoint EndPoint { get; }

    public static Client With(params FakeUpstream[] upstreams) =>
        new(new NameServerSettings { Upstreams = [.. upstreams.Select(u => u.EndPoint)] });

    public Answer Ask(string name, ushort type = 1) => Ask(Packets.Query(name, type));

    public Answer Ask(byte[] packet)
    {
        using var socket = Open();
        socket.Send(packet);
        return Receive(socket);
    }

    public Socket Open()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = Patience };
        socket.Connect(EndPoint);
        return socket;
    }

    public Socket OpenStream()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)
        {
            ReceiveTimeout = Patience,
            NoDelay = true
        };
        socket.Connect(EndPoint);
        return socket;
    }

    public static Answer Receive(Socket socket)
    {
        var buffer = new byte[4096];
        return new Answer(buffer[..socket.Receive(buffer)]);
    }

    public static byte[] Frame(byte[] message) => [(byte)(message.Length >> 8), (byte)message.Length, .. message];

    /// <summary>The next frame, or null at the connection's end.</summary>
    public static Answer? ReceiveFrame(Socket socket)
    {
        var head = new byte[2];
        if (!Fill(socket, head))
        {
            return null;
        }

        var message = new byte[BinaryPrimitives.ReadUInt16BigEndian(head)];
        return Fill(socket, message) ? new Answer(message) : null;
    }

    public void Dispose() => Server.DisposeAsync().AsTask().GetAwaiter().GetResult();

    private static bool Fill(Socket socket, byte[] buffer)
    {
        for (var have = 0; have < buffer.Length;)
        {
            int got;
            try
            {
                got = socket.Receive(buffer.AsSpan(have));
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionReset)
            {
                got = 0;
            }

            if (got == 0)
            {
                return false;
            }

            have += got;
        }

        return true;
    }
}
