using Hypr.Api.Contracts;
using Hypr.Engine.Networks;
using Hypr.Network.Networks;
using IpamConfig = Hypr.Api.Contracts.IpamConfig;

namespace Hypr.Daemon.Endpoints.Networks;

/// <summary>A network in the shapes of Docker's list and inspect.</summary>
internal static class NetworkShapes
{
    public static NetworkSummary Summary(VmNetwork network, bool onlyGiven) => Fill(new NetworkSummary(), network, onlyGiven);

    public static NetworkInspect Inspect(NetworkView view, bool onlyGiven)
    {
        var inspect = Fill(new NetworkInspect(), view.Network, onlyGiven);
        foreach (var endpoint in view.Endpoints)
        {
            inspect.Containers[endpoint.MachineId] = new NetworkContainer
            {
                Name = endpoint.MachineName,
                EndpointId = endpoint.Id,
                MacAddress = endpoint.Mac?.ToString() ?? "",
                IPv4Address = endpoint.IPv4?.ToString() ?? "",
                IPv6Address = endpoint.IPv6?.ToString() ?? "",
            };
        }

        inspect.Status = new NetworkStatus();
        foreach (var usage in view.Usage)
        {
            inspect.Status.Ipam.Subnets[usage.Subnet.ToString()] = new SubnetStatus { IPsInUse = Capped(usage.InUse), DynamicIPsAvailable = Capped(usage.Free) };
        }

        return inspect;
    }

    private static T Fill<T>(T shape, VmNetwork network, bool onlyGiven)
        where T : NetworkSummary
    {
        shape.Name = network.Name;
        shape.Id = network.Id;
        shape.Created = Timestamps.Rfc3339(network.Created);
        shape.Scope = network.Scope;
        shape.Driver = network.Driver;
        shape.EnableIPv4 = network.EnableIPv4;
        shape.EnableIPv6 = network.EnableIPv6;
        shape.Internal = network.Internal;
        shape.Attachable = network.Attachable;
        shape.Options = new Dictionary<string, string>(onlyGiven ? network.GivenOptions : network.Options);
        shape.Labels = new Dictionary<string, string>(network.Labels);
        shape.Ipam = new Ipam
        {
            Driver = "default",
            Options = network.IpamOptions.Count > 0 ? new Dictionary<string, string>(network.IpamOptions) : null,
            Config = [.. network.Subnets.Select(s => Config(network, s))],
        };
        return shape;
    }

    private static IpamConfig Config(VmNetwork network, SubnetConfig subnet) => new()
    {
        Subnet = subnet.Subnet.ToString(),
        IPRange = subnet.Range?.ToString(),
        Gateway = network.GatewayIn(subnet)?.ToString(),
        AuxiliaryAddresses = subnet.Auxiliary.Count > 0 ? subnet.Auxiliary.ToDictionary(a => a.Key, a => a.Value.ToString()) : null,
    };

    private static ulong Capped(UInt128 number) => number > ulong.MaxValue ? ulong.MaxValue : (ulong)number;
}
