using Microsoft.Data.Sqlite;

namespace Hypr.Store.Networks;

/// <param name="Config">JSON of the network service: all that has no column.</param>
public sealed record NetworkRow(string Id, string Name, string Bridge, DateTimeOffset Created, string Config);

/// <summary>The networks table.</summary>
public sealed class NetworkRows(Database database)
{
    private const string Columns = "id, name, bridge, created, config";

    public IReadOnlyList<NetworkRow> All() => database.Query($"SELECT {Columns} FROM networks ORDER BY created, id", Read);

    public void Insert(NetworkRow row) => database.Execute(
        $"INSERT INTO networks({Columns}) VALUES($id,$name,$bridge,$created,$config)",
        ("$id", row.Id), ("$name", row.Name), ("$bridge", row.Bridge), ("$created", row.Created.ToUnixTimeMilliseconds()), ("$config", row.Config));

    public void SetConfig(string id, string config) =>
        database.Execute("UPDATE networks SET config=$config WHERE id=$id", ("$id", id), ("$config", config));

    public void Delete(string id) => database.Execute("DELETE FROM networks WHERE id=$id", ("$id", id));

    private static NetworkRow Read(SqliteDataReader r) => new(
        r.GetString(0), r.GetString(1), r.GetString(2), DateTimeOffset.FromUnixTimeMilliseconds(r.GetInt64(3)), r.GetString(4));
}
