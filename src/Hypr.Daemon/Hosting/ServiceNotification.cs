using System.Net.Sockets;
using System.Text;

namespace Hypr.Daemon.Hosting;

/// <summary>sd_notify(3) by hand: a datagram to $NOTIFY_SOCKET. Without it nothing is done.</summary>
internal static class ServiceNotification
{
    public static void Ready() => Send("READY=1\nSTATUS=serving");

    public static void Stopping() => Send("STOPPING=1");

    private static void Send(string state)
    {
        if (Environment.GetEnvironmentVariable("NOTIFY_SOCKET") is not { Length: > 1 } path)
        {
            return;
        }

        try
        {
            using var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);

            // A leading @ stands for the NUL of an abstract address (unix(7)).
            socket.SendTo(Encoding.UTF8.GetBytes(state), new UnixDomainSocketEndPoint(path[0] == '@' ? '\0' + path[1..] : path));
        }
        catch (SocketException)
        {
            // systemd's ears are no reason to stop serving.
        }
    }
}
