using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace Hypr.Engine.Doctor;

internal enum Answer
{
    Open,

    /// <summary>The machine is there and nothing listens.</summary>
    Refused,

    /// <summary>Nothing came back.</summary>
    Silent,
}

/// <summary>Whether something answers, from the host.</summary>
internal static class Reach
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    public static async Task<Answer> TcpAsync(IPAddress address, int port, CancellationToken cancel)
    {
        using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(Patience);
        try
        {
            await socket.ConnectAsync(new IPEndPoint(address, port), limit.Token);
            return Answer.Open;
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionRefused)
        {
            return Answer.Refused;
        }
        catch (Exception e) when (e is SocketException || (e is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            return Answer.Silent;
        }
    }

    public static async Task<bool> PingAsync(IPAddress address)
    {
        try
        {
            using var ping = new Ping();
            return (await ping.SendPingAsync(address, (int)Patience.TotalMilliseconds)).Status == IPStatus.Success;
        }
        catch (PingException)
        {
            return false;
        }
    }
}
