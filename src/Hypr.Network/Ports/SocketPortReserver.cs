using System.Net;
using System.Net.Sockets;
using Hypr.Proxy;
using Hypr.Primitives;

namespace Hypr.Network.Ports;

/// <summary>Holds ports by bound sockets of this process, one a port. Only one with a target listens: the proxy's own listener is its reservation.</summary>
public sealed class SocketPortReserver : IPortReserver
{
    private const int SolSocket = 1;
    private const int SoReuseAddr = 2;

    /// <summary>IPPROTO_SCTP, include/uapi/linux/in.h.</summary>
    private const int Sctp = 132;

    /// <summary>
    /// The DNS server binds these on every bridge that comes, so a wildcard socket of ours would be in its way: for them nobody else may have the port now, and
    /// it is not held. The rules leave the bridges' own addresses out.
    /// </summary>
    private static readonly int[] NameServerPorts = [53, 41003];

    private readonly Lock _gate = new();
    private readonly Dictionary<(string Owner, HostPort Port), IAsyncDisposable?> _held = [];
    private bool _disposed;

    /// <summary>Ports held now.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _held.Count;
            }
        }
    }

    public async ValueTask<PortConflict?> ReserveAsync(string owner, IReadOnlyList<HostPort> ports, CancellationToken cancel)
    {
        var taken = new List<HostPort>();
        foreach (var port in ports)
        {
            lock (_gate)
            {
                ObjectDisposedException.ThrowIf(_disposed, this);
                if (_held.ContainsKey((owner, port)))
                {
                    continue;
                }
            }

            Socket? socket = null;
            var conflict = NameServerPorts.Contains(port.Port) && IsAny(port.Address) ? Look(port) : Bind(port, out socket);
            if (conflict is not null)
            {
                await ReleaseAsync(owner, taken);
                return conflict;
            }

            lock (_gate)
            {
                _held[(owner, port)] = socket is null ? null : Hold(port, socket);
            }

            taken.Add(port);
        }

        return null;
    }

    public async ValueTask ReleaseAsync(string owner, IReadOnlyList<HostPort> ports)
    {
        foreach (var port in ports)
        {
            IAsyncDisposable? held;
            lock (_gate)
            {
                _held.Remove((owner, port), out held);
            }

            if (held is not null)
            {
                await held.DisposeAsync();
            }
        }
    }

    public async ValueTask KeepAsync(IReadOnlyCollection<string> owners)
    {
        List<(string Owner, HostPort Port)> gone;
        lock (_gate)
        {
            gone = [.. _held.Keys.Where(k => !owners.Contains(k.Owner))];
        }

        foreach (var (owner, port) in gone)
        {
            await ReleaseAsync(owner, [port]);
        }
    }

    public async ValueTask DisposeAsync()
    {
        List<IAsyncDisposable?> held;
        lock (_gate)
        {
            _disposed = true;
            held = [.. _held.Values];
            _held.Clear();
        }

        foreach (var one in held.OfType<IAsyncDisposable>())
        {
            await one.DisposeAsync();
        }
    }

    private static IAsyncDisposable Hold(HostPort port, Socket socket)
    {
        switch (port)
        {
            case { Target: { } target, Protocol: PortProtocol.Tcp }:
                socket.Listen();
                return new TcpForwarder(socket, target, new ForwarderOptions());
            case { Target: { } target, Protocol: PortProtocol.Udp }:
                return new UdpForwarder(socket, target, new ForwarderOptions(), TimeProvider.System);
            default:
                return new BoundSocket(socket);
        }
    }

    /// <summary>
    /// SO_REUSEADDR while binding, so that connections in TIME_WAIT do not matter; cleared at once, or any other process with it could bind and listen
    /// (inet_csk_get_port and inet_rcv_saddr_equal, net/ipv4/inet_connection_sock.c). UDP knows no TIME_WAIT and there the option would share the port.
    /// </summary>
    private static PortConflict? Bind(HostPort port, out Socket? socket)
    {
        socket = null;
        try
        {
            socket = port.Protocol switch
            {
                PortProtocol.Tcp => new Socket(port.Address.AddressFamily, SocketType.Stream, ProtocolType.Tcp),
                PortProtocol.Udp => new Socket(port.Address.AddressFamily, SocketType.Dgram, ProtocolType.Udp),
                _ => new Socket(port.Address.AddressFamily, SocketType.Stream, (ProtocolType)Sctp),
            };
            if (port.Address.AddressFamily == AddressFamily.InterNetworkV6)
            {
                socket.DualMode = false;
            }

            // By number: .NET's ReuseAddress sets SO_REUSEPORT as well, and its Bind sets SO_REUSEADDR for TCP.
            socket.SetRawSocketOption(SolSocket, SoReuseAddr, BitConverter.GetBytes(port.Protocol == PortProtocol.Tcp ? 1 : 0));
            socket.Bind(new IPEndPoint(port.Address, port.Port));
            socket.SetRawSocketOption(SolSocket, SoReuseAddr, BitConverter.GetBytes(0));
            return null;
        }
        catch (SocketException e)
        {
            socket?.Dispose();
            socket = null;
            return e.SocketErrorCode switch
            {
                SocketError.AddressAlreadyInUse => new PortConflict(port, "address already in use", PortHolders.Find(port).FirstOrDefault()),
                SocketError.AddressNotAvailable => new PortConflict(port, $"cannot assign requested address: the host has no address {port.Address}", null),
                SocketError.ProtocolNotSupported or SocketError.SocketNotSupported or SocketError.ProtocolType =>
                    new PortConflict(port, $"this host's kernel has no {port.Protocol.ToString().ToUpperInvariant()}", null),
                SocketError.TooManyOpenSockets => throw HyprException.Unavailable("hyprd has too many open files: raise LimitNOFILE of its unit"),
                _ => new PortConflict(port, e.Message, null),
            };
        }
    }

    private static PortConflict? Look(HostPort port) =>
        PortHolders.Find(port).FirstOrDefault(h => h.Pid != Environment.ProcessId) is { } other ? new PortConflict(port, "address already in use", other) : null;

    private static bool IsAny(IPAddress address) => address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any);

    private sealed class BoundSocket(Socket socket) : IAsyncDisposable
    {
        public ValueTask DisposeAsync()
        {
            socket.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
