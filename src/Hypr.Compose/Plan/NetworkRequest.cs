using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Hypr.Api.Contracts;
using Hypr.Compose.Model;

namespace Hypr.Compose.Plan;

/// <summary>From a network of a project to its create call.</summary>
internal static class NetworkRequest
{
    public static CreateNetworkRequest Of(ComposeProject project, Network network, string hash)
    {
        var request = Core(network);
        request.Labels![StackLabels.Project] = project.Name;
        request.Labels[StackLabels.Network] = network.Key;
        request.Labels[StackLabels.Version] = StackLabels.ThisVersion;
        request.Labels[StackLabels.ConfigHash] = hash;
        return request;
    }

    public static string Hash(Network network) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(JsonSerializer.Serialize(Core(network), HyprJson.Wire.CreateNetworkRequest))));

    private static CreateNetworkRequest Core(Network network) => new()
    {
        Name = network.Name,
        Driver = network.Driver,
        Internal = network.Internal,
        Attachable = network.Attachable,
        EnableIPv4 = network.EnableIPv4,
        EnableIPv6 = network.EnableIPv6,
        Options = network.DriverOpts.Count > 0 ? Sorted(network.DriverOpts) : null,
        Labels = Sorted(network.Labels),
        Ipam = network.Subnets.Count == 0 && network.IpamDriver is null ? null : new Ipam
        {
            Driver = network.IpamDriver,
            Config =
            [
                .. network.Subnets.Select(s => new IpamConfig
                {
                    Subnet = s.Cidr,
                    IPRange = s.IpRange,
                    Gateway = s.Gateway,
                    AuxiliaryAddresses = s.AuxAddresses.Count > 0 ? Sorted(s.AuxAddresses) : null,
                }),
            ],
        },
    };

    private static Dictionary<string, string> Sorted(IReadOnlyDictionary<string, string> map) =>
        map.OrderBy(e => e.Key, StringComparer.Ordinal).ToDictionary(e => e.Key, e => e.Value);
}
