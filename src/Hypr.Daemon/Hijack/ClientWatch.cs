using System.Net.Sockets;

namespace Hypr.Daemon.Hijack;

/// <summary>
/// Tells a client that is gone from one that has only ended its sending (<c>echo x | docker run -i</c>, <c>nc -N</c>): both show as the end of the input, and
/// Kestrel takes both for an abort. Sending nothing tells: it fails with EPIPE where both ways are closed (net/unix/af_unix.c, unix_stream_sendmsg looks at
/// SEND_SHUTDOWN before it looks at the length).
/// </summary>
internal sealed class ClientWatch : IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);
    private readonly Socket _socket;
    private readonly CancellationTokenSource _gone = new();
    private readonly CancellationTokenSource _over = new();
    private readonly CancellationTokenRegistration _registration;

    /// <param name="inputEnded">Fires at the end of the client's sending.</param>
    public ClientWatch(Socket socket, CancellationToken inputEnded)
    {
        _socket = socket;
        _registration = inputEnded.Register(() => _ = LookAsync());
    }

    public CancellationToken Gone => _gone.Token;

    public Task MarkGoneAsync() => _gone.CancelAsync();

    public void Dispose()
    {
        _registration.Dispose();
        _over.Cancel();
    }

    private async Task LookAsync()
    {
        try
        {
            while (IsThere())
            {
                await Task.Delay(Interval, _over.Token);
            }
        }
        catch (OperationCanceledException)
        {
            return;
        }

        await _gone.CancelAsync();
    }

    private bool IsThere()
    {
        try
        {
            _socket.Send(ReadOnlySpan<byte>.Empty, SocketFlags.None);
            return true;
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.WouldBlock)
        {
            return true;
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return false;
        }
    }
}
