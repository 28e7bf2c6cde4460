using System.Buffers;
using System.Net;
using System.Net.Sockets;

namespace Hypr.Proxy;

/// <summary>
/// Carries the TCP connections of a listening socket to a target, in user space. Each direction ends by itself: a FIN is passed on as a FIN (half-close), a
/// reset as a reset; who reads slowly slows the sender down. The target sees this host as the source.
/// </summary>
public sealed class TcpForwarder : IAsyncDisposable
{
    private const int SolSocket = 1;
    private const int SoReuseAddr = 2;
    private readonly Socket _listener;
    private volatile IPEndPoint _target;
    private readonly ForwarderOptions _options;
    private readonly CancellationTokenSource _ending = new();
    private readonly SemaphoreSlim _places;
    private readonly Task _accepting;
    private int _open;

    /// <param name="listener">Bound and listening; owned by the forwarder from here on.</param>
    public TcpForwarder(Socket listener, IPEndPoint target, ForwarderOptions options)
    {
        (_listener, _target, _options) = (listener, target, options);
        _places = new SemaphoreSlim(options.MaxSessions);
        _accepting = Task.Run(AcceptAsync);
    }

    /// <summary>Where new connections are carried; those under way stay where they are.</summary>
    public IPEndPoint Target
    {
        get => _target;
        set => _target = value;
    }

    /// <summary>Connections under way.</summary>
    public int Open => Volatile.Read(ref _open);

    /// <summary>Closes the listener and resets what is under way.</summary>
    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        _listener.Dispose();
        await _accepting;
    }

    private async Task AcceptAsync()
    {
        while (!_ending.IsCancellationRequested)
        {
            try
            {
                await _places.WaitAsync(_ending.Token);
                var client = await _listener.AcceptAsync(_ending.Token);

                // In TIME_WAIT it would keep the port from being bound again: it has the listener's option, which may be off, and the kernel asks both sides for it
                // (inet_bind_conflict, net/ipv4/inet_connection_sock.c). By number, for .NET's ReuseAddress sets SO_REUSEPORT as well.
                client.SetRawSocketOption(SolSocket, SoReuseAddr, BitConverter.GetBytes(1));
                Interlocked.Increment(ref _open);
                _ = Task.Run(() => CarryAsync(client));
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (SocketException) when (!_ending.IsCancellationRequested)
            {
                // ECONNABORTED: the client left before it was accepted. EMFILE: accepting again at once would spin.
                _places.Release();
                await Task.Delay(100);
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    private async Task CarryAsync(Socket client)
    {
        var to = _target;
        var target = new Socket(to.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            using (var patience = CancellationTokenSource.CreateLinkedTokenSource(_ending.Token))
            {
                patience.CancelAfter(_options.ConnectTimeout);
                await target.ConnectAsync(to, patience.Token);
            }

            client.NoDelay = target.NoDelay = true;
            using var broken = CancellationTokenSource.CreateLinkedTokenSource(_ending.Token);
            await Task.WhenAll(PumpAsync(client, target, broken), PumpAsync(target, client, broken));
            client.Dispose();
            target.Dispose();
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // The peer shall see a reset, not an orderly end after half of the data.
            Reset(client);
            Reset(target);
        }
        finally
        {
            Interlocked.Decrement(ref _open);
            _places.Release();
        }
    }

    private async Task PumpAsync(Socket from, Socket to, CancellationTokenSource broken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(_options.BufferSize);
        try
        {
            int got;
            while ((got = await from.ReceiveAsync(buffer, broken.Token)) > 0)
            {
                var rest = buffer.AsMemory(0, got);
                while (rest.Length > 0)
                {
                    rest = rest[await to.SendAsync(rest, broken.Token)..];
                }
            }

            to.Shutdown(SocketShutdown.Send);
        }
        catch
        {
            await broken.CancelAsync();
            throw;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static void Reset(Socket socket)
    {
        try
        {
            // SO_LINGER with time 0: close sends RST (tcp(7)).
            socket.LingerState = new LingerOption(true, 0);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // It is closed already.
        }

        socket.Dispose();
    }
}
