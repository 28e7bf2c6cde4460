using System.Net;
using System.Net.Sockets;
using Hypr.Network.Names;
using Hypr.Network.Platforms;
using Hypr.Network.Ports;

namespace Hypr.Network.Endpoints;

/// <summary>What a machine's guest is told, from its active endpoints.</summary>
internal static class GuestView
{
    public static GuestNetwork Of(IReadOnlyList<EndpointSlot> active, RouteChoice routes, string resolvConf)
    {
        var nameserver = routes.Nameserver(active);
        return new GuestNetwork([.. active.Select(e => Nic(e, routes))], nameserver, HostSearchList.Read(resolvConf), nameserver);
    }

    public static NicSettings Nic(EndpointSlot endpoint, RouteChoice routes) => new(
        endpoint.Value, endpoint.Value.GuestName!, endpoint.Network.Network.Mtu,
        routes.Default4 == endpoint ? endpoint.Network.Gateway(AddressFamily.InterNetwork) : null,
        routes.Default6 == endpoint ? endpoint.Network.Gateway(AddressFamily.InterNetworkV6) : null)
    {
        ReturnGateway4 = routes.Default4 == endpoint ? null : WayBack(endpoint, AddressFamily.InterNetwork),
        ReturnGateway6 = routes.Default6 == endpoint ? null : WayBack(endpoint, AddressFamily.InterNetworkV6),
    };

    /// <summary>What the kernel carries of the published ports, to the endpoint with the default route of their family, and what it brings to the holder.</summary>
    public static IReadOnlyList<DatapathPort> Targets(IReadOnlyList<PublishedPort> ports, RouteChoice routes)
    {
        var targets = Targets(routes);
        return
        [
            .. from port in ports
               let carrier = targets.Carrier(port)
               let target = carrier == 0 ? targets.ByRules(port) : targets.BySocket(port)?.Address
               where target is not null
               select new DatapathPort(port.HostIp, port.HostPort, target, port.GuestPort, port.Protocol, carrier),
        ];
    }

    public static PortTargets Targets(RouteChoice routes) => new(
        routes.Default4 is { Value.IPv4: { } four } default4 ? new PortTarget(four.Address, default4.Network.Options.Mode4 == GatewayMode.Routed) : null,
        routes.Default6 is { Value.IPv6: { } six } default6 ? new PortTarget(six.Address, default6.Network.Options.Mode6 == GatewayMode.Routed) : null);

    private static IPAddress? WayBack(EndpointSlot endpoint, AddressFamily family) => endpoint.Network.Network.Internal ? null : endpoint.Network.Gateway(family);
}
