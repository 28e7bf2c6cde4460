using Hypr.Images;
using Hypr.Primitives;

namespace Hypr.Daemon.Tests.Fakes;

/// <summary>Images that are names only. <c>missing</c> and <c>broken</c> cannot be pulled: the first fails at once, the second after some progress.</summary>
internal sealed class MemoryImages : IImageService
{
    private readonly List<Image> _images = [];

    public MemoryImages() => Add("busybox:latest");

    public async Task<Image> PullAsync(string reference, PullOptions options, CancellationToken cancel)
    {
        var name = Short(reference.Contains(':') ? reference : reference + ":latest");
        if (name.StartsWith("missing", StringComparison.Ordinal))
        {
            throw HyprException.NotFound($"manifest for {name} not found");
        }

        options.Progress?.Report(new PullProgress(name.Split(':')[1], $"Pulling from library/{name.Split(':')[0]}"));
        options.Progress?.Report(new PullProgress("0123456789ab", "Downloading", 10, 20));
        await Task.Yield();
        if (name.StartsWith("broken", StringComparison.Ordinal))
        {
            throw HyprException.Unavailable("the registry lied about a digest");
        }

        options.Progress?.Report(new PullProgress(null, $"Status: Downloaded newer image for {name}"));
        return Find(name) ?? Add(name);
    }

    public Task<string?> LoginAsync(string server, RegistryCredentials credentials, CancellationToken cancel) => Task.FromResult<string?>(null);

    public async Task<IReadOnlyList<LoadedImage>> LoadAsync(Stream archive, CancellationToken cancel)
    {
        using var reader = new StreamReader(archive);
        var name = (await reader.ReadToEndAsync(cancel)).Trim();
        return name.Length is > 0 and < 100 ? [new LoadedImage(Add(name), [name])] : throw HyprException.Invalid($"an archive of {name.Length} bytes is none of mine");
    }

    public async Task SaveAsync(IReadOnlyList<string> names, Stream to, CancellationToken cancel)
    {
        foreach (var name in names)
        {
            _ = Find(name) ?? throw HyprException.NotFound($"No such image: {name}");
        }

        await Task.Run(() => to.Write(System.Text.Encoding.UTF8.GetBytes(string.Join(',', names)), 0, string.Join(',', names).Length), cancel);
    }

    public async Task<Image> ImportAsync(Stream root, ImportOptions options, CancellationToken cancel)
    {
        await root.CopyToAsync(Stream.Null, cancel);
        return Add(options.Name ?? "imported:latest");
    }

    public IReadOnlyList<HistoryItem> History(string nameOrId) => [new(DateTimeOffset.UnixEpoch.AddYears(50), "CMD [\"sh\"]", 4_000_000, "")];

    public Image Tag(string nameOrId, string name)
    {
        var image = Find(nameOrId) ?? throw HyprException.NotFound($"No such image: {nameOrId}");
        lock (_images)
        {
            _images.Remove(image);
            _images.Add(image = image with { Tags = [.. image.Tags, name] });
        }

        return image;
    }

    public Image? Find(string named)
    {
        var nameOrId = Short(named);
        lock (_images)
        {
            return _images.Find(i => i.Id == nameOrId || i.Tags.Contains(nameOrId) || i.Tags.Contains(nameOrId + ":latest")
                || (nameOrId.Length >= 4 && i.Id.StartsWith("sha256:" + nameOrId, StringComparison.Ordinal)));
        }
    }

    public IReadOnlyList<Image> List()
    {
        lock (_images)
        {
            return [.. _images];
        }
    }

    public IReadOnlyList<string> Check() => [];

    public IReadOnlyList<ImageRemoval> Remove(string nameOrId, bool force, Func<string, IReadOnlyList<string>> inUseBy)
    {
        var image = Find(nameOrId) ?? throw HyprException.NotFound($"No such image: {nameOrId}");
        if (inUseBy(image.Id) is { Count: > 0 } users && !force)
        {
            throw HyprException.Conflict($"conflict: unable to remove {nameOrId}: used by {users[0]}");
        }

        lock (_images)
        {
            _images.Remove(image);
        }

        return [.. image.Tags.Select(t => new ImageRemoval(t, null)), new ImageRemoval(null, image.Id)];
    }

    /// <summary>docker 28.2 sends the whole name.</summary>
    private static string Short(string name) => name.StartsWith("docker.io/library/", StringComparison.Ordinal) ? name["docker.io/library/".Length..] : name;

    private Image Add(string name)
    {
        var image = new Image(
            "sha256:" + ObjectId.New(), [name], [], DateTimeOffset.UnixEpoch.AddYears(50), 4_000_000, "amd64", "linux",
            new ImageConfig { Env = ["PATH=/usr/bin:/bin"], Cmd = ["sh"], ExposedPorts = ["80/tcp"], Labels = new Dictionary<string, string> { ["kind"] = "test" } }, [], "/dev/null");
        lock (_images)
        {
            _images.Add(image);
        }

        return image;
    }
}
