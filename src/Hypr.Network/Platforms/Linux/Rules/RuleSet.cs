using Hypr.Linux.Nftables;

namespace Hypr.Network.Platforms.Linux.Rules;

/// <summary>A set or map of ours, in one of our two tables. All are hashes: a packet's cost does not grow with their elements.</summary>
internal sealed class RuleSet
{
    /// <summary>Addresses, ports and ways through the host.</summary>
    public static readonly NftTable Inet = new(NftFamily.Inet, "hypr");

    /// <summary>Who may send what on a bridge.</summary>
    public static readonly NftTable Bridge = new(NftFamily.Bridge, "hypr");

    /// <summary>
    /// Of TCP, UDP and SCTP: no more can be asked for, and a table of that size (2 MiB) takes ten thousand at once in half the time of one that grows.
    /// </summary>
    private const int EveryPort = 3 << 16;

    public static readonly RuleSet Bridges = new(Inet, "bridges", [NftField.LinkName]);
    public static readonly RuleSet Open = new(Inet, "open", [NftField.LinkName]);
    public static readonly RuleSet Closed = new(Inet, "closed", [NftField.LinkName]);
    public static readonly RuleSet Same = new(Inet, "same", [NftField.LinkName, NftField.LinkName]);
    public static readonly RuleSet Masquerade4 = new(Inet, "masquerade4", [NftField.LinkName]);
    public static readonly RuleSet Masquerade6 = new(Inet, "masquerade6", [NftField.LinkName]);
    public static readonly RuleSet Gateways4 = new(Inet, "gateways4", [NftField.IPv4]);
    public static readonly RuleSet Gateways6 = new(Inet, "gateways6", [NftField.IPv6]);
    public static readonly RuleSet Own4 = new(Inet, "own4", [NftField.LinkName, NftField.IPv4]);
    public static readonly RuleSet Own6 = new(Inet, "own6", [NftField.LinkName, NftField.IPv6]);
    public static readonly RuleSet Members4 = new(Inet, "members4", [NftField.IPv4, NftField.LinkName]);
    public static readonly RuleSet Members6 = new(Inet, "members6", [NftField.IPv6, NftField.LinkName]);
    public static readonly RuleSet Dns = new(Inet, "dns", [NftField.Protocol, NftField.Port]);
    public static readonly RuleSet Direct4 = new(Inet, "direct4", [NftField.IPv4, NftField.Protocol, NftField.Port]);
    public static readonly RuleSet Direct6 = new(Inet, "direct6", [NftField.IPv6, NftField.Protocol, NftField.Port]);
    public static readonly RuleSet Any4 = new(Inet, "any4", [NftField.Protocol, NftField.Port], [NftField.IPv4, NftField.Port], EveryPort);
    public static readonly RuleSet Any6 = new(Inet, "any6", [NftField.Protocol, NftField.Port], [NftField.IPv6, NftField.Port], EveryPort);
    public static readonly RuleSet One4 = new(Inet, "one4", [NftField.IPv4, NftField.Protocol, NftField.Port], [NftField.IPv4, NftField.Port]);
    public static readonly RuleSet One6 = new(Inet, "one6", [NftField.IPv6, NftField.Protocol, NftField.Port], [NftField.IPv6, NftField.Port]);

    /// <summary>As <see cref="Any4"/>, for the name server's ports: never on our bridges' own addresses, where guests have their DNS.</summary>
    public static readonly RuleSet Names4 = new(Inet, "names4", [NftField.Protocol, NftField.Port], [NftField.IPv4, NftField.Port]);
    public static readonly RuleSet Names6 = new(Inet, "names6", [NftField.Protocol, NftField.Port], [NftField.IPv6, NftField.Port]);

    /// <summary>The same for a machine that has only IPv4: the holder's port that carries it.</summary>
    public static readonly RuleSet Carried6 = new(Inet, "carried6", [NftField.Protocol, NftField.Port], [NftField.Port]);

    public static readonly RuleSet Taps = new(Bridge, "taps", [NftField.LinkName]);
    public static readonly RuleSet Sources4 = new(Bridge, "sources4", [NftField.LinkName, NftField.Ether, NftField.IPv4]);
    public static readonly RuleSet Sources6 = new(Bridge, "sources6", [NftField.LinkName, NftField.Ether, NftField.IPv6]);

    public static readonly IReadOnlyList<RuleSet> All =
    [
        Bridges, Open, Closed, Same, Masquerade4, Masquerade6, Gateways4, Gateways6, Own4, Own6, Members4, Members6, Dns, Direct4, Direct6,
        Any4, Any6, One4, One6, Names4, Names6, Carried6, Taps, Sources4, Sources6,
    ];

    private RuleSet(NftTable table, string name, IReadOnlyList<NftField> key, IReadOnlyList<NftField>? data = null, int size = 0)
    {
        Table = table;
        Definition = new NftSet(name, key, data) { Size = size };
    }

    public NftTable Table { get; }

    public NftSet Definition { get; }

    public string Name => Definition.Name;
}
