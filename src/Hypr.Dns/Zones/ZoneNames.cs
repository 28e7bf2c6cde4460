using Hypr.Dns.Wire;

namespace Hypr.Dns.Zones;

/// <summary>A machine's names and addresses are put into a zone's tables, and taken out.</summary>
internal static class ZoneNames
{
    public static Zone Put(Zone zone, Machine machine)
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

            var clients = network.Clients;
            for (var place = 0; place < endpoint.Addresses.Count; place++)
            {
                clients = clients.Add(new AddressLeaf(DnsName.Hash(endpoint.Addresses[place]), place, endpoint));
            }

            zone = zone.With(endpoint.Network, network with { Aliases = own, Clients = clients, Endpoints = network.Endpoints + 1 });
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

    public static Zone Take(Zone zone, Machine machine)
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
            zone = zone.With(endpoint.Network, network with { Aliases = own, Clients = clients, Endpoints = network.Endpoints - 1 });
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
}
