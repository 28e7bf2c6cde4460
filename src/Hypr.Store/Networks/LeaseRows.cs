using System.Net;

namespace Hypr.Store.Networks;

public sealed record LeaseRow(string NetworkId, IPAddress Address, string EndpointId);

/// <summary>The leases table: an address on a network belongs to one endpoint, running or not.</summary>
public sealed class LeaseRows(Database database)
{
    public IReadOnlyList<LeaseRow> All() => database.Query(
        "SELECT network_id, address, endpoint_id FROM leases",
        r => new LeaseRow(r.GetString(0), new IPAddress(r.GetFieldValue<byte[]>(1)), r.GetString(2)));

    public void Insert(LeaseRow row) => database.Execute(
        "INSERT INTO leases(network_id, address, endpoint_id) VALUES($network,$address,$endpoint)",
        ("$network", row.NetworkId), ("$address", row.Address.GetAddressBytes()), ("$endpoint", row.EndpointId));

    public void Delete(string networkId, IPAddress address) => database.Execute(
        "DELETE FROM leases WHERE network_id=$network AND address=$address", ("$network", networkId), ("$address", address.GetAddressBytes()));
}
