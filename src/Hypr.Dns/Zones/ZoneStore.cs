using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Hypr.Dns.Forwarding;
using Hypr.Dns.Server;
using Hypr.Dns.Wire;

namespace Hypr.Dns.Zones;

/// <summary>
/// Makes the next <see cref="Zone"/> of every change and shows it to the readers at once: a rename moves all names in one step. Callers are
/// serialized by the server.
/// </summary>
internal sealed class ZoneStore(UpstreamSets upstreams)
{
    /// <summary>By a digest of the id: a string of 64 digits takes ten times its space.</summary>
    private readonly Dictionary<IdDigest, Machine> machines = [];
    private readonly Dictionary<string, int> networks = [];
    private volatile Zone current = Zone.Empty;

    public Zone Current => current;

    public void SetNetwork(DnsNetwork network)
    {
        var zone = current;
        var number = Number(ref zone, network.Id);
        var old = zone.Networks[number]!;
        var names = Unname(zone.NetworkNames, old);
        var key = DnsName.Encode(network.Name);
        if (key is not null)
        {
            names = names.Add(new NetworkLeaf(DnsName.Hash(key), key, number));
        }

        zone = zone.With(number, old with
        {
            Definition = network,
            NameKey = key,
            Gateways = [.. network.Gateways.Select(Addresses.From)],
            Subnets = [.. network.Subnets.Select(Prefix.Of)],
        });
        Publish(zone with { NetworkNames = names, Generation = zone.Generation + 1, First = zone.First < 0 ? number : zone.First });
    }

    public void RemoveNetwork(string id)
    {
        var zone = current;
        if (!networks.TryGetValue(id, out var number))
        {
            return;
        }

        var old = zone.Networks[number]!;
        var names = Unname(zone.NetworkNames, old);
        zone = zone.With(number, old with { Definition = null, NameKey = null, Gateways = [], Subnets = [] });
        zone = Forget(zone, number);
        var first = zone.First == number ? Array.FindIndex(zone.Networks, n => n?.Definition is not null) : zone.First;
        Publish(zone with { NetworkNames = names, Generation = zone.Generation + 1, First = first });
    }

    public void SetMachine(DnsMachine definition)
    {
        var zone = current;
        Quota? quota = null;
        var id = Digest(definition.Id);
        if (machines.Remove(id, out var old))
        {
            zone = ZoneNames.Take(zone, old);
            quota = old.KnownQuota;
        }

        var machine = new Machine(quota)
        {
            IdKey = DnsName.Encode(ShortId(definition)),
            NameKey = DnsName.Encode(definition.Name),
            Extras = Extras(definition),
        };
        var endpoints = new List<Endpoint>(definition.Endpoints.Count);
        foreach (var endpoint in definition.Endpoints)
        {
            var addresses = new AddressList([.. endpoint.Addresses.Select(Addresses.From).Distinct()]);
            endpoints.Add(new Endpoint(machine, Number(ref zone, endpoint.NetworkId), addresses, AliasKeys(machine, endpoint.Aliases)));
        }

        machine.Endpoints = [.. endpoints];
        machines[id] = machine;
        zone = ZoneNames.Put(zone, machine);

        // Numbers of networks that only the old version was on are free now that the new one has its own.
        Publish(old is null ? zone : old.Endpoints.Aggregate(zone, (z, e) => Forget(z, e.Network)));
    }

    public void RemoveMachine(string id)
    {
        if (machines.Remove(Digest(id), out var machine))
        {
            Publish(machine.Endpoints.Aggregate(ZoneNames.Take(current, machine), (z, e) => Forget(z, e.Network)));
        }
    }

    public IReadOnlyList<DnsRecord> View(string networkId) =>
        networks.TryGetValue(networkId, out var number) && current.Networks[number]?.Definition is not null
            ? ZoneView.Of(current, number, machines.Values)
            : [];

    private static byte[][] AliasKeys(Machine machine, IReadOnlyList<string> aliases)
    {
        var keys = new List<byte[]>(aliases.Count);
        foreach (var alias in aliases)
        {
            var key = DnsName.Encode(alias);
            if (key is not null && !keys.Exists(key.SequenceEqual) && !key.AsSpan().SequenceEqual(machine.NameKey)
                && !key.AsSpan().SequenceEqual(machine.IdKey))
            {
                keys.Add(key);
            }
        }

        return [.. keys];
    }

    private MachineExtras? Extras(DnsMachine definition) => definition is { Stack: null, Ports.Count: 0, Upstreams.Count: 0 }
        ? null
        : new MachineExtras(
            definition.Stack is null ? null : string.Intern(definition.Stack),
            definition is { Stack: { } stack, Service: { } service } ? DnsName.Encode($"{service}.{stack}") : null,
            [.. definition.Ports],
            definition.Upstreams.Count == 0 ? null : upstreams.Get(definition.Upstreams));

    private static string ShortId(DnsMachine machine) => machine.Id.Length > 12 ? machine.Id[..12] : machine.Id;

    private static IdDigest Digest(string id)
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(MemoryMarshal.AsBytes(id.AsSpan()), digest);
        return MemoryMarshal.Read<IdDigest>(digest);
    }

    private static Trie<NetworkLeaf> Unname(Trie<NetworkLeaf> trie, NetworkState network) => network.NameKey is { } key
        ? trie.Remove(DnsName.Hash(key), leaf => leaf.Key.AsSpan().SequenceEqual(key))
        : trie;


    /// <summary>A network's number, given on first sight: a machine may be told of before its network.</summary>
    private int Number(ref Zone zone, string id)
    {
        if (networks.TryGetValue(id, out var number))
        {
            return number;
        }

        number = Array.IndexOf(zone.Networks, null);
        if (number < 0)
        {
            number = zone.Networks.Length;
            zone = zone with { Networks = [.. zone.Networks, null] };
        }

        networks[id] = number;
        zone = zone.With(number, new NetworkState(id, null, null, [], [], default, default, 0));
        return number;
    }

    private Zone Forget(Zone zone, int number)
    {
        if (zone.Networks[number] is not { Definition: null, Endpoints: 0 } network)
        {
            return zone;
        }

        _ = networks.Remove(network.Id);
        return zone.With(number, null);
    }

    private void Publish(Zone zone) => current = zone with { Version = zone.Version + 1 };

    /// <summary>Two words where a UInt128 would be aligned to sixteen bytes, and a third of the table empty.</summary>
    private readonly record struct IdDigest(ulong Low, ulong High);
}
