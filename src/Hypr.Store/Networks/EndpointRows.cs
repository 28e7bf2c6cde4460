using Microsoft.Data.Sqlite;

namespace Hypr.Store.Networks;

/// <param name="Position">The order of a machine's endpoints: the lowest is eth0.</param>
/// <param name="Mac">Null until leased.</param>
/// <param name="Tap">The host's link while the machine runs, so that the next hyprd finds it; else null.</param>
/// <param name="Nic">The NIC's name in the guest, while the machine runs; <see cref="Joining"/> or <see cref="Leaving"/> while it comes to one that runs or goes.</param>
/// <param name="Config">JSON of the network service: what was asked for.</param>
public sealed record EndpointRow(
    string Id, string NetworkId, string MachineId, int Position, string? Mac, string? Tap, string? Nic, string Config)
{
    /// <summary>Found at hyprd's start, it was not brought to its end, and is taken back.</summary>
    public const string Joining = "+";

    /// <summary>Found at hyprd's start, the guest has let go of it, and it goes.</summary>
    public const string Leaving = "-";
}

/// <summary>The endpoints table.</summary>
public sealed class EndpointRows(Database database)
{
    private const string Columns = "id, network_id, machine_id, position, mac, tap, nic, config";

    /// <summary>With the machine's name, in the order of the machine's NICs.</summary>
    public IReadOnlyList<(EndpointRow Row, string MachineName)> All() => database.Query(
        """
        SELECT e.id, e.network_id, e.machine_id, e.position, e.mac, e.tap, e.nic, e.config, m.name
        FROM endpoints e JOIN machines m ON m.id = e.machine_id ORDER BY e.machine_id, e.position
        """,
        r => (Read(r), r.GetString(8)));

    public void Insert(EndpointRow row) => database.Execute(
        $"INSERT INTO endpoints({Columns}) VALUES($id,$network,$machine,$position,$mac,$tap,$nic,$config)",
        ("$id", row.Id), ("$network", row.NetworkId), ("$machine", row.MachineId), ("$position", row.Position), ("$mac", row.Mac), ("$tap", row.Tap),
        ("$nic", row.Nic), ("$config", row.Config));

    public void SetMac(string id, string? mac) => database.Execute("UPDATE endpoints SET mac=$mac WHERE id=$id", ("$id", id), ("$mac", mac));

    /// <summary>The machine's end of the endpoint and the host's; both null: the machine does not run.</summary>
    public void SetLink(string id, string? tap, string? nic) =>
        database.Execute("UPDATE endpoints SET tap=$tap, nic=$nic WHERE id=$id", ("$id", id), ("$tap", tap), ("$nic", nic));

    /// <summary>Its leases go with it.</summary>
    public void Delete(string id) => database.Execute("DELETE FROM endpoints WHERE id=$id", ("$id", id));

    private static EndpointRow Read(SqliteDataReader r) => new(
        r.GetString(0), r.GetString(1), r.GetString(2), r.GetInt32(3), Text(r, 4), Text(r, 5), Text(r, 6), r.GetString(7));

    private static string? Text(SqliteDataReader r, int column) => r.IsDBNull(column) ? null : r.GetString(column);
}
