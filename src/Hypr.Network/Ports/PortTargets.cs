using System.Net;
using System.Net.Sockets;

namespace Hypr.Network.Ports;

/// <summary>The machine's end of its published ports, in one family.</summary>
/// <param name="IsRouted">Docker's gateway mode <c>routed</c>: reached by this address, never by one of the host's.</param>
internal sealed record PortTarget(IPAddress Address, bool IsRouted);

/// <summary>
/// Where a machine's ports lead: to the addresses of its default routes. The kernel's rules carry what stays in its family; the rest is the holder's socket's:
/// [::1], for which there is no translation, and IPv6 to a machine that has only IPv4.
/// </summary>
internal sealed record PortTargets(PortTarget? IPv4, PortTarget? IPv6)
{
    public bool IsNowhere => IPv4 is null && IPv6 is null;

    /// <summary>What a publish without an address covers, as Docker shows it.</summary>
    public IReadOnlyList<IPAddress> Everywhere(PortProtocol protocol, bool hostHasIPv6)
    {
        var all = new List<IPAddress>();
        if (IPv4 is not null)
        {
            all.Add(IPAddress.Any);
        }

        if (IPv6 is not null || (hostHasIPv6 && Reaches(IPAddress.IPv6Any, protocol)))
        {
            all.Add(IPAddress.IPv6Any);
        }

        return all;
    }

    /// <summary>Whether what arrives at this address of the host can be carried to the machine.</summary>
    public bool Reaches(IPAddress host, PortProtocol protocol) => host.AddressFamily == AddressFamily.InterNetwork
        ? IPv4 is not null
        : IPv6 is not null || (IPv4 is { IsRouted: false } && protocol != PortProtocol.Sctp);

    /// <summary>Nothing of the host is taken for it.</summary>
    public bool IsRouted(IPAddress host) => Own(host)?.IsRouted == true;

    /// <summary>Whether a port of this form can be: a routed network's has no number on the host, every other has one.</summary>
    public bool Fits(PublishedPort port) => Reaches(port.HostIp, port.Protocol) && IsRouted(port.HostIp) == (port.HostPort == 0);

    /// <summary>The address to which the rules translate; null: they do not.</summary>
    public IPAddress? ByRules(PublishedPort port) =>
        Own(port.HostIp) is { } target && target.IsRouted == (port.HostPort == 0) && !port.HostIp.Equals(IPAddress.IPv6Loopback) ? target.Address : null;

    /// <summary>Where the holder's socket carries what the rules leave to it; null: nowhere.</summary>
    public IPEndPoint? BySocket(PublishedPort port) =>
        port.HostIp.AddressFamily == AddressFamily.InterNetworkV6 && port.Protocol != PortProtocol.Sctp && (IPv6 ?? IPv4) is { } target
            ? new IPEndPoint(target.Address, port.GuestPort)
            : null;

    /// <summary>The holder's port to which the rules bring it: of the name server's ports, what <see cref="ByRules"/> does not translate. 0: none.</summary>
    public int Carrier(PublishedPort port) =>
        port.HostIp.AddressFamily == AddressFamily.InterNetworkV6 && NamePorts.IsWildcard(port.HostIp, port.HostPort) && ByRules(port) is null && BySocket(port) is not null
            ? NamePorts.CarrierOf(port.HostPort)
            : 0;

    private PortTarget? Own(IPAddress host) => host.AddressFamily == AddressFamily.InterNetwork ? IPv4 : IPv6;
}
