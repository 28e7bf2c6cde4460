using System.Collections.Concurrent;
using System.Text.Json;
using Hypr.Primitives;
using Hypr.Store;
using Hypr.Store.Machines;

namespace Hypr.Engine.Machines;

/// <summary>All machines, in memory and in the store; the store is written first.</summary>
internal sealed class MachineRegistry
{
    private readonly MachineRows _rows;
    private readonly ConcurrentDictionary<string, Machine> _machines = new(StringComparer.Ordinal);

    private readonly Database _database;

    public MachineRegistry(Database database)
    {
        (_database, _rows) = (database, new MachineRows(database));
        foreach (var row in _rows.All())
        {
            var config = JsonSerializer.Deserialize(row.Config, EngineJson.Default.MachineConfig)!;
            var state = JsonSerializer.Deserialize(row.State, EngineJson.Default.MachineState)!;
            _machines[row.Id] = new Machine(row.Id, row.Name, row.Created, row.ImageId, config, state);
        }
    }

    /// <summary>Newest first, as docker ps shows them.</summary>
    public IReadOnlyList<Machine> All() => [.. _machines.Values.OrderByDescending(m => m.Created).ThenBy(m => m.Id, StringComparer.Ordinal)];

    /// <summary>Full id, then name, then unique id prefix (Docker's order).</summary>
    public Machine Get(string nameOrId)
    {
        var wanted = nameOrId.TrimStart('/');
        if (_machines.TryGetValue(wanted, out var machine))
        {
            return machine;
        }

        if (_machines.Values.FirstOrDefault(m => m.Name == wanted) is { } named)
        {
            return named;
        }

        var prefixed = wanted.Length == 0 ? [] : _machines.Values.Where(m => m.Id.StartsWith(wanted, StringComparison.Ordinal)).Take(2).ToList();
        return prefixed switch
        {
            [var one] => one,
            [] => throw HyprException.NotFound($"No such container: {nameOrId}"),
            _ => throw HyprException.Invalid($"the id {nameOrId} is the beginning of several VMs' ids: give more digits"),
        };
    }

    public bool HasName(string name) => _machines.Values.Any(m => m.Name == name);

    public void Add(Machine machine)
    {
        var row = new MachineRow(machine.Id, machine.Name, machine.Created, machine.ImageId,
            JsonSerializer.Serialize(machine.Config, EngineJson.Default.MachineConfig),
            JsonSerializer.Serialize(machine.State, EngineJson.Default.MachineState));
        if (!_rows.TryInsert(row))
        {
            throw NameTaken(machine.Name);
        }

        _machines[machine.Id] = machine;
    }

    public void SetState(Machine machine, MachineState state)
    {
        _rows.SetState(machine.Id, JsonSerializer.Serialize(state, EngineJson.Default.MachineState));
        machine.State = state;
    }

    /// <summary>What has become of a machine, whether it can be stored now or not: a full disk changes nothing about it.</summary>
    public void Happened(Machine machine, MachineState state)
    {
        machine.State = state;
        var json = JsonSerializer.Serialize(state, EngineJson.Default.MachineState);
        _database.Insist(() => _rows.SetState(machine.Id, json));
    }

    public void SetConfig(Machine machine, MachineConfig config)
    {
        _rows.SetConfig(machine.Id, JsonSerializer.Serialize(config, EngineJson.Default.MachineConfig));
        machine.Config = config;
    }

    public void Rename(Machine machine, string name)
    {
        if (!_rows.TryRename(machine.Id, name))
        {
            throw NameTaken(name);
        }

        machine.Name = name;
    }

    /// <summary>When nothing of it is left but its row.</summary>
    public void Remove(Machine machine)
    {
        _machines.TryRemove(machine.Id, out _);
        _database.Insist(() => _rows.Delete(machine.Id));
    }

    /// <summary>Docker's sentence: clients look for it.</summary>
    private HyprException NameTaken(string name)
    {
        var holder = _machines.Values.FirstOrDefault(m => m.Name == name);
        return HyprException.Conflict(
            $"Conflict. The container name \"/{name}\" is already in use by container \"{holder?.Id}\". You have to remove (or rename) that container to be able to reuse that name.");
    }
}
