using System.Net;
using System.Net.Sockets;
using Hypr.Linux.Sockets;
using Hypr.Primitives;
using Hypr.Proxy;

namespace Hypr.Network.Ports;

/// <summary>Holds ports by bound sockets of this process, one a port. One with a target listens: the forwarder's own socket is the reservation.</summary>
public sealed class SocketPortReserver : IPortReserver
{
    private const int SolSocket = 1;
    private const int SoReuseAddr = 2;
    /// <summary>There where conntrack, and so a translation, knows SCTP (CONFIG_NF_CT_PROTO_SCTP), which is another thing than sockets of it (CONFIG_IP_SCTP).</summary>
    private const string SctpTracking = "/proc/sys/net/netfilter/nf_conntrack_sctp_timeout_closed";
    private const string IPv6Addresses = "/proc/thread-self/net/if_inet6";

    /// <summary>IPPROTO_SCTP, include/uapi/linux/in.h.</summary>
    private const int Sctp = 132;

    private readonly Lock _gate = new();
    private readonly Dictionary<(string Owner, HostPort Port), Held?> _held = [];
    private bool _disposed;

    /// <summary>Without IPv6 in the kernel the file is missing; where it is switched off no link has an address, not even the loopback.</summary>
    public static bool HostHasIPv6 => File.Exists(IPv6Addresses) && File.ReadLines(IPv6Addresses).Any();

    public bool HasIPv6 { get; init; } = HostHasIPv6;

    /// <summary>The process that has the name server, whose own sockets are in nobody's way.</summary>
    public int NameServerPid { get; set; } = Environment.ProcessId;

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
        var known = new List<(HostPort Port, Held? Held)>();
        foreach (var port in ports)
        {
            lock (_gate)
            {
                ObjectDisposedException.ThrowIf(_disposed, this);
                if (_held.TryGetValue((owner, port), out var held))
                {
                    known.Add((port, held));
                    continue;
                }
            }

            Socket? socket;
            try
            {
                if (Take(port, out socket) is { } conflict)
                {
                    await ReleaseAsync(owner, taken);
                    return conflict;
                }
            }
            catch
            {
                await ReleaseAsync(owner, taken);
                throw;
            }

            lock (_gate)
            {
                _held[(owner, port)] = socket is null ? null : Hold(port, socket);
            }

            taken.Add(port);
        }

        foreach (var (port, held) in known)
        {
            held?.MoveTo(port.Target);
        }

        return null;
    }

    public async ValueTask ReleaseAsync(string owner, IReadOnlyList<HostPort> ports)
    {
        foreach (var port in ports)
        {
            Held? held;
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
        List<Held?> held;
        lock (_gate)
        {
            _disposed = true;
            held = [.. _held.Values];
            _held.Clear();
        }

        foreach (var one in held.OfType<Held>())
        {
            await one.DisposeAsync();
        }
    }

    private PortConflict? Take(HostPort port, out Socket? socket)
    {
        // For the name server's ports nobody else may have the port now, and it is not held.
        if (!NamePorts.IsWildcard(port.Address, port.Port))
        {
            return Bind(port, port.Address, out socket);
        }

        socket = null;
        var conflict = Look(port);
        if (conflict is null && port is { Target: not null, Address.AddressFamily: AddressFamily.InterNetworkV6 })
        {
            // [::1] is no bridge's, and nobody but a socket serves it. Where it is taken the name server has it: nobody else was seen.
            _ = Bind(port, IPAddress.IPv6Loopback, out socket);
        }

        return conflict;
    }

    private static Held Hold(HostPort port, Socket socket)
    {
        switch (port)
        {
            case { Target: { } target, Protocol: PortProtocol.Tcp }:
                return new HeldTcp(new TcpForwarder(socket, target, new ForwarderOptions()));
            case { Target: { } target, Protocol: PortProtocol.Udp }:
                return new HeldUdp(new UdpForwarder(socket, target, new ForwarderOptions(), TimeProvider.System));
            default:
                return new HeldOnly(socket);
        }
    }

    /// <summary>
    /// SO_REUSEADDR while binding, so that connections in TIME_WAIT do not matter; cleared at once, or any other process with it could bind and listen
    /// (inet_csk_get_port and inet_rcv_saddr_equal, net/ipv4/inet_connection_sock.c). UDP knows no TIME_WAIT and there the option would share the port.
    /// </summary>
    private static PortConflict? Bind(HostPort port, IPAddress address, out Socket? socket)
    {
        socket = null;
        try
        {
            socket = port.Protocol switch
            {
                PortProtocol.Tcp => new Socket(port.Address.AddressFamily, SocketType.Stream, ProtocolType.Tcp),
                PortProtocol.Udp => new Socket(port.Address.AddressFamily, SocketType.Dgram, ProtocolType.Udp),
                _ => ProtocolSocket.Open(port.Address.AddressFamily, SocketType.Stream, Sctp),
            };
            if (port.Address.AddressFamily == AddressFamily.InterNetworkV6)
            {
                socket.DualMode = false;
            }

            // By number: .NET's ReuseAddress sets SO_REUSEPORT as well, and its Bind sets SO_REUSEADDR for TCP.
            socket.SetRawSocketOption(SolSocket, SoReuseAddr, BitConverter.GetBytes(port.Protocol == PortProtocol.Tcp ? 1 : 0));
            socket.Bind(new IPEndPoint(address, port.Port));
            if (port is { Target: not null, Protocol: PortProtocol.Tcp })
            {
                // With the option still: the kernel looks for conflicts once more (inet_csk_listen_start), and TIME_WAIT is none only with it.
                socket.Listen();
            }

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
                    // Where no program of the host can have a socket of SCTP, nobody takes the port, and the rules carry it.
                    port.Protocol == PortProtocol.Sctp && File.Exists(SctpTracking) ? null : new PortConflict(port, $"this host's kernel has no {port.Protocol.ToString().ToUpperInvariant()}", null),
                SocketError.TooManyOpenSockets => throw HyprException.Unavailable("hyprd has too many open files: raise LimitNOFILE of its unit"),
                _ => new PortConflict(port, e.Message, null),
            };
        }
    }

    private PortConflict? Look(HostPort port) =>
        PortHolders.Find(port).FirstOrDefault(h => h.Pid != Environment.ProcessId && h.Pid != NameServerPid) is { } other ? new PortConflict(port, "address already in use", other) : null;

    private abstract class Held : IAsyncDisposable
    {
        /// <summary>Null is for what has no target ever: a port without one is bound and nothing else.</summary>
        public virtual void MoveTo(IPEndPoint? target)
        {
        }

        public abstract ValueTask DisposeAsync();
    }

    private sealed class HeldOnly(Socket socket) : Held
    {
        public override ValueTask DisposeAsync()
        {
            socket.Dispose();
            return ValueTask.CompletedTask;
        }
    }

    private sealed class HeldTcp(TcpForwarder forwarder) : Held
    {
        public override void MoveTo(IPEndPoint? target) => forwarder.Target = target ?? forwarder.Target;

        public override ValueTask DisposeAsync() => forwarder.DisposeAsync();
    }

    private sealed class HeldUdp(UdpForwarder forwarder) : Held
    {
        public override void MoveTo(IPEndPoint? target) => forwarder.Target = target ?? forwarder.Target;

        public override ValueTask DisposeAsync() => forwarder.DisposeAsync();
    }
}
