using Microsoft.Data.Sqlite;

namespace Hypr.Store.Machines;

/// <param name="Config">JSON of the engine's MachineConfig: what the client asked for; changes only by update.</param>
/// <param name="State">JSON of the engine's MachineState: what became of it.</param>
public sealed record MachineRow(string Id, string Name, DateTimeOffset Created, string ImageId, string Config, string State);

/// <summary>The machines table.</summary>
public sealed class MachineRows(Database database)
{
    private const string Columns = "id, name, created, image_id, config, state";

    public IReadOnlyList<MachineRow> All() => database.Query($"SELECT {Columns} FROM machines ORDER BY created DESC, id", Read);

    /// <summary>False when the name is taken.</summary>
    public bool TryInsert(MachineRow row)
    {
        try
        {
            database.Execute(
                $"INSERT INTO machines({Columns}) VALUES($id,$name,$created,$image,$config,$state)",
                ("$id", row.Id), ("$name", row.Name), ("$created", row.Created.ToUnixTimeMilliseconds()), ("$image", row.ImageId),
                ("$config", row.Config), ("$state", row.State));
            return true;
        }
        catch (SqliteException e) when (e.SqliteExtendedErrorCode == 2067) // SQLITE_CONSTRAINT_UNIQUE
        {
            return false;
        }
    }

    public void SetState(string id, string state) =>
        database.Execute("UPDATE machines SET state=$state WHERE id=$id", ("$id", id), ("$state", state));

    public void SetConfig(string id, string config) =>
        database.Execute("UPDATE machines SET config=$config WHERE id=$id", ("$id", id), ("$config", config));

    /// <summary>False when the name is taken.</summary>
    public bool TryRename(string id, string name)
    {
        try
        {
            database.Execute("UPDATE machines SET name=$name WHERE id=$id", ("$id", id), ("$name", name));
            return true;
        }
        catch (SqliteException e) when (e.SqliteExtendedErrorCode == 2067)
        {
            return false;
        }
    }

    public void Delete(string id) => database.Execute("DELETE FROM machines WHERE id=$id", ("$id", id));

    private static MachineRow Read(SqliteDataReader r) => new(
        r.GetString(0), r.GetString(1), DateTimeOffset.FromUnixTimeMilliseconds(r.GetInt64(2)), r.GetString(3), r.GetString(4), r.GetString(5));
}
