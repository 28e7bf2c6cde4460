using System.Text.Json;
using Hypr.Api.Client;
using Hypr.Api.Contracts;
using Hypr.Cli.Arguments;

namespace Hypr.Cli.Commands.Networks;

/// <summary><c>hypr network connect</c> and <c>disconnect</c>.</summary>
internal static class NetworkAttaching
{
    public static readonly CommandSpec Connect = new("connect", "Connect a VM to a network")
    {
        Words = "NETWORK VM",
        Count = (2, 2),
        Options =
        [
            Option.List("alias", '\0', "Add network-scoped alias for the VM", "strings"),
            Option.List("driver-opt", '\0', "Driver options for the network", "strings"),
            Option.Text("gw-priority", '\0', "Highest gw-priority provides the default gateway", "int"),
            Option.Text("ip", '\0', "IPv4 address (e.g., \"10.89.0.100\")"),
            Option.Text("ip6", '\0', "IPv6 address (e.g., \"2001:db8::33\")"),
        ],
        Examples =
        [
            ("hypr network connect mynet web", "the VM gets a NIC at once, running or not"),
            ("hypr network connect --ip 10.89.0.100 --alias db mynet web", "with an address and a second name"),
        ],
        Run = (line, session) =>
        {
            var settings = new EndpointSettings
            {
                IpamConfig = new EndpointIpamConfig { IPv4Address = line.Text("ip"), IPv6Address = line.Text("ip6") },
                Aliases = line.Has("alias") ? [.. line.All("alias")] : null,
                DriverOpts = line.Has("driver-opt") ? KeyValues.Parse(line, "driver-opt") : null,
                GwPriority = line.Number("gw-priority") ?? 0,
            };
            var request = new ConnectNetworkRequest { Container = line.Words[1], EndpointConfig = settings };
            session.Api.Post(
                new Query("networks", line.Words[0], "connect"),
                JsonSerializer.SerializeToUtf8Bytes(request, HyprJson.Wire.ConnectNetworkRequest));
            return 0;
        },
        Completes = "network",
    };

    public static readonly CommandSpec Disconnect = new("disconnect", "Disconnect a VM from a network")
    {
        Words = "NETWORK VM",
        Count = (2, 2),
        Options = [Option.Switch("force", 'f', "Force the VM to disconnect from a network")],
        Examples = [("hypr network disconnect mynet web", "the VM loses the NIC at once")],
        Run = (line, session) =>
        {
            var request = new DisconnectNetworkRequest { Container = line.Words[1], Force = line.On("force") };
            session.Api.Post(
                new Query("networks", line.Words[0], "disconnect"),
                JsonSerializer.SerializeToUtf8Bytes(request, HyprJson.Wire.DisconnectNetworkRequest));
            return 0;
        },
        Completes = "network",
    };
}
