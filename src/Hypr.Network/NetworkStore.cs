using Hypr.Store;
using Hypr.Store.Networks;

namespace Hypr.Network;

/// <summary>The tables that are the network service's.</summary>
internal sealed class NetworkStore(Database database)
{
    public Database Database => database;

    public NetworkRows Networks { get; } = new(database);

    public EndpointRows Endpoints { get; } = new(database);

    public LeaseRows Leases { get; } = new(database);

    public PortRows Ports { get; } = new(database);
}
