using System.Net;
using System.Net.Sockets;
using Hypr.Network.Ipam;
using Hypr.Network.Platforms;
using Hypr.Primitives;

namespace Hypr.Network.Networks;

/// <summary>
/// The network <c>bridge</c>: made at the first start, where it is decided once for all what subnet it has. Later only daemon.json changes it, and its subnet only
/// while nobody is on it.
/// </summary>
internal sealed class DefaultNetwork(NetworkStore store, IDatapath datapath, AddressPools pools, NetworkSettings settings, TimeProvider clock)
{
    private const string MovedKey = "default-network-moved";
    private static readonly IPNetwork Usual = IPNetwork.Parse("10.88.0.0/16");

    /// <summary>Docker's own default network and Tailscale's addresses: free today, taken tomorrow.</summary>
    private static readonly IPNetwork[] Avoided = [IPNetwork.Parse("172.17.0.0/16"), IPNetwork.Parse("100.64.0.0/10")];

    /// <summary>What a person should know of the decision.</summary>
    public IReadOnlyList<string> Notes { get; private set; } = [];

    /// <summary>Brings the stored network to what is wanted, or makes it. Gives all networks of the store.</summary>
    public IReadOnlyList<VmNetwork> Ensure()
    {
        var networks = store.Networks.All().Select(StoredNetwork.FromRow).ToList();
        var at = networks.FindIndex(n => n.Predefined);
        if (at < 0)
        {
            var made = Make(networks);
            networks.Insert(0, made);
        }
        else
        {
            networks[at] = Adjust(networks[at], networks);
        }

        if (store.Database.GetSetting(MovedKey) is { } moved)
        {
            Notes = [.. Notes, moved];
        }

        return networks;
    }

    private VmNetwork Make(IReadOnlyList<VmNetwork> others)
    {
        var bridge = datapath.ChooseBridge(others.Select(o => o.Bridge).ToHashSet(StringComparer.Ordinal));
        var (subnets, moved) = Subnets(others);
        var network = new VmNetwork
        {
            Id = ObjectId.New(),
            Name = NetworkCheck.DefaultName,
            Created = DateTimeOffset.FromUnixTimeMilliseconds(clock.GetUtcNow().ToUnixTimeMilliseconds()),
            Bridge = bridge,
            EnableIPv6 = settings.IPv6,
            Mtu = settings.Mtu,
            Subnets = subnets,
            Options = new Dictionary<string, string> { [NetworkOptions.BridgeName] = bridge },
        };
        store.Database.Transact(() =>
        {
            store.Networks.Insert(StoredNetwork.ToRow(network));
            Remember(moved);
        });
        return network;
    }

    private VmNetwork Adjust(VmNetwork network, List<VmNetwork> all)
    {
        var changed = network with { Mtu = settings.Mtu };
        var current = new InterfaceAddress(network.Subnets[0].Gateway, network.Subnets[0].Subnet.PrefixLength);
        if ((settings.DefaultBridgeAddress is { } bip && bip != current) || settings.IPv6 != network.EnableIPv6)
        {
            if (store.Endpoints.All().Any(e => e.Row.NetworkId == network.Id))
            {
                Notes = [.. Notes, $"the default network keeps {string.Join(" and ", network.Subnets.Select(s => s.Subnet))}: bip and ipv6 of daemon.json take effect when no VM is attached to it"];
            }
            else
            {
                var (subnets, moved) = settings.DefaultBridgeAddress is null
                    ? ([network.Subnets[0], .. Ula([.. all.Where(n => n.Id != network.Id)])], store.Database.GetSetting(MovedKey))
                    : Subnets([.. all.Where(n => n.Id != network.Id)]);
                changed = changed with { Subnets = subnets, EnableIPv6 = settings.IPv6 };
                Remember(moved);
            }
        }

        var row = StoredNetwork.ToRow(changed);
        if (row != StoredNetwork.ToRow(network))
        {
            store.Networks.SetConfig(network.Id, row.Config);
        }

        return changed;
    }

    private (IReadOnlyList<SubnetConfig> Subnets, string? Moved) Subnets(IReadOnlyList<VmNetwork> others)
    {
        var occupied = datapath.Occupied();
        if (settings.DefaultBridgeAddress is { } bip)
        {
            var asked = Configured(bip);
            return Blocker(asked.Subnet, occupied, others) is { } inUse
                ? throw HyprException.Forbidden($"bip {bip}: {asked.Subnet} overlaps {inUse}: give another in daemon.json")
                : ([asked, .. Ula(others)], null);
        }

        string? first = null;
        foreach (var candidate in Candidates())
        {
            if (Blocker(candidate, occupied, others) is not { } blocker)
            {
                var moved = first is null ? null : $"the default network is {candidate} and not {Usual}, which overlaps {first}";
                return ([SubnetCheck.With(candidate), .. Ula(others)], moved);
            }

            first ??= blocker;
        }

        throw HyprException.Unavailable($"no block is free for the default network: {Usual} overlaps {first}, and so it is with all others. Give one as bip in daemon.json");
    }

    private static SubnetConfig Configured(InterfaceAddress bip)
    {
        if (bip.IsIPv6)
        {
            throw HyprException.Invalid($"bip {bip} in daemon.json: an IPv4 address with its prefix length is due, such as 10.88.0.1/16");
        }

        var mask = ~(IpNumber.Size(bip.PrefixLength, AddressFamily.InterNetwork) - 1);
        var subnet = new IPNetwork(IpNumber.ToAddress(IpNumber.Of(bip.Address) & mask, AddressFamily.InterNetwork), bip.PrefixLength);
        return SubnetCheck.With(subnet, new SubnetSpec(null, null, bip.Address.ToString(), null));
    }

    private IReadOnlyList<SubnetConfig> Ula(IReadOnlyList<VmNetwork> others)
    {
        if (!settings.IPv6)
        {
            return [];
        }

        var chooser = new SubnetChooser();
        foreach (var subnet in others.SelectMany(o => o.Subnets))
        {
            chooser.Add(subnet.Subnet);
        }

        return [SubnetCheck.With(chooser.Choose(pools.All, AddressFamily.InterNetworkV6, datapath.Occupied()))];
    }

    /// <summary>The usual one, then private blocks (RFC 1918) that few use, then the rest.</summary>
    private static IEnumerable<IPNetwork> Candidates() =>
        new[] { Usual }
            .Concat(Enumerable.Range(200, 55).Select(b => IPNetwork.Parse($"10.{b}.0.0/16")))
            .Concat(Enumerable.Range(18, 14).Select(b => IPNetwork.Parse($"172.{b}.0.0/16")))
            .Concat(Enumerable.Range(0, 16).Select(b => IPNetwork.Parse($"192.168.{b * 16}.0/20")))
            .Where(c => !Avoided.Any(a => AddressRange.Of(a).Overlaps(AddressRange.Of(c))));

    private static string? Blocker(IPNetwork subnet, IReadOnlyList<OccupiedPrefix> occupied, IReadOnlyList<VmNetwork> others)
    {
        var range = AddressRange.Of(subnet);
        var host = occupied.FirstOrDefault(o => o.Prefix.BaseAddress.AddressFamily == AddressFamily.InterNetwork
            && SubnetChooser.Occupies(o) && AddressRange.Of(o.Prefix).Overlaps(range));
        if (host is not null)
        {
            return $"{host.Prefix}, {host.Holder}";
        }

        var other = others.FirstOrDefault(o => o.Subnets.Any(s => NetworkCheck.Family(s) == AddressFamily.InterNetwork && AddressRange.Of(s.Subnet).Overlaps(range)));
        return other is null ? null : $"network {other.Name}";
    }

    private void Remember(string? moved)
    {
        if (moved is not null)
        {
            store.Database.SetSetting(MovedKey, moved);
        }
        else if (store.Database.GetSetting(MovedKey) is not null)
        {
            store.Database.DeleteSetting(MovedKey);
        }
    }
}
