using Hypr.Primitives;

namespace Hypr.Store.Tests;

/// <summary>What a full disk and a locked file come to.</summary>
public sealed class FaultTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("hypr-store-").FullName;

    private string File => Path.Combine(_folder, "hypr.db");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_full_disk_is_told_with_the_file_and_the_way_out_and_leaves_nothing()
    {
        using var database = Database.Open(File);
        database.SetSetting("a", "1");

        // SQLite's own limit is told as a full disk is.
        database.Execute("PRAGMA max_page_count=1");
        var refused = Assert.Throws<HyprException>(() => database.Transact(() =>
        {
            database.SetSetting("a", "2");
            database.SetSetting("b", new string('x', 1 << 20));
        }));
        Assert.Equal(ErrorKind.Unavailable, refused.Kind);
        Assert.Contains(File, refused.Message);
        Assert.Contains("no space left on device", refused.Message);
        Assert.Equal(("1", null), (database.GetSetting("a"), database.GetSetting("b")));
    }

    [Fact]
    public void What_has_happened_is_written_when_there_is_room_again_and_in_its_order()
    {
        using var database = Database.Open(File);
        database.Execute("PRAGMA max_page_count=1");
        database.Insist(() => database.SetSetting("a", new string('x', 1 << 20)));
        database.Insist(() => database.SetSetting("a", "2"));
        Assert.Equal(2, database.Owed);
        Assert.Null(database.GetSetting("a"));

        // By itself, and before anything that is changed later.
        database.Query("PRAGMA max_page_count=1000000", r => r.GetInt64(0));
        database.SetSetting("b", "3");
        Assert.Equal(0, database.Owed);
        Assert.Equal(("2", "3"), (database.GetSetting("a"), database.GetSetting("b")));
    }

    [Fact]
    public async Task What_is_owed_is_paid_without_another_change()
    {
        var faults = new Faults();
        using var database = Database.Open(File, faults);
        faults.Arm("store-busy:1+");
        database.Insist(() => database.SetSetting("a", "1"));
        Assert.Equal(1, database.Owed);
        faults.Arm("");
        for (var patience = 300; patience > 0 && database.Owed > 0; patience--)
        {
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }

        Assert.Equal("1", database.GetSetting("a"));
    }

    [Theory]
    [InlineData("store-busy:1", "locked")]
    [InlineData("store-full:2", "no space left on device")]
    public void A_fault_is_told_as_the_real_one(string plan, string word)
    {
        var faults = new Faults();
        using var database = Database.Open(File, faults);
        faults.Arm(plan);
        var refused = Assert.Throws<HyprException>(() => database.Transact(() => database.SetSetting("a", "1")));
        Assert.Contains(word, refused.Message);
        Assert.Null(database.GetSetting("a"));
        database.SetSetting("a", "2");
        Assert.Equal("2", database.GetSetting("a"));
    }

    [Theory]
    [InlineData("netlink")]
    [InlineData("netlink:0")]
    [InlineData("sneezes:1")]
    [InlineData(":1")]
    public void What_is_no_plan_is_refused_with_what_is(string plan)
    {
        var refused = Assert.Throws<HyprException>(() => new Faults().Arm(plan));
        Assert.Contains("SEAM:N", refused.Message);
    }

    [Fact]
    public void A_plan_in_a_file_holds_from_when_it_is_written()
    {
        var plan = Path.Combine(_folder, "plan");
        var faults = new Faults(plan);
        Assert.False(faults.Fails(Seam.Nft));
        System.IO.File.WriteAllText(plan, "nft:2, any:4+\n");
        Assert.Equal([false, true, false, true, true], Enumerable.Range(0, 5).Select(_ => faults.Fails(Seam.Nft)));
        System.IO.File.WriteAllText(plan, "");
        System.IO.File.SetLastWriteTimeUtc(plan, DateTime.UtcNow.AddSeconds(1));
        Assert.False(faults.Fails(Seam.Nft));
    }
}
