using Hypr.Primitives;
using Hypr.Store;
using Hypr.Store.Machines;

namespace Hypr.Store.Tests;

public sealed class DatabaseTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("hypr-store-").FullName;

    private string File => Path.Combine(_folder, "hypr.db");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void What_was_committed_is_there_after_opening_again()
    {
        using (var first = Database.Open(File))
        {
            first.SetSetting("subnet", "10.88.0.0/16");
            first.SetSetting("subnet", "10.90.0.0/16");
        }

        using var second = Database.Open(File);
        Assert.Equal("10.90.0.0/16", second.GetSetting("subnet"));
        Assert.Null(second.GetSetting("other"));
    }

    [Fact]
    public void A_transaction_that_fails_leaves_nothing_and_an_inner_one_belongs_to_the_outer()
    {
        using var database = Database.Open(File);
        Assert.Throws<InvalidOperationException>(() => database.Transact(() =>
        {
            database.Transact(() => database.SetSetting("a", "1"));
            throw new InvalidOperationException();
        }));
        Assert.Null(database.GetSetting("a"));
        database.Transact(() => database.SetSetting("a", "2"));
        Assert.Equal("2", database.GetSetting("a"));
    }

    [Fact]
    public void What_is_not_waited_for_outlives_the_program_and_the_next_change_is_waited_for_again()
    {
        using var dying = Database.Open(File);
        dying.TransactUnsynced(() => dying.SetSetting("link", "tap0"));
        Assert.Equal("2", dying.Query("PRAGMA synchronous", r => r.GetString(0))[0]);
        dying.InsistUnsynced(() => dying.SetSetting("port", "80"));
        Assert.Throws<InvalidOperationException>(() => dying.TransactUnsynced(() => throw new InvalidOperationException()));
        Assert.Equal("2", dying.Query("PRAGMA synchronous", r => r.GetString(0))[0]);
        // Not closed: as another program sees the file after this one was killed.
        using var next = Database.Open(File);
        Assert.Equal(("tap0", "80"), (next.GetSetting("link"), next.GetSetting("port")));
    }

    [Fact]
    public void What_must_be_on_the_disk_is_refused_in_a_transaction_that_is_not_waited_for()
    {
        using var database = Database.Open(File);
        Assert.Throws<InvalidOperationException>(() => database.TransactUnsynced(() => database.Transact(() => database.SetSetting("a", "1"))));
        Assert.Null(database.GetSetting("a"));
        database.Transact(() => database.TransactUnsynced(() => database.SetSetting("a", "2")));
        Assert.Equal("2", database.GetSetting("a"));
    }

    [Fact]
    public void A_newer_schema_is_refused_by_name()
    {
        using (var database = Database.Open(File))
        {
            database.Execute($"PRAGMA user_version={Database.SchemaVersion + 1}");
        }

        var refused = Assert.Throws<HyprException>(() => Database.Open(File));
        Assert.Contains(File, refused.Message);
        Assert.Contains("newer HYPR", refused.Message);
    }

    [Fact]
    public void A_file_that_is_no_database_is_refused_by_name()
    {
        System.IO.File.WriteAllText(File, new string('x', 4096));
        var refused = Assert.Throws<HyprException>(() => Database.Open(File));
        Assert.Contains(File, refused.Message);
    }

    [Fact]
    public void A_machine_is_kept_and_its_name_is_unique()
    {
        using var database = Database.Open(File);
        var machines = new MachineRows(database);
        var row = new MachineRow(ObjectId.New(), "eager-fox", DateTimeOffset.FromUnixTimeMilliseconds(1_700_000_000_123), "sha256:1", "{}", "{}");
        Assert.True(machines.TryInsert(row));
        Assert.False(machines.TryInsert(row with { Id = ObjectId.New() }));
        var other = row with { Id = ObjectId.New(), Name = "calm-owl", Created = row.Created.AddSeconds(1) };
        Assert.True(machines.TryInsert(other));
        Assert.False(machines.TryRename(other.Id, "eager-fox"));
        Assert.True(machines.TryRename(other.Id, "calm-hen"));
        machines.SetState(row.Id, """{"Status":"Exited"}""");
        Assert.Equal([other with { Name = "calm-hen" }, row with { State = """{"Status":"Exited"}""" }], machines.All());
        machines.Delete(row.Id);
        machines.Delete(other.Id);
        Assert.Empty(machines.All());
    }

    [Fact]
    public async Task Many_threads_write_and_nothing_is_lost()
    {
        using var database = Database.Open(File);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(t => Task.Run(() =>
        {
            for (var i = 0; i < 25; i++)
            {
                var key = $"{t}-{i}";
                database.Transact(() => database.SetSetting(key, "x"));
            }
        })));
        Assert.Equal(200, database.Query("SELECT count(*) FROM settings", r => r.GetInt32(0))[0]);
    }
}
