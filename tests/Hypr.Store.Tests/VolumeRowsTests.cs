using Hypr.Store;
using Hypr.Store.Volumes;

namespace Hypr.Store.Tests;

public sealed class VolumeRowsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("hypr-store-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_volume_is_kept_by_its_name_which_is_unique()
    {
        using var database = Database.Open(Path.Combine(_folder, "hypr.db"));
        var volumes = new VolumeRows(database);
        var row = new VolumeRow("data", DateTimeOffset.FromUnixTimeMilliseconds(1_700_000_000_123), "{}");
        Assert.True(volumes.TryInsert(row));
        Assert.False(volumes.TryInsert(row with { Config = "other" }));
        Assert.True(volumes.TryInsert(row with { Name = "cache" }));
        volumes.SetConfig("data", """{"Stage":"Ready"}""");
        Assert.Equal([row with { Name = "cache" }, row with { Config = """{"Stage":"Ready"}""" }], volumes.All());
        volumes.Delete("data");
        Assert.Equal(["cache"], volumes.All().Select(v => v.Name));
    }

    [Fact]
    public void A_database_of_the_schema_before_volumes_gets_the_table()
    {
        var file = Path.Combine(_folder, "hypr.db");
        using (var old = Database.Open(file))
        {
            old.Execute("DROP TABLE volumes");
            old.Execute("PRAGMA user_version=2");
        }

        using var database = Database.Open(file);
        Assert.Empty(new VolumeRows(database).All());
    }
}
