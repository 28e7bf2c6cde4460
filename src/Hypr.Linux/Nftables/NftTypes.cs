namespace Hypr.Linux.Nftables;

/// <summary>include/uapi/linux/netfilter.h: NFPROTO_*.</summary>
public enum NftFamily : byte
{
    Unspecified = 0,
    Inet = 1,
    IPv4 = 2,
    Arp = 3,
    Netdev = 5,
    Bridge = 7,
    IPv6 = 10,
}

/// <summary>A table by family and name.</summary>
public readonly record struct NftTable(NftFamily Family, string Name)
{
    public override string ToString() => Family switch
    {
        NftFamily.IPv4 => $"ip {Name}",
        NftFamily.IPv6 => $"ip6 {Name}",
        _ => $"{Family.ToString().ToLowerInvariant()} {Name}",
    };
}

/// <summary>enum nft_table_flags.</summary>
[Flags]
public enum NftTableFlags : uint
{
    None = 0,
    Dormant = 1,

    /// <summary>Kernel 5.12: only the socket that made it may change it, and <c>nft flush ruleset</c> passes it by.</summary>
    Owner = 2,

    /// <summary>Kernel 6.9: it stays when its owner's socket closes, and the next socket that names it so becomes its owner.</summary>
    Persist = 4,
}

/// <summary>NF_INET_* and NF_BR_*, which have the same numbers.</summary>
public enum NftHook : uint
{
    Prerouting = 0,
    Input = 1,
    Forward = 2,
    Output = 3,
    Postrouting = 4,
}

/// <summary>Where a base chain stands: <c>type filter hook forward priority -5; policy accept;</c></summary>
/// <param name="Type"><c>filter</c>, <c>nat</c> or <c>route</c>.</param>
public sealed record NftBase(string Type, NftHook Hook, int Priority, NftPolicy Policy = NftPolicy.Accept);

public enum NftPolicy : uint
{
    Drop = 0,
    Accept = 1,
}

/// <summary>
/// A field of a set's key or data: how many bytes, and nft's number for its type, by which the <c>nft</c> program writes it (nftables, include/datatype.h).
/// </summary>
public readonly record struct NftField(int Type, int Length)
{
    public static NftField IPv4 { get; } = new(7, 4);
    public static NftField IPv6 { get; } = new(8, 16);
    public static NftField Ether { get; } = new(9, 6);
    public static NftField Protocol { get; } = new(12, 1);
    public static NftField Port { get; } = new(13, 2);
    public static NftField LinkName { get; } = new(41, 16);

    /// <summary>How nft reads a value of the type; all others are in network order.</summary>
    internal bool IsHostOrder => Type == LinkName.Type;
}

/// <summary>A set, or a map when it has data: <c>set NAME { type A . B; }</c>, <c>map NAME { type A . B : C . D; }</c></summary>
public sealed record NftSet(string Name, IReadOnlyList<NftField> Key, IReadOnlyList<NftField>? Data = null)
{
    /// <summary><c>size N</c>: room for so many and no more, made with the set. 0: it grows, which is slow while many come at once (rhashtable_insert_slow).</summary>
    public int Size { get; init; }

    /// <summary>Elements are ranges.</summary>
    public bool Interval { get; init; }

    internal int KeyLength => LengthOf(Key);

    internal static int LengthOf(IReadOnlyList<NftField> fields) =>
        fields.Count == 1 ? fields[0].Length : fields.Sum(static f => (f.Length + 3) & ~3);

    /// <summary>Types of a concatenation stand in six bits each.</summary>
    internal static uint TypeOf(IReadOnlyList<NftField> fields) => fields.Aggregate(0u, static (all, f) => (all << 6) | (uint)f.Type);
}

/// <summary>A chain as the kernel tells of it; <see cref="Base"/> is null for a regular one.</summary>
public sealed record NftChain(NftTable Table, string Name, NftBase? Base);

/// <summary>A rule as the kernel tells of it.</summary>
/// <param name="Comment">As nft stores it in the rule's user data; null without one.</param>
/// <param name="Expressions">Names of its expressions, in order: <c>meta</c>, <c>lookup</c>, <c>immediate</c>.</param>
public sealed record NftRuleInfo(NftTable Table, string Chain, ulong Handle, string? Comment, IReadOnlyList<string> Expressions);

/// <param name="Owner">The owner's netlink port; zero: nobody's.</param>
public sealed record NftTableInfo(NftTable Table, NftTableFlags Flags, uint Owner);
