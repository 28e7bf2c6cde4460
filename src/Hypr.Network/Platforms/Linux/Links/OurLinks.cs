using Hypr.Linux.Netlink;

namespace Hypr.Network.Platforms.Linux.Links;

/// <summary>
/// How our links are told from everybody else's. The alias says what one is for; the group is what foreign firewalls match on, and what many are deleted by.
/// </summary>
internal static class OurLinks
{
    private const string NetworkMark = "hypr network ";
    private const string EndpointMark = "hypr endpoint ";

    /// <summary>IFLA_GROUP of what is in use: "hypr".</summary>
    public const uint Group = 0x68797072;

    /// <summary>IFLA_GROUP of what is about to go.</summary>
    public const uint DoomedGroup = Group + 1;

    public static string AliasOf(DatapathNetwork network) => NetworkMark + network.Id;

    public static string AliasOf(DatapathEndpoint endpoint) => EndpointMark + endpoint.Id;

    /// <summary>By either sign: an alias cannot be given at a link's birth, and a group can be changed by anybody.</summary>
    public static bool IsBridge(Link link) =>
        link.Kind == "bridge" && (link.Group == Group || link.Alias.StartsWith(NetworkMark, StringComparison.Ordinal));

    public static bool IsTap(Link link) => link.Kind == "tun" && (link.Group == Group || link.Alias.StartsWith(EndpointMark, StringComparison.Ordinal));

    /// <summary>Either end: <see cref="Carrier"/>.</summary>
    public static bool IsCarrier(Link link) => link.Kind == "veth" && link.Group == Group;

    public static bool IsOurs(Link link) => IsBridge(link) || IsTap(link) || IsCarrier(link);
}
