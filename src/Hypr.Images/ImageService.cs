using Hypr.Images.Import;
using Hypr.Images.Pull;
using Hypr.Images.Registry;
using Hypr.Images.Save;
using Hypr.Images.Store;
using Hypr.Primitives;
using Hypr.Store;
using Microsoft.Extensions.Logging;

namespace Hypr.Images;

/// <summary>Everything about images, on one folder. One object a folder and a process; thread-safe.</summary>
public sealed class ImageService : IImageService, IDisposable
{
    private readonly Transport _transport;
    private readonly ImageTable _table;
    private readonly PullImage _pull;
    private readonly TryLogin _login;
    private readonly LoadImages _load;
    private readonly SaveImages _save;
    private readonly ImportImage _import;

    /// <summary>Makes the folder when it is missing and sweeps what an earlier process left half made.</summary>
    /// <exception cref="HyprException">InvalidParameter: a mirror's URL is none.</exception>
    public ImageService(Database database, ImageSettings settings, TimeProvider clock, ILoggerFactory logs)
    {
        foreach (var mirror in settings.RegistryMirrors)
            RegistryEndpoint.Mirror(mirror, settings);
        var files = new ImageFiles(settings);
        _table = new ImageTable(database, files, clock, logs.CreateLogger<ImageService>());
        _transport = new Transport(settings, clock);
        var build = new RootFsBuild(files, _table, settings);
        _pull = new PullImage(files, _table, build, _transport, settings, clock);
        _login = new TryLogin(_transport, settings);
        _load = new LoadImages(files, _table, build);
        _save = new SaveImages(files, _table);
        _import = new ImportImage(files, _table, build, clock);
    }

    public Task<Image> PullAsync(string reference, PullOptions options, CancellationToken cancel) =>
        DiskErrors.InWordsAsync(() => _pull.RunAsync(reference, options, cancel), $"cannot pull {reference}");

    public Task<string?> LoginAsync(string server, RegistryCredentials credentials, CancellationToken cancel) => _login.RunAsync(server, credentials, cancel);

    public Task<IReadOnlyList<LoadedImage>> LoadAsync(Stream archive, CancellationToken cancel) =>
        DiskErrors.InWordsAsync(() => _load.RunAsync(archive, cancel), "cannot load the archive");

    public Task SaveAsync(IReadOnlyList<string> names, Stream to, CancellationToken cancel) => _save.RunAsync(names, to, cancel);

    public Task<Image> ImportAsync(Stream root, ImportOptions options, CancellationToken cancel) =>
        DiskErrors.InWordsAsync(() => _import.RunAsync(root, options, cancel), "cannot import the archive");

    public IReadOnlyList<HistoryItem> History(string nameOrId) => _table.History(nameOrId);

    public Image? Find(string nameOrId) => _table.Find(nameOrId);

    public IReadOnlyList<Image> List() => _table.List();

    public Image Tag(string nameOrId, string name)
    {
        var reference = ImageReference.Parse(name);
        return reference.Digest is null ? _table.Tag(nameOrId, reference) : throw HyprException.Invalid("refusing to create a tag with a digest reference");
    }

    public IReadOnlyList<ImageRemoval> Remove(string nameOrId, bool force, Func<string, IReadOnlyList<string>> inUseBy) => _table.Remove(nameOrId, force, inUseBy);

    public IReadOnlyList<string> Check() =>
        [.. _table.List().Where(i => !File.Exists(i.RootFs)).Select(i => $"image {(i.Tags.Count > 0 ? i.Tags[0] : i.Id)} lacks its root file system {i.RootFs}: pull it again")];

    public void Dispose() => _transport.Dispose();
}
