using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Hypr.Dns.Tests;

/// <summary>A resolver on loopback that answers as a test tells it, UDP and TCP on one port: with nothing, or with several
/// messages.</summary>
internal sealed class FakeUpstream : IDisposable
{
    private readonly Socket udp = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
    private readonly Socket tcp = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly Func<byte[], bool, byte[][]> answer;
    private int answered;

    /// <param name="answer">From a question, and whether it came over TCP, to messages.</param>
    public FakeUpstream(Func<byte[], bool, byte[][]> answer)
    {
        this.answer = answer;
        tcp.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        udp.Bind(tcp.LocalEndPoint!);
        tcp.Listen();
        new Thread(ServeUdp) { IsBackground = true }.Start();
        new Thread(ServeTcp) { IsBackground = true }.Start();
    }

    public IPEndPoint EndPoint => (IPEndPoint)tcp.LocalEndPoint!;

    /// <summary>Name, and <c>/tcp</c> where it came so. The names that look for loops are left out.</summary>
    public ConcurrentQueue<string> Asked { get; } = new();

    /// <summary>Datagrams whose answers were sent.</summary>
    public int Answered => Volatile.Read(ref answered);

    public ConcurrentQueue<int> Ports { get; } = new();

    public ConcurrentQueue<byte[]> Queries { get; } = new();

    /// <summary>192.0.2.1 for whatever is asked.</summary>
    public static FakeUpstream Good(uint ttl = 60) => new((query, _) => [Ok(query, ttl)]);

    public static byte[] Ok(byte[] query, uint ttl = 60, byte last = 1) =>
        Packets.Response(query, 0x0180, [Packets.Record(1, ttl, 192, 0, 2, last)]);

    public void Dispose()
    {
        udp.Dispose();
        tcp.Dispose();
    }

    private void ServeUdp()
    {
        var buffer = new byte[4096];
        try
        {
            while (true)
            {
                EndPoint from = new IPEndPoint(IPAddress.Any, 0);
                var query = buffer[..udp.ReceiveFrom(buffer, ref from)];
                Ports.Enqueue(((IPEndPoint)from).Port);
                foreach (var message in Answer(query, false))
                {
                    _ = udp.SendTo(message, from);
                }

                Interlocked.Increment(ref answered);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Closed.
        }
    }

    private void ServeTcp()
    {
        try
        {
            while (true)
            {
                using var connection = tcp.Accept();
                using var stream = new NetworkStream(connection);
                var head = new byte[2];
                stream.ReadExactly(head);
                var query = new byte[BinaryPrimitives.ReadUInt16BigEndian(head)];
                stream.ReadExactly(query);
                foreach (var message in Answer(query, true))
                {
                    stream.Write([(byte)(message.Length >> 8), (byte)message.Length, .. message]);
                }
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or IOException)
        {
            // Closed.
        }
    }

    private byte[][] Answer(byte[] query, bool stream)
    {
        var name = QuestionName(query);
        if (!name.EndsWith(".test.", StringComparison.Ordinal))
        {
            Queries.Enqueue(query);
            Asked.Enqueue(stream ? $"{name}/tcp" : name);
        }

        return answer(query, stream);
    }

    private static string QuestionName(byte[] query)
    {
        var response = Packets.Response(query, 0, []);
        return new Answer(response).Question!;
    }
}
