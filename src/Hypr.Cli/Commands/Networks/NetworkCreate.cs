using System.Net;
using System.Text.Json;
using Hypr.Api.Client;
using Hypr.Api.Contracts;
using Hypr.Cli.Arguments;

namespace Hypr.Cli.Commands.Networks;

/// <summary><c>hypr network create</c></summary>
internal static class NetworkCreate
{
    public static readonly CommandSpec Command = new("create", "Create a network")
    {
        Words = "NETWORK",
        Count = (1, 1),
        Options =
        [
            Option.Switch("attachable", '\0', "Enable manual VM attachment"),
            Option.List("aux-address", '\0', "Auxiliary IPv4 or IPv6 addresses, kept free (name=address)", "map"),
            Option.Text("config-from", '\0', "The network from which to copy the configuration"),
            Option.Switch("config-only", '\0', "Create a configuration only network"),
            Option.Text("driver", 'd', "Driver to manage the network (default bridge)"),
            Option.List("gateway", '\0', "IPv4 or IPv6 gateway for the subnet", "strings"),
            Option.Switch("ingress", '\0', "Create swarm routing-mesh network"),
            Option.Switch("internal", '\0', "Restrict external access to the network"),
            Option.List("ip-range", '\0', "Allocate VM addresses from a sub-range", "strings"),
            Option.Text("ipam-driver", '\0', "IP address management driver (default \"default\")"),
            Option.List("ipam-opt", '\0', "Set IPAM driver specific options", "map"),
            Option.Switch("ipv4", '\0', "Enable or disable IPv4 address assignment"),
            Option.Switch("ipv6", '\0', "Enable or disable IPv6 address assignment"),
            Option.List("label", 'l', "Set metadata on a network"),
            Option.List("opt", 'o', "Set driver specific options (com.docker.network.driver.mtu=1400)", "map"),
            Option.Text("scope", '\0', "Control the network's scope"),
            Option.List("subnet", '\0', "Subnet in CIDR format that represents a network segment", "strings"),
        ],
        Examples =
        [
            ("hypr network create mynet", "a bridge with a free subnet"),
            ("hypr network create mynet --subnet 10.89.0.0/16", "with your subnet"),
            ("hypr network create mynet --subnet 10.89.0.0/16 --gateway 10.89.0.1", "and gateway"),
            ("hypr network create --internal backend", "VMs reach each other and nothing beyond"),
        ],
        Run = Run,
    };

    private static int Run(CommandLine line, Session session)
    {
        var request = new CreateNetworkRequest
        {
            Name = line.Words[0],
            Driver = line.Text("driver") ?? "bridge",
            Scope = line.Text("scope"),
            EnableIPv4 = line.Has("ipv4") ? line.On("ipv4") : null,
            EnableIPv6 = line.Has("ipv6") ? line.On("ipv6") : null,
            Ipam = new Ipam
            {
                Driver = line.Text("ipam-driver") ?? "default",
                Options = line.Has("ipam-opt") ? KeyValues.Parse(line, "ipam-opt") : null,
                Config = Pools(line),
            },
            Internal = line.On("internal"),
            Attachable = line.On("attachable"),
            Ingress = line.On("ingress"),
            ConfigOnly = line.On("config-only"),
            ConfigFrom = line.Text("config-from") is { } from ? new ConfigReference { Network = from } : null,
            Options = KeyValues.Parse(line, "opt"),
            Labels = KeyValues.Parse(line, "label"),
        };
        var answer = session.Api.Post(
            new Query("networks", "create"), JsonSerializer.SerializeToUtf8Bytes(request, HyprJson.Wire.CreateNetworkRequest));
        if (answer.Text("Warning") is { Length: > 0 } warning)
            session.Warn(warning);
        session.Io.WriteLine(answer.Text("Id"));
        return 0;
    }

    /// <summary>
    /// Gives each range, gateway and auxiliary address to the subnet that holds it, as Docker's client does
    /// (cli/command/network/create.go). A gateway without a subnet is an error there and here.
    /// </summary>
    private static List<IpamConfig> Pools(CommandLine line)
    {
        var pools = new List<(IPNetwork Subnet, IpamConfig Config)>();
        foreach (string subnet in Each(line, "subnet"))
            pools.Add((Network(line, "subnet", subnet), new IpamConfig { Subnet = subnet }));
        foreach (string range in Each(line, "ip-range"))
        {
            var pool = Holding(line, pools, "ip-range", range, Network(line, "ip-range", range).BaseAddress);
            pool.IPRange = pool.IPRange is null ? range : throw Twice(line, "ip-range", pool);
        }
        foreach (string gateway in Each(line, "gateway"))
        {
            var pool = Holding(line, pools, "gateway", gateway, Address(line, "gateway", gateway));
            pool.Gateway = pool.Gateway is null ? gateway : throw Twice(line, "gateway", pool);
        }
        foreach (var (name, address) in KeyValues.Parse(line, "aux-address", needsValue: true))
        {
            var pool = Holding(line, pools, "aux-address", address, Address(line, "aux-address", address));
            (pool.AuxiliaryAddresses ??= [])[name] = address;
        }
        return pools.ConvertAll(p => p.Config);
    }

    private static IEnumerable<string> Each(CommandLine line, string option) => line.All(option).SelectMany(v => v.Split(','));

    private static UsageException Twice(CommandLine line, string option, IpamConfig pool) =>
        new(line, $"--{option}: given twice for the subnet {pool.Subnet}");

    private static IpamConfig Holding(
        CommandLine line, List<(IPNetwork Subnet, IpamConfig Config)> pools, string option, string value, IPAddress address)
    {
        if (pools.Count == 0)
            throw new UsageException(line, $"--{option} {value}: it needs a --subnet that holds it");
        int at = pools.FindIndex(p => p.Subnet.BaseAddress.AddressFamily == address.AddressFamily && p.Subnet.Contains(address));
        return at >= 0 ? pools[at].Config
            : throw new UsageException(line, $"--{option} {value}: outside of {string.Join(", ", pools.Select(p => p.Config.Subnet))}");
    }

    private static IPAddress Address(CommandLine line, string option, string text) =>
        IPAddress.TryParse(text, out var address) && (text.Contains(':') || text.Count(c => c == '.') == 3)
            ? address
            : throw new UsageException(line, $"--{option} \"{text}\": not an IP address");

    /// <summary>The subnet that the text means, host bits or not: the daemon says what is wrong with those.</summary>
    private static IPNetwork Network(CommandLine line, string option, string text)
    {
        int slash = text.IndexOf('/', StringComparison.Ordinal);
        if (slash > 0 && int.TryParse(text.AsSpan(slash + 1), System.Globalization.NumberStyles.None, null, out int length))
        {
            var address = Address(line, option, text[..slash]);
            byte[] bytes = address.GetAddressBytes();
            if (length <= bytes.Length * 8)
            {
                for (int bit = length; bit < bytes.Length * 8; bit++)
                    bytes[bit / 8] &= (byte)~(0x80 >> (bit % 8));
                return new IPNetwork(new IPAddress(bytes), length);
            }
        }
        throw new UsageException(line, $"--{option} \"{text}\": not in CIDR format. Write it as 10.89.0.0/16");
    }
}
