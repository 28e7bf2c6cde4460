using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Hypr.Dns.Sockets;
using Hypr.Dns.Wire;

namespace Hypr.Dns.Server;

/// <summary>
/// Whether an address is the host's own, as the routing table has it: a socket connected to an address of the host gets that very address as its source
/// (net/ipv4/route.c, ip_route_output_key_hash_rcu), and no other does. bind(2) would not tell where net.ipv4.ip_nonlocal_bind is set. One a worker, in the
/// worker's network namespace.
/// </summary>
internal sealed unsafe class HostAddresses
{
    /// <summary>Addresses asked about in a second: a flood from spoofed sources costs no more system calls than these.</summary>
    private const int MostAsked = 64;

    private readonly Dictionary<UInt128, bool> known = new(MostAsked);
    private long learnt;

    public bool Contains(UInt128 address, int incoming, long now)
    {
        if (now - learnt > 1000)
        {
            known.Clear();
            learnt = now;
        }

        if (known.TryGetValue(address, out var own) || known.Count >= MostAsked)
        {
            return own;
        }

        return known[address] = Ask(address, incoming);
    }

    private static bool Ask(UInt128 address, int incoming)
    {
        var v4 = Addresses.IsV4(address);
        var number = Libc.socket(v4 ? Libc.AfInet : Libc.AfInet6, Libc.SockDgram | Libc.NonBlockCloseExec, 0);
        if (number < 0)
        {
            return false;
        }

        using var socket = new Descriptor(number);
        var name = stackalloc byte[SocketAddress.Size];
        var length = Write(name, address, v4, incoming);
        if (Libc.connect(number, name, length) < 0)
        {
            return false;
        }

        length = SocketAddress.Size;
        return Libc.getsockname(number, name, &length) == 0 && SocketAddress.Address(name) == address;
    }

    private static int Write(byte* name, UInt128 address, bool v4, int incoming)
    {
        new Span<byte>(name, SocketAddress.Size).Clear();
        *(ushort*)name = (ushort)(v4 ? Libc.AfInet : Libc.AfInet6);
        // Nothing is sent: any port but 0, which some kernels refuse to connect to.
        BinaryPrimitives.WriteUInt16BigEndian(new Span<byte>(name + 2, 2), 9);
        if (v4)
        {
            BinaryPrimitives.WriteUInt32BigEndian(new Span<byte>(name + 4, 4), (uint)address);
            return 16;
        }

        BinaryPrimitives.WriteUInt128BigEndian(new Span<byte>(name + 8, 16), address);
        // fe80::/10 needs its link.
        *(int*)(name + 24) = address >> 118 == 0x3fa ? incoming : 0;
        return 28;
    }
}
