using Hypr.Engine.Machines;
using Hypr.Engine.Volumes;
using Hypr.Network;
using Hypr.Network.Platforms;
using Hypr.Network.Ports;
using Hypr.Network.Tests.Fakes;
using Hypr.Store;
using Hypr.Store.Images;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace Hypr.Engine.Tests;

/// <summary>Databases that hyprds of each earlier schema wrote, one of their two VMs running. A schema that is released adds one to OldDatabases/.</summary>
public sealed class OldDatabaseTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("hypr-old-").FullName;

    public static TheoryData<int> Schemas => [.. Enumerable.Range(1, Database.SchemaVersion)];

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [MemberData(nameof(Schemas))]
    public async Task This_hyprd_takes_over_what_an_older_one_left(int schema)
    {
        // The second time it is this hyprd's own.
        for (var start = 1; start <= 2; start++)
        {
            using var database = Open(schema);
            var machines = new MachineRegistry(database);
            var (web, db) = (machines.Get("web"), machines.Get("db"));
            Assert.Equal((MachineStatus.Running, 4711, 815UL), (web.State.Status, web.State.Pid, web.State.PidStartTime));
            Assert.Equal(("tiny:1", 256L << 20, "unless-stopped"), (web.Config.Image, web.Config.Memory, web.Config.Restart.Name));
            Assert.Equal([new PortBinding("80/tcp", "", "8080")], web.Config.PortBindings);
            Assert.Equal("b", web.Config.Labels["a"]);
            Assert.Equal(MachineStatus.Created, db.State.Status);
            Assert.Equal(["sleep", "1"], db.Config.Cmd);
            Assert.Empty(web.Config.Volumes);
            Assert.Equal(["docker.io/library/tiny:1"], new ImageRows(database).Names().Select(n => n.Name));
            Assert.Equal(schema < 3 ? [] : ["data"], new VolumeRegistry(database).All().Select(v => v.Name));

            var datapath = new MemoryDatapath { Carried = { ["tap0"] = default(LinkTraffic) } };
            await using var reserver = new SocketPortReserver();
            await using var networks = new NetworkService(
                database, datapath, new MemoryNameServer(), reserver, new NetworkSettings(), TimeProvider.System, NullLoggerFactory.Instance, "/nonexistent");
            await networks.StartAsync([CreateMachine.Identity(web)], TestContext.Current.CancellationToken);
            Assert.Empty(await networks.CheckAsync(TestContext.Current.CancellationToken));

            var shop = networks.Find("shop")!;
            Assert.Equal(["10.90.0.0/24", "fd00:90::/64"], shop.Subnets.Select(s => s.Subnet.ToString()));
            Assert.Equal(("10.90.0.128/25", "10.90.0.200"), (shop.Subnets[0].Range.ToString(), shop.Subnets[0].Auxiliary["printer"].ToString()));
            Assert.Equal((1400, "a", "vbr1"), (shop.Mtu, shop.Labels["team"], shop.Bridge));
            var endpoint = Assert.Single(networks.EndpointsOf(web.Id));
            Assert.Equal(("10.90.0.7/24", "fd00:90::7/64", "02:42:0a:5a:00:07", "tap0"), (endpoint.IPv4.ToString(), endpoint.IPv6.ToString(), endpoint.Mac.ToString(), endpoint.Tap));
            Assert.Contains("www", endpoint.Aliases);
            Assert.Equal(["bridge", "shop"], networks.EndpointsOf(db.Id).Select(e => networks.Find(e.NetworkId)!.Name));
            Assert.Equal("10.90.0.9", networks.EndpointsOf(db.Id)[1].IPv4!.Value.Address.ToString());
            Assert.Equal("0.0.0.0:8080->80", Assert.Single(networks.PortsOf(web.Id).Select(p => $"{p.HostIp}:{p.HostPort}->{p.GuestPort}")));
            Assert.Equal("tap0", Assert.Single(datapath.State.Endpoints).Tap);
            Assert.Equal("10.90.0.7", Assert.Single(datapath.State.Ports[web.Id]).Target.ToString());
        }
    }

    private Database Open(int schema)
    {
        var file = Path.Combine(_folder, $"{schema}.db");
        if (!File.Exists(file))
        {
            using var old = new SqliteConnection($"Data Source={file};Pooling=False");
            old.Open();
            using var command = old.CreateCommand();
            command.CommandText = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "OldDatabases", $"schema-{schema}.sql"));
            command.ExecuteNonQuery();
        }

        return Database.Open(file);
    }
}
