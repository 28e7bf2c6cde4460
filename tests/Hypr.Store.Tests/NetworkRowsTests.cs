using System.Net;
using Hypr.Store.Machines;
using Hypr.Store.Networks;
using Microsoft.Data.Sqlite;

namespace Hypr.Store.Tests;

public sealed class NetworkRowsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("hypr-store-").FullName;
    private readonly Database _database;
    private readonly NetworkRows _networks;
    private readonly EndpointRows _endpoints;
    private readonly LeaseRows _leases;
    private readonly PortRows _ports;

    public NetworkRowsTests()
    {
        _database = Database.Open(Path.Combine(_folder, "hypr.db"));
        (_networks, _endpoints, _leases, _ports) = (new(_database), new(_database), new(_database), new(_database));
        new MachineRows(_database).TryInsert(new MachineRow("m", "web", DateTimeOffset.UnixEpoch, "i", "{}", "{}"));
    }

    public void Dispose()
    {
        _database.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public void What_is_written_is_read_again()
    {
        var network = Network("n", "mynet", "vbr1");
        _networks.Insert(network);
        var endpoint = new EndpointRow("e", "n", "m", 3, null, null, null, """{"a":1}""");
        _endpoints.Insert(endpoint);
        _endpoints.SetMac("e", "02:42:0a:58:00:02");
        _endpoints.SetLink("e", "tap0", "eth0");
        _leases.Insert(new LeaseRow("n", IPAddress.Parse("10.89.0.2"), "e"));
        _leases.Insert(new LeaseRow("n", IPAddress.Parse("fd00::2"), "e"));
        PortRow[] ports = [new("m", IPAddress.Any, "tcp", 8080, 80), new("m", IPAddress.IPv6Any, "tcp", 8080, 80), new("m", IPAddress.Any, "udp", 8080, 80)];
        Array.ForEach(ports, _ports.Insert);
        Assert.Equal([network], _networks.All());
        Assert.Equal([(endpoint with { Mac = "02:42:0a:58:00:02", Tap = "tap0", Nic = "eth0" }, "web")], _endpoints.All());
        Assert.Equal(["10.89.0.2", "fd00::2"], _leases.All().Select(l => l.Address.ToString()));
        Assert.Equal(ports, _ports.All());
        _networks.SetConfig("n", "{}");
        _endpoints.SetLink("e", null, null);
        _leases.Delete("n", IPAddress.Parse("10.89.0.2"));
        _ports.DeleteOf("m");
        Assert.Equal("{}", _networks.All()[0].Config);
        Assert.Null(_endpoints.All()[0].Row.Tap);
        Assert.Equal("fd00::2", _leases.All().Single().Address.ToString());
        Assert.Empty(_ports.All());
    }

    [Fact]
    public void The_store_itself_refuses_what_two_cannot_have()
    {
        _networks.Insert(Network("n", "mynet", "vbr1"));
        Assert.Throws<SqliteException>(() => _networks.Insert(Network("o", "mynet", "vbr2")));
        Assert.Throws<SqliteException>(() => _networks.Insert(Network("o", "other", "vbr1")));
        _endpoints.Insert(new EndpointRow("e", "n", "m", 0, null, null, null, "{}"));
        Assert.Throws<SqliteException>(() => _endpoints.Insert(new EndpointRow("f", "n", "m", 1, null, null, null, "{}")));
        _leases.Insert(new LeaseRow("n", IPAddress.Parse("10.89.0.2"), "e"));
        Assert.Throws<SqliteException>(() => _leases.Insert(new LeaseRow("n", IPAddress.Parse("10.89.0.2"), "e")));
        _ports.Insert(new PortRow("m", IPAddress.Any, "tcp", 80, 80));
        Assert.Throws<SqliteException>(() => _ports.Insert(new PortRow("m", IPAddress.Any, "tcp", 80, 81)));
    }

    [Fact]
    public void A_network_with_endpoints_stays_and_leases_go_with_their_endpoint()
    {
        _networks.Insert(Network("n", "mynet", "vbr1"));
        _endpoints.Insert(new EndpointRow("e", "n", "m", 0, null, null, null, "{}"));
        _leases.Insert(new LeaseRow("n", IPAddress.Parse("10.89.0.2"), "e"));
        Assert.Throws<SqliteException>(() => _networks.Delete("n"));
        _endpoints.Delete("e");
        Assert.Empty(_leases.All());
        _networks.Delete("n");
        Assert.Empty(_networks.All());
    }

    private static NetworkRow Network(string id, string name, string bridge) => new(id, name, bridge, DateTimeOffset.FromUnixTimeMilliseconds(1_700_000_000_123), """{"x":1}""");
}
