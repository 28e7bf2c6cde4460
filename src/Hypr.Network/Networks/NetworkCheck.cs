using System.Net.Sockets;
using System.Text.RegularExpressions;
using Hypr.Primitives;

namespace Hypr.Network.Networks;

/// <summary>A spec that can be: all that does not depend on what else there is has been checked.</summary>
/// <param name="Subnets">As given; families in <paramref name="Choose"/> are to be chosen.</param>
internal sealed record CheckedNetwork(
    NetworkSpec Spec, NetworkOptions Options, bool IPv4, bool IPv6, IReadOnlyList<SubnetConfig> Subnets, IReadOnlyList<AddressFamily> Choose, string? Warning);

/// <summary>Every check of a new network that needs only the request. Docker's error words stand where clients look for them.</summary>
internal static partial class NetworkCheck
{
    public const string DefaultName = "bridge";

    /// <summary>Docker's networks and its word for "the default one": no network of a person's can be told from them.</summary>
    private static readonly HashSet<string> Reserved = new(["bridge", "host", "none", "default"], StringComparer.Ordinal);

    public static CheckedNetwork Check(NetworkSpec spec)
    {
        CheckName(spec.Name);
        CheckKind(spec);
        var options = NetworkOptions.Parse(spec.Options);

        var subnets = new List<SubnetConfig>();
        foreach (var asked in spec.Subnets.Where(s => !IsEmpty(s)))
        {
            var subnet = SubnetCheck.Parse(asked);
            if (subnets.Find(s => Family(s) == Family(subnet)) is { } other)
            {
                throw HyprException.Invalid($"subnets {other.Subnet} and {subnet.Subnet}: a bridge network has one of each family");
            }

            subnets.Add(subnet);
        }

        // Who names an IPv6 subnet wants IPv6: older clients send EnableIPv6=false with every request.
        var ipv6 = spec.EnableIPv6 == true || subnets.Any(s => Family(s) == AddressFamily.InterNetworkV6);
        var ipv4 = spec.EnableIPv4 != false;
        if (!ipv4 && subnets.Find(s => Family(s) == AddressFamily.InterNetwork) is { } unwanted)
        {
            throw HyprException.Invalid($"subnet {unwanted.Subnet}: the network was asked for without IPv4");
        }

        if (!ipv4 && !ipv6)
        {
            throw HyprException.Invalid("IPv4 or IPv6 must be enabled");
        }

        options.CheckWith(spec.Internal, ipv6);
        var choose = new List<AddressFamily>();
        if (ipv4 && !subnets.Exists(s => Family(s) == AddressFamily.InterNetwork))
        {
            choose.Add(AddressFamily.InterNetwork);
        }

        if (ipv6 && !subnets.Exists(s => Family(s) == AddressFamily.InterNetworkV6))
        {
            choose.Add(AddressFamily.InterNetworkV6);
        }

        var warning = options.Ignored.Count == 0 ? null : $"option {string.Join(", ", options.Ignored)} is kept and has no effect in HYPR";
        return new CheckedNetwork(spec, options, ipv4, ipv6, subnets, choose, warning);
    }

    public static AddressFamily Family(SubnetConfig subnet) => subnet.Subnet.BaseAddress.AddressFamily;

    private static void CheckName(string name)
    {
        if (Reserved.Contains(name))
        {
            throw HyprException.Forbidden($"operation is not permitted on predefined {name} network: the name is reserved, choose another");
        }

        if (!Allowed().IsMatch(name))
        {
            throw HyprException.Invalid($"invalid network name \"{name}\": only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed");
        }
    }

    private static void CheckKind(NetworkSpec spec)
    {
        if (spec.Scope is not ("" or "local"))
        {
            throw HyprException.NotImplemented($"scope {spec.Scope}: HYPR has no swarm, its networks are local to this host: leave --scope out");
        }

        if (spec.Ingress)
        {
            throw HyprException.NotImplemented("--ingress: the ingress network belongs to Docker's swarm, which HYPR does not have. Publish ports with -p");
        }

        if (spec.ConfigOnly || !string.IsNullOrEmpty(spec.ConfigFrom))
        {
            throw HyprException.NotImplemented("--config-only and --config-from serve Docker's swarm, which HYPR does not have: give the network its options itself");
        }

        switch (spec.Driver)
        {
            case "" or "bridge" or "default":
                break;
            case "host" or "null":
                throw HyprException.Forbidden($"only one instance of \"{spec.Driver}\" network is allowed");
            default:
                // Docker's word for a driver that nobody has.
                throw HyprException.NotFound($"plugin \"{spec.Driver}\" not found: HYPR's networks are bridge networks, leave --driver out");
        }

        if (spec.IpamDriver is not ("" or "default"))
        {
            throw HyprException.NotFound($"plugin \"{spec.IpamDriver}\" not found: HYPR has the IPAM driver default, leave --ipam-driver out");
        }
    }

    /// <summary>Some clients send one empty IPAM configuration.</summary>
    private static bool IsEmpty(SubnetSpec s) =>
        string.IsNullOrEmpty(s.Subnet) && string.IsNullOrEmpty(s.IpRange) && string.IsNullOrEmpty(s.Gateway) && s.Auxiliary is not { Count: > 0 };

    [GeneratedRegex("^[a-zA-Z0-9][a-zA-Z0-9_.-]*\\z")]
    private static partial Regex Allowed();
}
