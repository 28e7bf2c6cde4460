using System.Text.Json;
using Hypr.Api.Contracts;

namespace Hypr.Api.Tests.Client;

public sealed class NetworkOrderTests
{
    [Fact]
    public void A_network_is_written_in_the_specifications_order_with_dockers_keys_in_dockers_places() => Assert.Equal(
        [
            "Name", "Id", "Created", "Scope", "Driver", "EnableIPv4", "EnableIPv6", "IPAM", "Internal", "Attachable", "Ingress", "ConfigFrom", "ConfigOnly",
            "Containers", "Options", "Labels", "Status",
        ],
        JsonSerializer.SerializeToElement(new NetworkInspect { Status = new NetworkStatus() }, HyprJson.Wire.NetworkInspect)
            .EnumerateObject().Select(p => p.Name));
}
