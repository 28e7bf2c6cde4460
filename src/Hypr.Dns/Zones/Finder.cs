using Hypr.Dns.Wire;

namespace Hypr.Dns.Zones;

/// <summary>Who asks: the host, which sees all, or a machine, which sees the networks it is on.</summary>
/// <param name="Machine">Null: the host.</param>
/// <param name="Network">Where the question came in.</param>
internal readonly record struct Asker(Machine? Machine, int Network)
{
    public bool IsHost => Machine is null;

    public bool Sees(int network) => Machine is null || Machine.IsOn(network);
}

/// <param name="Exists">There is such a name, perhaps without data of the type asked.</param>
/// <param name="Only">The one network whose addresses count, or -1: all that the asker sees.</param>
/// <param name="IsGateway"><c>host</c> and <c>gateway</c>.</param>
/// <param name="Leaf">Null: nobody's.</param>
internal readonly record struct Found(bool Exists, NameLeaf? Leaf, int Only, bool IsGateway)
{
    public static readonly Found Nothing = new(false, null, -1, false);
    public static readonly Found Parent = new(true, null, -1, false);
    public static readonly Found Gateway = new(true, null, -1, true);

    public Endpoint? Sole => Leaf?.Sole;

    public Endpoint[] Owners => Leaf?.Owners ?? [];

    public bool Counts(Endpoint owner, in Asker asker) => (Only < 0 || owner.Network == Only) && asker.Sees(owner.Network);
}

/// <summary>Finds a name as one asker sees it. A machine's name beats an alias, an alias the id, SERVICE.STACK beats
/// NAME.NETWORK.</summary>
internal static class Finder
{
    public static readonly byte[] Host = DnsName.Encode("host")!;
    public static readonly byte[] Gateway = DnsName.Encode("gateway")!;

    /// <summary>A name under <c>hypr</c>, of which <paramref name="key"/> is the part before.</summary>
    public static Found Find(Zone zone, ReadOnlySpan<byte> key, in Asker asker)
    {
        var found = FindOwn(zone, key, asker);
        if (found.Exists)
        {
            return found;
        }

        var hash = DnsName.Hash(key);
        if (key[0] + 1 < key.Length)
        {
            if (Visible(Zone.Find(zone.Services, key, hash), asker, -1, out found) || FindOnNetwork(zone, key, asker, out found))
            {
                return found;
            }
        }

        return Visible(Zone.Find(zone.Parents, key, hash), asker, -1, out _) || IsNetwork(zone, key, asker) ? Found.Parent : Found.Nothing;
    }

    /// <summary>A name as a machine may use it bare: its own name, an alias or an id, with dots or without.</summary>
    public static Found FindOwn(Zone zone, ReadOnlySpan<byte> key, in Asker asker)
    {
        if (key.SequenceEqual(Host) || key.SequenceEqual(Gateway))
        {
            return Found.Gateway;
        }

        var hash = DnsName.Hash(key);
        return Visible(Zone.Find(zone.Names, key, hash), asker, -1, out var found)
            || FindAlias(zone, key, hash, asker, out found)
            || (key.Length == 13 && Visible(Zone.Find(zone.Ids, key, hash), asker, -1, out found))
            ? found : Found.Nothing;
    }

    /// <summary>A machine's own name.</summary>
    public static Found FindMachine(Zone zone, ReadOnlySpan<byte> key, in Asker asker) =>
        Visible(Zone.Find(zone.Names, key, DnsName.Hash(key)), asker, -1, out var found) ? found : Found.Nothing;

    /// <summary>
    /// For a machine: its networks in their order, and the first that has the alias answers, as in Docker; two stacks' <c>db</c> are not
    /// mixed.
    /// For the host: all networks, but nothing where the alias is used by more than one stack, or by a stack and a machine without.
    /// </summary>
    private static bool FindAlias(Zone zone, ReadOnlySpan<byte> key, uint hash, in Asker asker, out Found found)
    {
        found = Found.Nothing;
        if (asker.Machine is { } machine)
        {
            foreach (var endpoint in machine.Endpoints)
            {
                if (zone.Networks[endpoint.Network] is { Definition: not null } network
                    && Visible(Zone.Find(network.Aliases, key, hash), asker, endpoint.Network, out found))
                {
                    return true;
                }
            }

            return false;
        }

        if (Zone.Find(zone.Aliases, key, hash) is not { } leaf)
        {
            return false;
        }

        foreach (var owner in leaf.Owners)
        {
            if (!ReferenceEquals(owner.Machine.Stack, leaf.Owners[0].Machine.Stack))
            {
                return false;
            }
        }

        found = new Found(true, leaf, -1, false);
        return true;
    }

    private static bool FindOnNetwork(Zone zone, ReadOnlySpan<byte> key, in Asker asker, out Found found)
    {
        found = Found.Nothing;

        // A network's name may have dots too: every split, of few, so that a name of 127 labels costs no more.
        var splits = 0;
        for (var start = key[0] + 1; start < key.Length && splits < 8; start += key[start] + 1, splits++)
        {
            var network = zone.FindNetwork(key[start..]);
            if (network < 0 || !asker.Sees(network))
            {
                continue;
            }

            var name = key[..start];
            var hash = DnsName.Hash(name);
            if (name.SequenceEqual(Gateway) || name.SequenceEqual(Host))
            {
                found = Found.Gateway with { Only = network };
                return true;
            }

            if (Visible(Zone.Find(zone.Names, name, hash), asker, network, out found)
                || Visible(Zone.Find(zone.Networks[network]!.Aliases, name, hash), asker, network, out found)
                || Visible(Zone.Find(zone.Ids, name, hash), asker, network, out found))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsNetwork(Zone zone, ReadOnlySpan<byte> key, in Asker asker)
    {
        var network = zone.FindNetwork(key);
        return network >= 0 && asker.Sees(network);
    }

    private static bool Visible(NameLeaf? leaf, in Asker asker, int only, out Found found)
    {
        found = Found.Nothing;
        if (leaf is null)
        {
            return false;
        }

        var candidate = new Found(true, leaf, only, false);
        if (leaf.Sole is { } sole)
        {
            found = candidate.Counts(sole, asker) ? candidate : Found.Nothing;
            return found.Exists;
        }

        foreach (var owner in leaf.Owners)
        {
            if (candidate.Counts(owner, asker))
            {
                found = candidate;
                return true;
            }
        }

        return false;
    }
}
