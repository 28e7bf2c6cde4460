using System.Net;
using System.Net.Sockets;

namespace Hypr.Network.Networks;

/// <summary>A network as it is. Names and keys are Docker's.</summary>
public sealed record VmNetwork
{
    public required string Id { get; init; }
    public required string Name { get; init; }
    public required DateTimeOffset Created { get; init; }
    public string Driver { get; init; } = "bridge";
    public string Scope { get; init; } = "local";
    public required string Bridge { get; init; }
    public bool EnableIPv4 { get; init; } = true;
    public bool EnableIPv6 { get; init; }
    public bool Internal { get; init; }
    public bool Attachable { get; init; }
    public int Mtu { get; init; } = 1500;

    /// <summary>IPv4 before IPv6.</summary>
    public required IReadOnlyList<SubnetConfig> Subnets { get; init; }

    /// <summary>Docker's driver options as given, and the bridge's name always.</summary>
    public IReadOnlyDictionary<string, string> Options { get; init; } = new Dictionary<string, string>();

    /// <summary>The same without the bridge's name where nobody asked for it: one of ours, vbrN.</summary>
    public IReadOnlyDictionary<string, string> GivenOptions =>
        Bridge.StartsWith("vbr", StringComparison.Ordinal) && Bridge.AsSpan(3).IndexOfAnyExceptInRange('0', '9') < 0
            ? Options.Where(o => o.Key != NetworkOptions.BridgeName).ToDictionary()
            : Options;
    public IReadOnlyDictionary<string, string> IpamOptions { get; init; } = new Dictionary<string, string>();
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    /// <summary>The bridge's address in one of the subnets; null: it has none there (gateway mode isolated), and the subnet's own is only kept free.</summary>
    public IPAddress? GatewayIn(SubnetConfig subnet)
    {
        var mode = subnet.Subnet.BaseAddress.AddressFamily == AddressFamily.InterNetworkV6 ? NetworkOptions.GatewayMode6 : NetworkOptions.GatewayMode4;
        return Options.GetValueOrDefault(mode) == NetworkOptions.Isolated ? null : subnet.Gateway;
    }

    /// <summary>The default network: cannot be removed.</summary>
    public bool Predefined => Name == "bridge";
}

/// <param name="Range">Dynamic addresses come from here; null: the whole subnet.</param>
/// <param name="Auxiliary">Names to addresses that are never given out.</param>
public sealed record SubnetConfig(IPNetwork Subnet, IPAddress Gateway, IPNetwork? Range, IReadOnlyDictionary<string, IPAddress> Auxiliary);

/// <param name="InUse">Leased or reserved: with the gateway, auxiliary, network and broadcast addresses, as Docker counts.</param>
/// <param name="Free">What a dynamic allocation can still give.</param>
public sealed record SubnetUsage(IPNetwork Subnet, UInt128 InUse, UInt128 Free);

/// <summary>What a client asks for; addresses are its text, checked by the service. Docker's NetworkCreate.</summary>
public sealed record NetworkSpec
{
    public required string Name { get; init; }
    public string Driver { get; init; } = "bridge";
    public string Scope { get; init; } = "";
    public bool? EnableIPv4 { get; init; }
    public bool? EnableIPv6 { get; init; }
    public bool Internal { get; init; }
    public bool Attachable { get; init; }
    public bool Ingress { get; init; }
    public bool ConfigOnly { get; init; }
    public string? ConfigFrom { get; init; }
    public string IpamDriver { get; init; } = "default";
    public IReadOnlyDictionary<string, string> IpamOptions { get; init; } = new Dictionary<string, string>();
    public IReadOnlyList<SubnetSpec> Subnets { get; init; } = [];
    public IReadOnlyDictionary<string, string> Options { get; init; } = new Dictionary<string, string>();
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();
}

public sealed record SubnetSpec(string? Subnet, string? IpRange, string? Gateway, IReadOnlyDictionary<string, string>? Auxiliary);

public sealed record NetworkCreated(VmNetwork Network, string? Warning);
