using Microsoft.Data.Sqlite;

namespace Hypr.Store.Volumes;

/// <param name="Config">JSON of the engine: all that has no column.</param>
public sealed record VolumeRow(string Name, DateTimeOffset Created, string Config);

/// <summary>The volumes table.</summary>
public sealed class VolumeRows(Database database)
{
    public IReadOnlyList<VolumeRow> All() => database.Query("SELECT name, created, config FROM volumes ORDER BY name", Read);

    /// <summary>False when there is one of that name.</summary>
    public bool TryInsert(VolumeRow row) => database.Execute(
        "INSERT INTO volumes(name, created, config) VALUES($name,$created,$config) ON CONFLICT DO NOTHING",
        ("$name", row.Name), ("$created", row.Created.ToUnixTimeMilliseconds()), ("$config", row.Config)) == 1;

    public void SetConfig(string name, string config) =>
        database.Execute("UPDATE volumes SET config=$config WHERE name=$name", ("$name", name), ("$config", config));

    public void Delete(string name) => database.Execute("DELETE FROM volumes WHERE name=$name", ("$name", name));

    private static VolumeRow Read(SqliteDataReader r) => new(r.GetString(0), DateTimeOffset.FromUnixTimeMilliseconds(r.GetInt64(1)), r.GetString(2));
}
