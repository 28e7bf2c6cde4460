using Hypr.Dns.Wire;

namespace Hypr.Dns.Zones;

/// <summary>All that is known at one moment. Immutable: a change makes the next one, which shares nearly all of it.</summary>
internal sealed record Zone
{
    public static readonly Zone Empty = new();

    /// <summary>The SOA's serial.</summary>
    public uint Version { get; init; }

    /// <summary>Changes with the networks: what was learnt of interfaces before holds no more.</summary>
    public int Generation { get; init; }

    /// <summary>By number; a hole where a network was.</summary>
    public NetworkState?[] Networks { get; init; } = [];

    public Trie<NetworkLeaf> NetworkNames { get; init; }

    /// <summary>Machines' own names, with dots or without.</summary>
    public Trie<NameLeaf> Names { get; init; }

    /// <summary>The ids' first twelve digits.</summary>
    public Trie<NameLeaf> Ids { get; init; }

    /// <summary>Aliases of all networks, for the host.</summary>
    public Trie<NameLeaf> Aliases { get; init; }

    /// <summary>SERVICE.STACK.</summary>
    public Trie<NameLeaf> Services { get; init; }

    /// <summary>Names that only have names below them (RFC 8020: no data, not no name).</summary>
    public Trie<NameLeaf> Parents { get; init; }

    /// <summary>The oldest network, whose gateway the host is told for <c>host.hypr</c>; -1 without any.</summary>
    public int First { get; init; } = -1;

    public static NameLeaf? Find(in Trie<NameLeaf> trie, ReadOnlySpan<byte> key, uint hash)
    {
        for (var leaf = trie.Find(hash); leaf is not null; leaf = (NameLeaf?)leaf.Next)
        {
            if (key.SequenceEqual(leaf.Key))
            {
                return leaf;
            }
        }

        return null;
    }

    public Zone With(int number, NetworkState? network)
    {
        var copy = (NetworkState?[])Networks.Clone();
        copy[number] = network;
        return this with { Networks = copy };
    }

    public int FindNetwork(ReadOnlySpan<byte> key)
    {
        for (var leaf = NetworkNames.Find(DnsName.Hash(key)); leaf is not null; leaf = (NetworkLeaf?)leaf.Next)
        {
            if (key.SequenceEqual(leaf.Key))
            {
                return leaf.Network;
            }
        }

        return -1;
    }

    /// <summary>Whose address it is on this network.</summary>
    public Endpoint? FindClient(int network, UInt128 address)
    {
        for (var leaf = Networks[network]?.Clients.Find(DnsName.Hash(address)); leaf is not null; leaf = (AddressLeaf?)leaf.Next)
        {
            if (leaf.Address == address)
            {
                return leaf.Endpoint;
            }
        }

        return null;
    }
}
