using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Hypr.Network.Endpoints;
using Hypr.Network.Ipam;
using Hypr.Network.Platforms;
using Hypr.Primitives;

namespace Hypr.Network.Networks;

/// <summary>
/// All networks and machines in memory. What a new network needs for itself alone (name, bridge, subnets) is taken here first, in one short step for all
/// callers, and given back when the network is not made after all; the slow work follows outside.
/// </summary>
internal sealed class NetworkCatalog
{
    private readonly Lock _gate = new();
    private readonly ConcurrentDictionary<string, NetworkSlot> _byId = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, NetworkSlot> _byName = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _names = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _bridges = new(StringComparer.Ordinal);
    private readonly HashSet<string> _bridgeNames = new(StringComparer.Ordinal);
    private readonly Dictionary<IPNetwork, string> _subnets = [];
    private readonly SubnetChooser _chooser = new();
    private readonly ConcurrentDictionary<string, MachineSlot> _machines = new(StringComparer.Ordinal);

    public IReadOnlyList<NetworkSlot> Networks() => [.. _byId.Values];

    public NetworkSlot? Network(string id) => _byId.GetValueOrDefault(id);

    public NetworkSlot Get(string id) => Network(id) ?? throw HyprException.NotFound($"network {id} not found");

    /// <summary>Full id, then name, then unique id prefix (Docker's order).</summary>
    public NetworkSlot? Find(string nameOrId)
    {
        if (_byId.TryGetValue(nameOrId, out var slot) || _byName.TryGetValue(nameOrId, out slot))
        {
            return slot;
        }

        var found = nameOrId.Length == 0 ? [] : _byId.Where(n => n.Key.StartsWith(nameOrId, StringComparison.Ordinal)).Select(n => n.Value).ToList();
        return found.Count > 1
            ? throw HyprException.Invalid($"network {nameOrId} is ambiguous ({found.Count} matches found on ID prefix): give more digits")
            : found.FirstOrDefault();
    }

    public MachineSlot Machine(string id) => _machines.GetOrAdd(id, static i => new MachineSlot(i));

    public MachineSlot? FindMachine(string id) => _machines.GetValueOrDefault(id);

    public IEnumerable<MachineSlot> Machines => _machines.Values;

    public void Forget(MachineSlot machine) => _machines.TryRemove(machine.Id, out _);

    /// <summary>Takes name, bridge and subnets. Conflict, Forbidden or InvalidParameter, and nothing taken, when one cannot be had.</summary>
    /// <param name="chooseBridge">Given the names that our networks have.</param>
    public (string Bridge, IReadOnlyList<SubnetConfig> Subnets) Take(
        string name, CheckedNetwork wanted, IReadOnlyList<AddressPool> pools, IReadOnlyList<OccupiedPrefix> occupied, Func<IReadOnlySet<string>, string> chooseBridge)
    {
        lock (_gate)
        {
            if (_names.ContainsKey(name))
            {
                throw HyprException.Conflict($"network with name {name} already exists");
            }

            foreach (var subnet in wanted.Subnets)
            {
                CheckOverlap(subnet.Subnet, occupied);
            }

            if (wanted.Options.Bridge is { } asked && _bridges.TryGetValue(asked, out var owner))
            {
                throw HyprException.Conflict($"bridge name {asked} is in use by network {owner}");
            }

            var subnets = wanted.Subnets.ToList();
            foreach (var family in wanted.Choose)
            {
                subnets.Add(SubnetCheck.With(_chooser.Choose(pools, family, occupied)));
            }

            subnets.Sort((a, b) => NetworkCheck.Family(a).CompareTo(NetworkCheck.Family(b)));
            var bridge = wanted.Options.Bridge ?? chooseBridge(_bridgeNames);
            Reserve(name, bridge, subnets);
            return (bridge, subnets);
        }
    }

    public void GiveBack(string name, string bridge, IReadOnlyList<SubnetConfig> subnets)
    {
        lock (_gate)
        {
            _names.Remove(name);
            _bridges.Remove(bridge);
            _bridgeNames.Remove(bridge);
            foreach (var subnet in subnets)
            {
                _chooser.Remove(subnet.Subnet);
                _subnets.Remove(subnet.Subnet);
            }
        }
    }

    /// <summary>What the store says is taken.</summary>
    public void Restore(NetworkSlot slot)
    {
        lock (_gate)
        {
            Reserve(slot.Network.Name, slot.Network.Bridge, slot.Network.Subnets);
        }

        Show(slot);
    }

    /// <summary>From here on it is found and listed.</summary>
    public void Show(NetworkSlot slot)
    {
        _byId[slot.Network.Id] = slot;
        _byName[slot.Network.Name] = slot;
    }

    public void Hide(NetworkSlot slot)
    {
        _byId.TryRemove(slot.Network.Id, out _);
        _byName.TryRemove(slot.Network.Name, out _);
    }

    private void Reserve(string name, string bridge, IReadOnlyList<SubnetConfig> subnets)
    {
        _names.Add(name, name);
        _bridges.Add(bridge, name);
        _bridgeNames.Add(bridge);
        foreach (var subnet in subnets)
        {
            _chooser.Add(subnet.Subnet);
            _subnets.Add(subnet.Subnet, name);
        }
    }

    /// <summary>Docker's words, then who has it.</summary>
    private void CheckOverlap(IPNetwork subnet, IReadOnlyList<OccupiedPrefix> occupied)
    {
        const string Words = "invalid pool request: Pool overlaps with other one on this address space";
        var range = AddressRange.Of(subnet);
        var family = subnet.BaseAddress.AddressFamily;
        if (_chooser.IsUsed(subnet))
        {
            var (other, owner) = _subnets.First(s => s.Key.BaseAddress.AddressFamily == family && AddressRange.Of(s.Key).Overlaps(range));
            throw HyprException.Forbidden($"{Words}: {subnet} overlaps {other} of network {owner}");
        }

        foreach (var prefix in occupied)
        {
            if (prefix.Prefix.BaseAddress.AddressFamily == family && SubnetChooser.Occupies(prefix) && AddressRange.Of(prefix.Prefix).Overlaps(range))
            {
                throw HyprException.Forbidden($"{Words}: {subnet} overlaps {prefix.Prefix}, {prefix.Holder}");
            }
        }
    }
}
