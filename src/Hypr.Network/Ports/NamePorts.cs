using System.Net;

namespace Hypr.Network.Ports;

/// <summary>
/// The name server's ports, which it has on each bridge. A program's own wildcard socket would be in its way, so what is published on them for all addresses is not held,
/// and what the rules cannot translate (IPv6 to a machine that has only IPv4) is taken by the holder on another port, to which the rules bring it.
/// </summary>
internal static class NamePorts
{
    public static IReadOnlyList<int> All { get; } = [53, 41003];

    public static bool IsWildcard(IPAddress address, int port) => All.Contains(port) && (address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any));

    /// <summary>Beside HYPR's other ports.</summary>
    public static int CarrierOf(int port) => port == 53 ? 41004 : 41005;

    public static bool IsCarrier(HostPort port) => port.Port is 41004 or 41005 && port.Address.Equals(IPAddress.IPv6Any) && port.Target is not null;
}
