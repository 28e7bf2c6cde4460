using Microsoft.Data.Sqlite;

namespace Hypr.Store.Images;

/// <param name="Id"><c>sha256:</c> and the digest of the configuration.</param>
/// <param name="Created">From the configuration; null when it does not say.</param>
/// <param name="Size">Bytes of the layers, unpacked.</param>
/// <param name="Config">JSON of Hypr.Images' ImageRecord.</param>
public sealed record ImageRow(string Id, DateTimeOffset? Created, long Size, string Config);

/// <param name="Name">In full: <c>docker.io/library/nginx:latest</c>, <c>docker.io/library/nginx@sha256:...</c>.</param>
public sealed record ImageNameRow(string Name, string ImageId);

/// <summary>The images and image_names tables.</summary>
public sealed class ImageRows(Database database)
{
    /// <summary>The newest first, as Docker lists them.</summary>
    public IReadOnlyList<ImageRow> All() => database.Query("SELECT id, created, size, config FROM images ORDER BY created DESC NULLS LAST, id", Read);

    public IReadOnlyList<ImageNameRow> Names() =>
        database.Query("SELECT name, image_id FROM image_names ORDER BY name", r => new ImageNameRow(r.GetString(0), r.GetString(1)));

    /// <summary>Adds the image, or does nothing when it is there.</summary>
    public void Add(ImageRow row) => database.Execute(
        "INSERT INTO images(id,created,size,config) VALUES($id,$created,$size,$config) ON CONFLICT(id) DO NOTHING",
        ("$id", row.Id), ("$created", row.Created?.ToUnixTimeMilliseconds()), ("$size", row.Size), ("$config", row.Config));

    /// <summary>Gives an image a name, which another image loses if it had it.</summary>
    public void SetName(string name, string imageId) => database.Execute(
        "INSERT INTO image_names(name,image_id) VALUES($name,$id) ON CONFLICT(name) DO UPDATE SET image_id=excluded.image_id",
        ("$name", name), ("$id", imageId));

    public void DeleteName(string name) => database.Execute("DELETE FROM image_names WHERE name=$name", ("$name", name));

    /// <summary>The image and its names.</summary>
    public void Delete(string id) => database.Execute("DELETE FROM images WHERE id=$id", ("$id", id));

    private static ImageRow Read(SqliteDataReader r) => new(
        r.GetString(0), r.IsDBNull(1) ? null : DateTimeOffset.FromUnixTimeMilliseconds(r.GetInt64(1)), r.GetInt64(2), r.GetString(3));
}
