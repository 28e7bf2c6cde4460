using System.Collections.Concurrent;
using System.Text.Json;
using Hypr.Primitives;
using Hypr.Store;
using Hypr.Store.Volumes;

namespace Hypr.Engine.Volumes;

/// <summary>All volumes, in memory and in the store; the store is written first.</summary>
internal sealed class VolumeRegistry
{
    private readonly VolumeRows _rows;
    private readonly ConcurrentDictionary<string, Volume> _volumes = new(StringComparer.Ordinal);

    private readonly Database _database;

    public VolumeRegistry(Database database)
    {
        (_database, _rows) = (database, new VolumeRows(database));
        foreach (var row in _rows.All())
        {
            _volumes[row.Name] = new Volume(row.Name, row.Created, JsonSerializer.Deserialize(row.Config, VolumeJson.Default.VolumeConfig)!);
        }
    }

    /// <summary>Those that are ready, by name (Docker).</summary>
    public IReadOnlyList<Volume> All() =>
        [.. _volumes.Values.Where(v => v.Config.Stage == VolumeStage.Ready).OrderBy(v => v.Name, StringComparer.Ordinal)];

    /// <summary>What an earlier hyprd did not bring to its end.</summary>
    public IReadOnlyList<Volume> HalfDone() => [.. _volumes.Values.Where(v => v.Config.Stage != VolumeStage.Ready)];

    public Volume? Find(string name) => _volumes.TryGetValue(name, out var volume) && volume.Config.Stage == VolumeStage.Ready ? volume : null;

    /// <summary>Docker's sentence.</summary>
    public Volume Get(string name) => Find(name) ?? throw HyprException.NotFound($"get {name}: no such volume");

    public void Add(Volume volume)
    {
        if (!_rows.TryInsert(new VolumeRow(volume.Name, volume.Created, Json(volume.Config))))
        {
            throw HyprException.Conflict($"there is a volume {volume.Name} already");
        }

        _volumes[volume.Name] = volume;
    }

    public Volume SetStage(Volume volume, VolumeStage stage)
    {
        var changed = volume with { Config = volume.Config with { Stage = stage } };
        _rows.SetConfig(volume.Name, Json(changed.Config));
        return _volumes[volume.Name] = changed;
    }

    /// <summary>When its file is gone.</summary>
    public void Remove(Volume volume)
    {
        _volumes.TryRemove(volume.Name, out _);
        _database.Insist(() => _rows.Delete(volume.Name));
    }

    private static string Json(VolumeConfig config) => JsonSerializer.Serialize(config, VolumeJson.Default.VolumeConfig);
}
