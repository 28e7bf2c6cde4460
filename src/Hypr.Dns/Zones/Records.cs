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

    /// <summary>Null for a machine that has none of it, as most have not: a zone of 65,000 is smaller by that.</summary>
    public required MachineExtras? Extras { get; init; }

    public string? Stack => Extras?.Stack;

    public byte[]? ServiceKey => Extras?.ServiceKey;

    public DnsPort[] Ports => Extras?.Ports ?? [];

    public UpstreamSet? Upstreams => Extras?.Upstreams;

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

/// <param name="Stack">Compared by reference where equal: the store interns them.</param>
internal sealed record MachineExtras(string? Stack, byte[]? ServiceKey, DnsPort[] Ports, UpstreamSet? Upstreams);

/// <param name="network">The network's place in <see cref="Zone.Networks"/>.</param>
/// <param name="aliases">Keys; the id is none of them.</param>
internal sealed class Endpoint(Machine machine, int network, AddressList addresses, byte[][] aliases)
{
    public Machine Machine { get; } = machine;

    public int Network { get; } = network;

    public byte[][] Aliases { get; } = aliases;

    public readonly AddressList Addresses = addresses;
}

/// <summary>Addresses, IPv4 as mapped numbers. The first, which nearly all have alone, is in the owner itself: a cache miss less an answer.</summary>
internal readonly struct AddressList
{
    private readonly UInt128 first;
    private readonly UInt128[]? more;

    public AddressList(UInt128[] addresses)
    {
        first = addresses.Length > 0 ? addresses[0] : 0;
        more = addresses.Length > 1 ? addresses[1..] : null;
    }

    /// <summary>No machine has the address zero.</summary>
    public int Count => first == 0 ? 0 : more is null ? 1 : more.Length + 1;

    public UInt128 this[int place] => place == 0 ? first : more![place - 1];

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
    /// <summary>The endpoint itself where it is its machine's only one, as nearly always: a word less a name, and a cache miss less an answer.</summary>
    private readonly object owner = owners is [{ Machine.Endpoints.Length: 1 } only] ? only : owners;

    public byte[] Key { get; } = key;

    /// <summary>Null: it has more owners than one.</summary>
    public Endpoint? Sole => owner as Endpoint ?? (owner is Endpoint[] { Length: 1 } many ? many[0] : null);

    public Endpoint[] Owners => owner is Endpoint sole ? sole.Machine.Endpoints : (Endpoint[])owner;
}

/// <param name="place">Which of the endpoint's addresses it is.</param>
internal sealed class AddressLeaf(uint hash, int place, Endpoint endpoint) : TrieLeaf(hash)
{
    public UInt128 Address => Endpoint.Addresses[place];

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
