using Hypr.Store;
using Hypr.Store.Images;

namespace Hypr.Store.Tests;

public sealed class ImageRowsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("hypr-store-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Images_are_listed_newest_first_and_a_name_belongs_to_one()
    {
        using var database = Database.Open(Path.Combine(_folder, "hypr.db"));
        var images = new ImageRows(database);
        var old = new ImageRow("sha256:1", DateTimeOffset.FromUnixTimeMilliseconds(1_000), 10, "{}");
        var newer = new ImageRow("sha256:2", DateTimeOffset.FromUnixTimeMilliseconds(2_000), 20, "{}");
        var unknown = new ImageRow("sha256:0", null, 0, "{}");
        foreach (var row in new[] { old, unknown, newer, old with { Size = 99 } })
            images.Add(row);
        Assert.Equal([newer, old, unknown], images.All());

        images.SetName("docker.io/library/a:1", old.Id);
        images.SetName("docker.io/library/a:1", newer.Id);
        images.SetName("docker.io/library/b:1", newer.Id);
        Assert.Equal([new("docker.io/library/a:1", newer.Id), new("docker.io/library/b:1", newer.Id)], images.Names());
        images.DeleteName("docker.io/library/a:1");
        Assert.Single(images.Names());
        images.Delete(newer.Id);
        Assert.Empty(images.Names());
        Assert.Equal([old, unknown], images.All());
    }

    [Fact]
    public void A_name_without_its_image_is_refused()
    {
        using var database = Database.Open(Path.Combine(_folder, "hypr.db"));
        Assert.ThrowsAny<Exception>(() => new ImageRows(database).SetName("docker.io/library/a:1", "sha256:none"));
        Assert.Empty(new ImageRows(database).Names());
    }
}
