using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Hypr.Testing;

/// <summary>Asks an <see cref="EchoServer"/> from inside a namespace.</summary>
public static class Probe
{
    /// <summary>How long something that must work may take on a loaded machine.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    /// <summary>How long is waited for what must not come. A refusal is always told by its counterpart too, which does come.</summary>
    public static readonly TimeSpan Silence = TimeSpan.FromMilliseconds(700);

    /// <summary>The answer without its newline; null when refused or silent.</summary>
    public static string? Tcp(TestNamespace from, IPAddress to, int port, TimeSpan? patience = null, IPAddress? source = null)
    {
        using var socket = Open(from, to, SocketType.Stream, ProtocolType.Tcp, source);
        return Ask(socket, to, port, patience ?? Patience, static s => { });
    }

    /// <summary>The answer without its newline; null when there is none. Sends again each half second.</summary>
    public static string? Udp(TestNamespace from, IPAddress to, int port, TimeSpan? patience = null, IPAddress? source = null)
    {
        var limit = patience ?? Patience;
        for (var clock = Stopwatch.StartNew(); clock.Elapsed < limit;)
        {
            using var socket = Open(from, to, SocketType.Dgram, ProtocolType.Udp, source);
            var turn = TimeSpan.FromMilliseconds(Math.Clamp((limit - clock.Elapsed).TotalMilliseconds, 1, 500));
            if (Ask(socket, to, port, turn, static s => s.Send("?"u8)) is { } answer)
                return answer;
        }

        return null;
    }

    /// <summary>Waits until the condition holds; tells whether it did.</summary>
    public static bool Until(Func<bool> condition, TimeSpan? patience = null)
    {
        for (var clock = Stopwatch.StartNew(); ; Thread.Sleep(5))
        {
            if (condition())
                return true;
            if (clock.Elapsed > (patience ?? Patience))
                return false;
        }
    }

    private static Socket Open(TestNamespace from, IPAddress to, SocketType type, ProtocolType protocol, IPAddress? source) => from.Run(() =>
    {
        var socket = new Socket(to.AddressFamily, type, protocol);
        if (source is not null)
            socket.Bind(new IPEndPoint(source, 0));
        return socket;
    });

    private static string? Ask(Socket socket, IPAddress to, int port, TimeSpan patience, Action<Socket> send)
    {
        using var limit = new CancellationTokenSource(patience);
        try
        {
            socket.ConnectAsync(new IPEndPoint(to, port), limit.Token).AsTask().GetAwaiter().GetResult();
            send(socket);
            var buffer = new byte[256];
            var got = socket.ReceiveAsync(buffer, limit.Token).AsTask().GetAwaiter().GetResult();
            return got == 0 ? null : Encoding.ASCII.GetString(buffer, 0, got).TrimEnd('\n');
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            return null;
        }
    }
}
