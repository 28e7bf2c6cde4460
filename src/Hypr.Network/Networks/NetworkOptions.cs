using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Hypr.Network.Ipam;
using Hypr.Network.Platforms;
using Hypr.Primitives;

namespace Hypr.Network.Networks;

/// <summary>Docker's options of the bridge driver (moby, libnetwork/drivers/bridge/labels.go), as they are understood.</summary>
internal sealed record NetworkOptions
{
    public const string BridgeName = "com.docker.network.bridge.name";
    private const string EnableIcc = "com.docker.network.bridge.enable_icc";
    private const string EnableMasquerade = "com.docker.network.bridge.enable_ip_masquerade";
    private const string HostBinding = "com.docker.network.bridge.host_binding_ipv4";
    private const string DriverMtu = "com.docker.network.driver.mtu";
    public const string Isolated = "isolated";
    public const string GatewayMode4 = "com.docker.network.bridge.gateway_mode_ipv4";
    public const string GatewayMode6 = "com.docker.network.bridge.gateway_mode_ipv6";

    /// <summary>IFNAMSIZ is 16 with the final zero (include/uapi/linux/if.h).</summary>
    private const int LongestLinkName = 15;

    /// <summary>RFC 8200, section 5: every link of IPv6 carries 1,280 bytes.</summary>
    private const int LeastMtu6 = 1280;

    public string? Bridge { get; init; }
    public bool Isolate { get; init; }
    public bool Masquerade { get; init; } = true;
    public IPAddress? BindAddress { get; init; }
    public int? Mtu { get; init; }
    public GatewayMode Mode4 { get; init; }
    public GatewayMode Mode6 { get; init; }

    /// <summary>Options of Docker's that mean nothing here: kept, for compose files carry them.</summary>
    public IReadOnlyList<string> Ignored { get; init; } = [];

    public static NetworkOptions Parse(IReadOnlyDictionary<string, string> options)
    {
        var parsed = new NetworkOptions();
        var ignored = new List<string>();
        foreach (var (key, value) in options)
        {
            switch (key)
            {
                case BridgeName:
                    parsed = parsed with { Bridge = value.Length == 0 ? null : LinkName(value) };
                    break;
                case EnableIcc:
                    parsed = parsed with { Isolate = !Bool(key, value) };
                    break;
                case EnableMasquerade:
                    parsed = parsed with { Masquerade = Bool(key, value) };
                    break;
                case HostBinding:
                    parsed = parsed with { BindAddress = BindTo(key, value) };
                    break;
                case DriverMtu:
                    parsed = parsed with { Mtu = MtuOf(key, value) };
                    break;
                case GatewayMode4:
                    parsed = parsed with { Mode4 = Mode(key, value) };
                    break;
                case GatewayMode6:
                    parsed = parsed with { Mode6 = Mode(key, value) };
                    break;
                case var _ when key.StartsWith("com.docker.", StringComparison.Ordinal):
                    ignored.Add(key);
                    break;
                default:
                    throw HyprException.Invalid($"unknown option {key}: HYPR knows {BridgeName}, {EnableIcc}, {EnableMasquerade}, {HostBinding}, {DriverMtu}, {GatewayMode4} and {GatewayMode6}");
            }
        }

        return parsed with { Ignored = ignored };
    }

    /// <summary>What only makes sense together.</summary>
    public void CheckWith(bool isInternal, bool ipv6)
    {
        if (!isInternal && (Mode4 == GatewayMode.Isolated || Mode6 == GatewayMode.Isolated))
        {
            throw HyprException.Invalid("gateway mode isolated: the network has no gateway, so it must be an internal one: add --internal");
        }

        if (ipv6 && Mtu < LeastMtu6)
        {
            throw HyprException.Invalid($"MTU {Mtu}: a network with IPv6 needs {LeastMtu6} bytes or more (RFC 8200)");
        }
    }

    private static string LinkName(string name)
    {
        if (name.Length > LongestLinkName)
        {
            throw HyprException.Invalid($"bridge name {name}: {name.Length} characters, the kernel takes {LongestLinkName}");
        }

        // dev_valid_name, net/core/dev.c; what starts like our TAPs would take their names.
        if (name is "." or ".." || name.Any(c => c is '/' or ':' || char.IsWhiteSpace(c) || c is < '!' or > '~'))
        {
            throw HyprException.Invalid($"bridge name {name}: letters, digits, dots, dashes and underscores are due");
        }

        return name.StartsWith("tap", StringComparison.Ordinal) && name.Length > 3 && name.AsSpan(3).ContainsAnyExceptInRange('0', '9') is false
            ? throw HyprException.Invalid($"bridge name {name}: names such as tap0 are those of the VMs' links")
            : name;
    }

    /// <summary>Go's strconv.ParseBool, which Docker uses.</summary>
    private static bool Bool(string key, string value) => value switch
    {
        "1" or "t" or "T" or "true" or "TRUE" or "True" => true,
        "0" or "f" or "F" or "false" or "FALSE" or "False" => false,
        _ => throw HyprException.Invalid($"option {key}={value}: true or false is due"),
    };

    private static IPAddress? BindTo(string key, string value) =>
        value.Length == 0 ? null
        : IpNumber.TryParse(value, out var address) && address.AddressFamily == AddressFamily.InterNetwork ? address
        : throw HyprException.Invalid($"option {key}={value}: an IPv4 address is due");

    private static int MtuOf(string key, string value) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var mtu) && mtu is >= 68 and <= 65535 ? mtu
        : throw HyprException.Invalid($"option {key}={value}: a number of bytes from 68 to 65535 is due");

    private static GatewayMode Mode(string key, string value) => value switch
    {
        "" or "nat" => GatewayMode.Nat,
        "routed" => GatewayMode.Routed,
        Isolated => GatewayMode.Isolated,
        _ => throw HyprException.Invalid($"option {key}={value}: nat, routed or isolated is due"),
    };
}
