using System.Buffers;
using System.Net;
using System.Net.Sockets;

namespace Hypr.Proxy;

/// <summary>
/// Carries the datagrams of a bound socket to a target and the answers back, one session for each client's address and port and each of our addresses that it asks:
/// the answer leaves from there. A session ends when it was idle for long, or makes room when there are too many.
/// </summary>
public sealed class UdpForwarder : IAsyncDisposable
{
    // The largest UDP payload over IPv4 or IPv6 without jumbograms.
    private const int MaxDatagram = 65_535;

    private readonly DatagramSocket _socket;
    private IPEndPoint _target;
    private readonly ForwarderOptions _options;
    private readonly TimeProvider _clock;
    private readonly CancellationTokenSource _ending = new();
    private readonly Lock _gate = new();
    private readonly Dictionary<Peer, Session> _sessions = [];
    private readonly ITimer _sweep;
    private readonly Task _receiving;

    /// <param name="socket">Bound; owned by the forwarder from here on.</param>
    public UdpForwarder(Socket socket, IPEndPoint target, ForwarderOptions options, TimeProvider clock)
    {
        (_socket, _target, _options, _clock) = (new DatagramSocket(socket), target, options, clock);
        _sweep = clock.CreateTimer(_ => Sweep(), null, options.UdpIdle / 4, options.UdpIdle / 4);
        _receiving = Task.Run(ReceiveAsync);
    }

    /// <summary>Where datagrams are carried; another one ends the sessions under way.</summary>
    public IPEndPoint Target
    {
        get
        {
            lock (_gate)
            {
                return _target;
            }
        }

        set
        {
            lock (_gate)
            {
                if (!_target.Equals(value))
                {
                    _target = value;
                    EndAll();
                }
            }
        }
    }

    /// <summary>Sessions under way.</summary>
    public int Open
    {
        get
        {
            lock (_gate)
            {
                return _sessions.Count;
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await _sweep.DisposeAsync();
        _socket.Dispose();
        await _receiving;
        lock (_gate)
        {
            EndAll();
        }
    }

    private async Task ReceiveAsync()
    {
        var from = new SocketAddress(_socket.Socket.AddressFamily);
        while (!_ending.IsCancellationRequested)
        {
            try
            {
                // Ports by the thousand wait here.
                await _socket.WaitAsync(_ending.Token);
                var buffer = ArrayPool<byte>.Shared.Rent(MaxDatagram);
                try
                {
                    var got = _socket.Receive(buffer, from, out var asked);
                    if (got < 0)
                    {
                        continue;
                    }

                    var session = SessionOf(new Peer(from, asked));
                    session.LastUsed = _clock.GetTimestamp();
                    await session.Upstream.SendAsync(buffer.AsMemory(0, got), _ending.Token);
                }
                finally
                {
                    ArrayPool<byte>.Shared.Return(buffer);
                }
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (SocketException) when (!_ending.IsCancellationRequested)
            {
                // ECONNREFUSED: an earlier datagram met a closed port. ENOBUFS, EMSGSIZE: this datagram is lost, as UDP's are.
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    private Session SessionOf(Peer client)
    {
        lock (_gate)
        {
            if (_sessions.TryGetValue(client, out var known))
            {
                return known;
            }

            if (_sessions.Count >= _options.MaxSessions)
            {
                End(_sessions.MinBy(s => s.Value.LastUsed).Key);
            }

            var key = client with { Client = new SocketAddress(client.Client.Family, client.Client.Size) };
            client.Client.Buffer[..client.Client.Size].CopyTo(key.Client.Buffer);
            var upstream = new Socket(_target.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
            try
            {
                upstream.Connect(_target);
            }
            catch
            {
                upstream.Dispose();
                throw;
            }

            var session = new Session(upstream) { LastUsed = _clock.GetTimestamp() };
            _sessions.Add(key, session);
            _ = Task.Run(() => AnswerAsync(key, session));
            return session;
        }
    }

    private async Task AnswerAsync(Peer client, Session session)
    {
        while (true)
        {
            try
            {
                // A peek of no bytes waits for a datagram and leaves it there: an idle session holds no buffer.
                await session.Upstream.ReceiveAsync(Memory<byte>.Empty, SocketFlags.Peek, _ending.Token);
                var buffer = ArrayPool<byte>.Shared.Rent(MaxDatagram);
                try
                {
                    var got = await session.Upstream.ReceiveAsync(buffer, SocketFlags.None, _ending.Token);
                    session.LastUsed = _clock.GetTimestamp();
                    _socket.Send(buffer.AsSpan(0, got), client.Client, client.Asked);
                }
                finally
                {
                    ArrayPool<byte>.Shared.Return(buffer);
                }
            }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.ConnectionRefused or SocketError.HostUnreachable or SocketError.NetworkUnreachable)
            {
                // Nobody listens in the VM now; a later datagram may be answered.
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
            {
                return;
            }
        }
    }

    private void Sweep()
    {
        lock (_gate)
        {
            foreach (var (client, _) in _sessions.Where(s => _clock.GetElapsedTime(s.Value.LastUsed) > _options.UdpIdle).ToList())
            {
                End(client);
            }
        }
    }

    private void EndAll()
    {
        foreach (var session in _sessions.Values)
        {
            session.Upstream.Dispose();
        }

        _sessions.Clear();
    }

    private void End(Peer client)
    {
        if (_sessions.Remove(client, out var session))
        {
            session.Upstream.Dispose();
        }
    }

    /// <param name="Client">Equal by what is in it.</param>
    private readonly record struct Peer(SocketAddress Client, AskedAddress Asked);

    private sealed class Session(Socket upstream)
    {
        private long _lastUsed;

        public Socket Upstream => upstream;

        public long LastUsed
        {
            get => Volatile.Read(ref _lastUsed);
            set => Volatile.Write(ref _lastUsed, value);
        }
    }
}
