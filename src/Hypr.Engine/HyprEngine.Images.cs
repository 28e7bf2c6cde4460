using Hypr.Engine.Events;
using Hypr.Engine.Machines;
using Hypr.Images;
using Hypr.Primitives;

namespace Hypr.Engine;

/// <summary>Images, and who logs in where they are.</summary>
public sealed partial class HyprEngine
{
    public async Task<Image> PullAsync(string reference, PullOptions options, CancellationToken cancel)
    {
        var image = await _images.PullAsync(reference, options, cancel);
        Events.Publish("image", "pull", reference, new Dictionary<string, string> { ["name"] = reference });
        return image;
    }

    public Task<string?> LoginAsync(string server, RegistryCredentials credentials, CancellationToken cancel) =>
        _images.LoginAsync(server, credentials, cancel);

    public async Task<IReadOnlyList<LoadedImage>> LoadAsync(Stream archive, CancellationToken cancel)
    {
        var loaded = await _images.LoadAsync(archive, cancel);
        foreach (var (image, names) in loaded)
        {
            Events.Publish("image", "load", image.Id, new Dictionary<string, string> { ["name"] = names.Count > 0 ? names[0] : image.Id });
        }

        return loaded;
    }

    public Task SaveAsync(IReadOnlyList<string> names, Stream to, CancellationToken cancel) => _images.SaveAsync(names, to, cancel);

    public async Task<Image> ImportAsync(Stream root, ImportOptions options, CancellationToken cancel)
    {
        var image = await _images.ImportAsync(root, options, cancel);
        Events.Publish("image", "import", image.Id, new Dictionary<string, string> { ["name"] = options.Name ?? image.Id });
        return image;
    }

    public async Task<Image> CommitAsync(string nameOrId, CommitOptions options, CancellationToken cancel)
    {
        var image = await _commit.RunAsync(nameOrId, options, cancel);
        _events.Publish(_machines.Get(nameOrId), "commit", ("comment", options.Comment ?? ""), ("imageID", image.Id));
        return image;
    }

    public IReadOnlyList<HistoryItem> History(string nameOrId) => _images.History(nameOrId);

    public Image TagImage(string nameOrId, string name)
    {
        var image = _images.Tag(nameOrId, name);
        Events.Publish("image", "tag", image.Id, new Dictionary<string, string> { ["name"] = name });
        return image;
    }

    public IReadOnlyList<Image> Images() => _images.List();

    public Image Image(string nameOrId) => _images.Find(nameOrId) ?? throw HyprException.NotFound($"No such image: {nameOrId}");

    public IReadOnlyList<ImageRemoval> RemoveImage(string nameOrId, bool force) =>
        _images.Remove(nameOrId, force, id => [.. _machines.All().Where(m => m.ImageId == id).Select(m => m.Name)]);
}
