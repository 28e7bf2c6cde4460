using System.Net;
using System.Net.Sockets;
using Hypr.Api.Contracts;
using Hypr.Engine.Machines;
using Hypr.Engine.Networks;
using Hypr.Network.Networks;
using Hypr.Network.Ports;
using Hypr.Primitives;
using PortBinding = Hypr.Api.Contracts.PortBinding;

namespace Hypr.Daemon.Endpoints.Containers;

/// <summary>A machine's networks and ports in Docker's shapes.</summary>
internal static class EndpointViews
{
    public static Dictionary<string, EndpointSettings> Networks(MachineView machine) => machine.Networks.ToDictionary(n => n.Network.Name, n => Settings(machine, n));

    /// <summary>An address is without its prefix length here; a VM keeps it while it is stopped.</summary>
    private static EndpointSettings Settings(MachineView machine, AttachedNetwork attached)
    {
        var (network, endpoint) = attached;
        return new EndpointSettings
        {
            IpamConfig = endpoint.StaticIPv4 is null && endpoint.StaticIPv6 is null
                ? null
                : new EndpointIpamConfig { IPv4Address = endpoint.StaticIPv4?.ToString(), IPv6Address = endpoint.StaticIPv6?.ToString() },
            Aliases = endpoint.Aliases.Count > 0 ? [.. endpoint.Aliases] : null,
            MacAddress = endpoint.Mac?.ToString() ?? "",
            DriverOpts = endpoint.DriverOptions.Count > 0 ? new Dictionary<string, string>(endpoint.DriverOptions) : null,
            GwPriority = endpoint.GatewayPriority,
            NetworkId = network.Id,
            EndpointId = endpoint.Id,
            Gateway = endpoint.IPv4 is null ? "" : Gateway(network, AddressFamily.InterNetwork),
            IPAddress = endpoint.IPv4?.Address.ToString() ?? "",
            IPPrefixLen = endpoint.IPv4?.PrefixLength ?? 0,
            IPv6Gateway = endpoint.IPv6 is null ? "" : Gateway(network, AddressFamily.InterNetworkV6),
            GlobalIPv6Address = endpoint.IPv6?.Address.ToString() ?? "",
            GlobalIPv6PrefixLen = endpoint.IPv6?.PrefixLength ?? 0,
            DnsNames = [.. new[] { machine.Name }.Concat(endpoint.Aliases).Append(ObjectId.Short(machine.Id)).Distinct()],
        };
    }

    /// <summary>An internal network has no way out, and one whose gateway mode is isolated is internal.</summary>
    private static string Gateway(VmNetwork network, AddressFamily family) =>
        !network.Internal && network.Subnets.FirstOrDefault(s => s.Subnet.BaseAddress.AddressFamily == family) is { } subnet
            ? network.GatewayIn(subnet)?.ToString() ?? ""
            : "";

    /// <summary>Of inspect: exposed ports that are not published have null. Empty while the machine does not run.</summary>
    public static Dictionary<string, List<PortBinding>?> Ports(MachineView machine)
    {
        var ports = new Dictionary<string, List<PortBinding>?>();
        if (!MachineWords.IsRunning(machine.State))
        {
            return ports;
        }

        foreach (var exposed in machine.ExposedPorts)
        {
            ports[Normal(exposed)] = null;
        }

        Add(ports, machine.Ports);
        return ports;
    }

    /// <summary>Docker's PortMap: by the guest's port.</summary>
    public static Dictionary<string, List<PortBinding>?> Map(IEnumerable<PublishedPort> published)
    {
        var ports = new Dictionary<string, List<PortBinding>?>();
        Add(ports, published);
        return ports;
    }

    /// <summary>A port of a routed network has no port of the host: an empty string, as Docker writes it.</summary>
    private static void Add(Dictionary<string, List<PortBinding>?> ports, IEnumerable<PublishedPort> all)
    {
        foreach (var published in all)
        {
            var key = $"{published.GuestPort}/{Word(published.Protocol)}";
            if (ports.GetValueOrDefault(key) is not { } bindings)
            {
                ports[key] = bindings = [];
            }

            bindings.Add(new PortBinding { HostIp = published.HostIp.ToString(), HostPort = published.HostPort == 0 ? "" : $"{published.HostPort}" });
        }
    }

    /// <summary>Of the list.</summary>
    public static List<PortSummary> PortList(MachineView machine)
    {
        var list = new List<PortSummary>();
        foreach (var (key, bindings) in Ports(machine))
        {
            var (port, protocol) = (key[..key.IndexOf('/')], key[(key.IndexOf('/') + 1)..]);
            if (!int.TryParse(port, out var guestPort))
            {
                continue;
            }

            if (bindings is null)
            {
                list.Add(new PortSummary { PrivatePort = guestPort, Type = protocol });
                continue;
            }

            list.AddRange(bindings.Select(b => new PortSummary
            {
                Ip = b.HostIp,
                PrivatePort = guestPort,
                PublicPort = int.TryParse(b.HostPort, out var hostPort) ? hostPort : null,
                Type = protocol,
            }));
        }

        return list;
    }

    public static string Word(PortProtocol protocol) => protocol switch
    {
        PortProtocol.Udp => "udp",
        PortProtocol.Sctp => "sctp",
        _ => "tcp",
    };

    /// <summary><c>80</c> is <c>80/tcp</c>.</summary>
    public static string Normal(string port) => port.Contains('/') ? port.ToLowerInvariant() : $"{port}/tcp";

    public static NetworkSettings NetworkSettings(MachineView machine)
    {
        var networks = Networks(machine);
        var first = networks.GetValueOrDefault("bridge");
        return new NetworkSettings
        {
            SandboxId = machine.Id,
            Ports = Ports(machine),
            EndpointId = first?.EndpointId ?? "",
            Gateway = first?.Gateway ?? "",
            GlobalIPv6Address = first?.GlobalIPv6Address ?? "",
            GlobalIPv6PrefixLen = first?.GlobalIPv6PrefixLen ?? 0,
            IPAddress = first?.IPAddress ?? "",
            IPPrefixLen = first?.IPPrefixLen ?? 0,
            IPv6Gateway = first?.IPv6Gateway ?? "",
            MacAddress = first?.MacAddress ?? "",
            Networks = networks,
        };
    }
}
