using System.Net;
using System.Net.Sockets;

namespace Hypr.Network.Endpoints;

/// <summary>Which endpoint has the default route of each family, and so the published ports.</summary>
/// <param name="Default4">Null: no way out over IPv4.</param>
internal sealed record RouteChoice(EndpointSlot? Default4, EndpointSlot? Default6)
{
    /// <summary>
    /// The highest gateway priority, then the network's name (Docker Engine 28, GwPriority). An internal network leads nowhere and never has it: a guest then
    /// says "network unreachable" at once instead of waiting, as in Docker.
    /// </summary>
    public static RouteChoice Of(IReadOnlyCollection<EndpointSlot> endpoints) =>
        new(Best(endpoints, AddressFamily.InterNetwork), Best(endpoints, AddressFamily.InterNetworkV6));

    public EndpointSlot? Default(AddressFamily family) => family == AddressFamily.InterNetwork ? Default4 : Default6;

    /// <summary>The DNS server is the host's end of the network with the default route, else of the first that has one.</summary>
    public IPAddress? Nameserver(IEnumerable<EndpointSlot> inOrder)
    {
        var ways = new[] { (Default4, AddressFamily.InterNetwork), (Default6, AddressFamily.InterNetworkV6) };
        foreach (var (endpoint, family) in ways)
        {
            if (endpoint?.Network.Gateway(family) is { } gateway)
            {
                return gateway;
            }
        }

        return inOrder.Select(e => e.Network.Gateway(AddressFamily.InterNetwork) ?? e.Network.Gateway(AddressFamily.InterNetworkV6)).FirstOrDefault(g => g is not null);
    }

    private static EndpointSlot? Best(IReadOnlyCollection<EndpointSlot> endpoints, AddressFamily family) => endpoints
        .Where(e => !e.Network.Network.Internal && e.Network.Gateway(family) is not null)
        .OrderByDescending(e => e.Value.GatewayPriority).ThenBy(e => e.Network.Network.Name, StringComparer.Ordinal)
        .FirstOrDefault();
}
