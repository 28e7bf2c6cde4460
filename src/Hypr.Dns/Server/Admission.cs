using Hypr.Dns.Sockets;
using Hypr.Dns.Wire;
using Hypr.Dns.Zones;

namespace Hypr.Dns.Server;

/// <summary>
/// Tells who asks by the interface that a question came in on and its source address: the host, a machine on its own network, or nobody
/// that is answered.
/// One a worker: what it learns of interfaces is its own.
/// </summary>
internal sealed unsafe class Admission
{
    private const int Loopback = 1;

    private readonly Dictionary<int, int> interfaces = [];
    private readonly HostAddresses host = new();
    private int generation = -1;
    private long learnt;

    /// <summary>
    /// The host's own questions travel over lo, but the interface told is that of the address asked (net/ipv4/ip_sockglue.c, ipv4_pktinfo_prepare:
    /// the route's; net/ipv6/ip6_input.c likewise), so the source tells: an address of the host's own. From outside IPv4 accepts none (martian
    /// source), and an answer to a forged IPv6 one goes to the host itself.
    /// </summary>
    public bool TryIdentify(Zone zone, int socket, int incoming, UInt128 source, long now, out Asker asker)
    {
        asker = new Asker(null, -1);
        if (incoming == Loopback || Addresses.IsLoopback(source))
        {
            return true;
        }

        var number = NetworkOf(zone, socket, incoming, now);
        if (number >= 0)
        {
            if (zone.FindClient(number, source) is { } client)
            {
                asker = new Asker(client.Machine, number);
                return true;
            }

            if (zone.Networks[number]!.Gateways.AsSpan().Contains(source))
            {
                return true;
            }
        }

        return host.Contains(source, incoming, now);
    }

    /// <summary>
    /// An index is remembered for a second: a bridge that is made again has another one, and one may be renamed.
    /// </summary>
    private int NetworkOf(Zone zone, int socket, int incoming, long now)
    {
        if (generation != zone.Generation || now - learnt > 1000)
        {
            interfaces.Clear();
            generation = zone.Generation;
            learnt = now;
        }

        if (interfaces.TryGetValue(incoming, out var number))
        {
            return number;
        }

        number = Ask(zone, socket, incoming);
        interfaces[incoming] = number;
        return number;
    }

    private static int Ask(Zone zone, int socket, int incoming)
    {
        var request = stackalloc byte[40];
        if (!SocketFactory.TryGetInterfaceName(socket, incoming, request))
        {
            return -1;
        }

        for (var number = 0; number < zone.Networks.Length; number++)
        {
            if (zone.Networks[number]?.Definition is { } network && Same(network.Interface, request))
            {
                return number;
            }
        }

        return -1;
    }

    /// <summary>IFNAMSIZ is 16 with the zero at the end.</summary>
    private static bool Same(string name, byte* octets)
    {
        if (name.Length > 15)
        {
            return false;
        }

        for (var i = 0; i < name.Length; i++)
        {
            if (octets[i] != name[i])
            {
                return false;
            }
        }

        return octets[name.Length] == 0;
    }
}
