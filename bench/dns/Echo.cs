using System.Net;
using Hypr.Dns.Server;
using Hypr.Dns.Sockets;
using Hypr.Dns.Wire;

namespace Hypr.Dns.Bench;

/// <summary>The same system calls as the server, on the same buffers, and nothing else. With an answer: an upstream.</summary>
internal static unsafe class Echo
{
    public static int Run(int port, bool answer = false)
    {
        using var socket = SocketFactory.Listen(new IPEndPoint(IPAddress.Any, port), stream: false, 1)[0];
        using var epoll = new Epoll();
        epoll.Add(socket, Epoll.In, 1);
        var batch = new UdpBatch();
        Console.WriteLine($"pid {Environment.ProcessId}");
        Console.Out.Flush();
        while (true)
        {
            epoll.Wait(-1);
            for (var count = UdpBatch.Size; count == UdpBatch.Size;)
            {
                count = batch.Receive(socket.Number);
                for (var i = 0; i < count; i++)
                {
                    *(int*)(batch.Head(i).Control + 16) = 0;
                    var query = batch.Input(i);
                    var output = batch.Output(i);
                    query.CopyTo(output);
                    output[2] |= 0x80;
                    batch.Answer(i, answer ? Address(query, output) : query.Length);
                }

                batch.Send(socket.Number);
                for (var i = 0; i < count; i++)
                {
                    batch.Reset(i);
                }
            }
        }
    }

    private static int Address(ReadOnlySpan<byte> query, Span<byte> output)
    {
        var end = DnsName.Skip(query, 12) + 4;
        output[3] = 0x80;
        output[7] = 1;
        output[11] = 0;
        ((ReadOnlySpan<byte>)[0xc0, 12, 0, 1, 0, 1, 0, 0, 14, 16, 0, 4, 192, 0, 2, 1]).CopyTo(output[end..]);
        return end + 16;
    }
}
