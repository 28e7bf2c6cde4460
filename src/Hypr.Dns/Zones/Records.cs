using System.Net;
using Hypr.Dns.Forwarding;
using Hypr.Dns.Server;
using Hypr.Dns.Wire;

namespace Hypr.Dns.Zones;

/// <summary>A machine as the tables know it. Immutable; the quota goes on from one version to the next.</summary>
internal sealed class Machine(Quota? known)
{
    private Quota? quota = known;

    /// <summary>For the machine's next version.</summary>
    public Quota? KnownQuota => quota;

    /// <summary>The id's first twelve digits.</summary>
    public required byte[]? IdKey { get; init; }

    public required byte[]? NameKey { get; init; }

    /// <summary>Names of stacks are compared by reference where equal: the store interns them.</summary>
    public required string? Stack { get; init; }

    public required byte[]? ServiceKey { get; init; }

    public required DnsPort[] Ports { get; init; }

    public required UpstreamSet? Upstreams { get; init; }

    /// <summary>Made at the first question: most machines of a large zone ask none at a time.</summary>
    public Quota Quota => quota ?? Interlocked.CompareExchange(ref quota, new Quota(), null) ?? quota;

    public Endpoint[] Endpoints { get; set; } = [];

    public bool IsOn(int network)
    {
        foreach (var endpoint in Endpoints)
        {
            if (endpoint.Network == network)
            {
                return true;
            }
        }

        return false;
    }
}

/// <param name="network">The network's place in <see cref="Zone.Networks"/>.</param>
/// <param name="aliases">Keys; the id is none of them.</param>
internal sealed class Endpoint(Machine machine, int network, AddressList addresses, byte[][] aliases)
{
    public Machine Machine { get; } = machine;

    public int Network { get; } = network;

    public byte[][] Aliases { get; } = aliases;

    public readonly AddressList Addresses = addresses;
}

/// <summary>Addresses, IPv4 as mapped numbers. Those that nearly all have, one of each family, are in the owner itself: a cache miss less an answer.</summary>
internal readonly struct AddressList
{
    private readonly UInt128 first;
    private readonly UInt128 second;
    private readonly UInt128[]? all;

    public AddressList(UInt128[] addresses)
    {
        Count = addresses.Length;
        first = Count > 0 ? addresses[0] : 0;
        second = Count > 1 ? addresses[1] : 0;
        all = Count > 2 ? addresses : null;
    }

    public int Count { get; }

    public UInt128 this[int place] => all is not null ? all[place] : place == 0 ? first : second;

    public IEnumerable<UInt128> All()
    {
        for (var i = 0; i < Count; i++)
        {
            yield return this[i];
        }
    }
}

/// <summary>A name and whose it is.</summary>
internal sealed class NameLeaf(uint hash, byte[] key, Endpoint[] owners) : TrieLeaf(hash)
{
    public byte[] Key { get; } = key;

    /// <summary>The only one, as nearly always.</summary>
    public Endpoint? Sole { get; } = owners.Length == 1 ? owners[0] : null;

    public Endpoint[] Owners { get; } = owners;
}

internal sealed class AddressLeaf(uint hash, UInt128 address, Endpoint endpoint) : TrieLeaf(hash)
{
    public UInt128 Address { get; } = address;

    public Endpoint Endpoint { get; } = endpoint;
}

internal sealed class NetworkLeaf(uint hash, byte[] key, int network) : TrieLeaf(hash)
{
    public byte[] Key { get; } = key;

    public int Network { get; } = network;
}

/// <summary>A subnet in mapped numbers.</summary>
internal readonly record struct Prefix(UInt128 Base, int Length)
{
    public static Prefix Of(IPNetwork network) => new(Wire.Addresses.From(network.BaseAddress), Wire.Addresses.PrefixLength(network));

    public bool Contains(UInt128 address) => Addresses.SamePrefix(Base, address, Length);
}

/// <summary>One network with the tables that are its own.</summary>
internal sealed record NetworkState(
    string Id, DnsNetwork? Definition, byte[]? NameKey, UInt128[] Gateways, Prefix[] Subnets, Trie<NameLeaf> Aliases,
        Trie<AddressLeaf> Clients, int Endpoints)
{
    public bool HasSubnet(UInt128 address)
    {
        foreach (var subnet in Subnets)
        {
            if (subnet.Contains(address))
            {
                return true;
            }
        }

        return false;
    }
}
