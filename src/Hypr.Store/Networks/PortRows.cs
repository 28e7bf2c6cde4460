using System.Net;

namespace Hypr.Store.Networks;

/// <param name="Protocol"><c>tcp</c>, <c>udp</c>, <c>sctp</c>.</param>
public sealed record PortRow(string MachineId, IPAddress HostIp, string Protocol, int HostPort, int GuestPort);

/// <summary>The ports table: what running machines publish.</summary>
public sealed class PortRows(Database database)
{
    public IReadOnlyList<PortRow> All() => database.Query(
        "SELECT machine_id, host_ip, protocol, host_port, guest_port FROM ports ORDER BY machine_id, guest_port, protocol, host_port, host_ip",
        r => new PortRow(r.GetString(0), IPAddress.Parse(r.GetString(1)), r.GetString(2), r.GetInt32(3), r.GetInt32(4)));

    public void Insert(PortRow row) => database.Execute(
        "INSERT INTO ports(machine_id, host_ip, protocol, host_port, guest_port) VALUES($machine,$ip,$protocol,$port,$guest)",
        ("$machine", row.MachineId), ("$ip", row.HostIp.ToString()), ("$protocol", row.Protocol), ("$port", row.HostPort), ("$guest", row.GuestPort));

    public void DeleteOf(string machineId) => database.Execute("DELETE FROM ports WHERE machine_id=$machine", ("$machine", machineId));
}
