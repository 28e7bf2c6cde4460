using System.Net;
using System.Net.Sockets;

namespace Hypr.Network.Tests;

/// <summary>Ports for tests, each given once: below the kernel's ephemeral range, so that no connection of another program takes one meanwhile.</summary>
internal static class TestPorts
{
    private const int First = 10_000;
    private const int Count = 20_000;
    private static int _next = Environment.ProcessId * 97 % Count;

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
