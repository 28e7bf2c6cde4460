using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Hypr.Dns.Forwarding;
using Hypr.Dns.Server;
using Hypr.Dns.Wire;

namespace Hypr.Dns.Zones;

/// <summary>
/// Makes the next <see cref="Zone"/> of every change and shows it to the readers at once: a rename moves all names in one step. Callers
/// are serialized
/// by the server.
/// </summary>
internal sealed class ZoneStore(UpstreamSets upstreams)
{
    /// <summary>By a digest of the id: a string of 64 digits takes ten times its space.</summary>
    private readonly Dictionary<UInt128, Machine> machines = [];
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

        zone = With(zone, number, old with
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
        zone = With(zone, number, old with { Definition = null, NameKey = null, Gateways = [], Subnets = [] });
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
            zone = Take(zone, old);
            quota = old.KnownQuota;
        }

        var machine = new Machine(quota)
        {
            IdKey = DnsName.Encode(ShortId(definition)),
            NameKey = DnsName.Encode(definition.Name),
            Stack = definition.Stack is null ? null : string.Intern(definition.Stack),
            ServiceKey = definition is { Stack: { } stack, Service: { } service } ? DnsName.Encode($"{service}.{stack}") : null,
            Ports = [.. definition.Ports],
            Upstreams = definition.Upstreams.Count == 0 ? null : upstreams.Get(definition.Upstreams),
        };
        var endpoints = new List<Endpoint>(definition.Endpoints.Count);
        foreach (var endpoint in definition.Endpoints)
        {
            var addresses = new AddressList([.. endpoint.Addresses.Select(Addresses.From).Distinct()]);
            endpoints.Add(new Endpoint(machine, Number(ref zone, endpoint.NetworkId), addresses, AliasKeys(machine, endpoint.Aliases)));
        }

        machine.Endpoints = [.. endpoints];
        machines[id] = machine;
        zone = Put(zone, machine);

        // Numbers of networks that only the old version was on are free now that the new one has its own.
        Publish(old is null ? zone : old.Endpoints.Aggregate(zone, (z, e) => Forget(z, e.Network)));
    }

    public void RemoveMachine(string id)
    {
        if (machines.Remove(Digest(id), out var machine))
        {
            Publish(machine.Endpoints.Aggregate(Take(current, machine), (z, e) => Forget(z, e.Network)));
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

    private static string ShortId(DnsMachine machine) => machine.Id.Length > 12 ? machine.Id[..12] : machine.Id;

    private static UInt128 Digest(string id) =>
        BinaryPrimitives.ReadUInt128LittleEndian(SHA256.HashData(MemoryMarshal.AsBytes(id.AsSpan())));

    private static Zone Put(Zone zone, Machine machine)
    {
        Trie<NameLeaf> names = zone.Names, parents = zone.Parents, aliases = zone.Aliases;
        if (machine.NameKey is { } key)
        {
            names = Add(names, key, machine.Endpoints);
            parents = AddParents(parents, key, machine.Endpoints);
        }

        foreach (var endpoint in machine.Endpoints)
        {
            var network = zone.Networks[endpoint.Network]!;
            var own = network.Aliases;
            foreach (var alias in endpoint.Aliases)
            {
                own = Add(own, alias, [endpoint]);
                aliases = Add(aliases, alias, [endpoint]);
                parents = AddParents(parents, alias, [endpoint]);
            }

            var clients = endpoint.Addresses.All().Aggregate(
                network.Clients, (trie, address) => trie.Add(new AddressLeaf(DnsName.Hash(address), address, endpoint)));
            zone = With(zone, endpoint.Network, network with { Aliases = own, Clients = clients, Endpoints = network.Endpoints + 1 });
        }

        return zone with
        {
            Names = names,
            Aliases = aliases,
            Ids = machine.IdKey is { } id ? Add(zone.Ids, id, machine.Endpoints) : zone.Ids,
            Services = machine.ServiceKey is { } service ? Add(zone.Services, service, machine.Endpoints) : zone.Services,
            Parents = machine.ServiceKey is { } below ? AddParents(parents, below, machine.Endpoints) : parents,
        };
    }

    private static Zone Take(Zone zone, Machine machine)
    {
        Trie<NameLeaf> names = zone.Names, parents = zone.Parents, aliases = zone.Aliases;
        if (machine.NameKey is { } key)
        {
            names = Remove(names, key, machine);
            parents = RemoveParents(parents, key, machine);
        }

        foreach (var endpoint in machine.Endpoints)
        {
            var network = zone.Networks[endpoint.Network]!;
            var own = network.Aliases;
            foreach (var alias in endpoint.Aliases)
            {
                own = Remove(own, alias, machine);
                aliases = Remove(aliases, alias, machine);
                parents = RemoveParents(parents, alias, machine);
            }

            var clients = endpoint.Addresses.All().Aggregate(network.Clients, (trie, address) =>
                trie.Remove(DnsName.Hash(address), leaf => leaf.Address == address && leaf.Endpoint.Machine == machine));
            zone = With(zone, endpoint.Network, network with { Aliases = own, Clients = clients, Endpoints = network.Endpoints - 1 });
        }

        return zone with
        {
            Names = names,
            Aliases = aliases,
            Ids = machine.IdKey is { } id ? Remove(zone.Ids, id, machine) : zone.Ids,
            Services = machine.ServiceKey is { } service ? Remove(zone.Services, service, machine) : zone.Services,
            Parents = machine.ServiceKey is { } below ? RemoveParents(parents, below, machine) : parents,
        };
    }

    private static Trie<NameLeaf> Add(Trie<NameLeaf> trie, byte[] key, Endpoint[] owners)
    {
        if (owners.Length == 0)
        {
            return trie;
        }

        var hash = DnsName.Hash(key);
        return Zone.Find(trie, key, hash) is { } leaf
            ? trie.Remove(hash, l => l == leaf).Add(new NameLeaf(hash, leaf.Key, [.. leaf.Owners, .. owners]))
            : trie.Add(new NameLeaf(hash, key, owners));
    }

    private static Trie<NameLeaf> Remove(Trie<NameLeaf> trie, byte[] key, Machine machine)
    {
        var hash = DnsName.Hash(key);
        if (Zone.Find(trie, key, hash) is not { } leaf)
        {
            return trie;
        }

        var rest = Array.FindAll(leaf.Owners, owner => owner.Machine != machine);
        trie = trie.Remove(hash, l => l == leaf);
        return rest.Length == 0 ? trie : trie.Add(new NameLeaf(hash, leaf.Key, rest));
    }

    private static Trie<NameLeaf> AddParents(Trie<NameLeaf> trie, byte[] key, Endpoint[] owners) =>
        Parents(key).Aggregate(trie, (t, parent) => Add(t, parent, owners));

    private static Trie<NameLeaf> RemoveParents(Trie<NameLeaf> trie, byte[] key, Machine machine) =>
        Parents(key).Aggregate(trie, (t, parent) => Remove(t, parent, machine));

    private static IEnumerable<byte[]> Parents(byte[] key)
    {
        for (var start = key[0] + 1; start < key.Length; start += key[start] + 1)
        {
            yield return key[start..];
        }
    }

    private static Trie<NetworkLeaf> Unname(Trie<NetworkLeaf> trie, NetworkState network) => network.NameKey is { } key
        ? trie.Remove(DnsName.Hash(key), leaf => leaf.Key.AsSpan().SequenceEqual(key))
        : trie;

    private static Zone With(Zone zone, int number, NetworkState? network)
    {
        var copy = (NetworkState?[])zone.Networks.Clone();
        copy[number] = network;
        return zone with { Networks = copy };
    }

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
        zone = With(zone, number, new NetworkState(id, null, null, [], [], default, default, 0));
        return number;
    }

    private Zone Forget(Zone zone, int number)
    {
        if (zone.Networks[number] is not { Definition: null, Endpoints: 0 } network)
        {
            return zone;
        }

        _ = networks.Remove(network.Id);
        return With(zone, number, null);
    }

    private void Publish(Zone zone) => current = zone with { Version = zone.Version + 1 };
}
