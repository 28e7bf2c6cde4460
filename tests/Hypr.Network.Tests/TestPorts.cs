using System.Net;
using System.Net.Sockets;

namespace Hypr.Network.Tests;

/// <summary>Ports for tests, each given once: below the kernel's ephemeral range, so that no connection of another program takes one meanwhile.</summary>
internal static class TestPorts
{
    private const int First = 10_000;
    private const int Count = 20_000;
    private static int _next = Environment.ProcessId * 97 % Count;

    /// <summary>The first of so many ports in a row.</summary>
    public static int Block(int count)
    {
        while (true)
        {
            var first = Next();
            var rest = Enumerable.Range(0, count - 1).Select(_ => Next()).ToList();
            if (rest[^1] == first + count - 1)
            {
                return first;
            }
        }
    }

    public static int Next()
    {
        while (true)
        {
            var port = First + (Interlocked.Increment(ref _next) % Count);
            try
            {
                using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                socket.Bind(new IPEndPoint(IPAddress.Any, port));
                return port;
            }
            catch (SocketException)
            {
                // Somebody's.
            }
        }
    }
}
