namespace Hypr.Images;

/// <summary>
/// Images as the engine sees them. Every failure is a <see cref="Hypr.Primitives.HyprException"/>: unknown image, tag or platform
/// (NotFound), registry down or slow (Unavailable), a digest that does not match (Unavailable, naming both digests), a bad name (InvalidParameter).
/// </summary>
public interface IImageService
{
    /// <summary>
    /// Pulls what <paramref name="reference"/> names (Docker's short names allowed: <c>nginx</c> is docker.io/library/nginx:latest), builds its squashfs and
    /// records it. Cancelled or failed: nothing of it stays but whole, verified blobs, which a later pull takes up.
    /// </summary>
    Task<Image> PullAsync(string reference, PullOptions options, CancellationToken cancel);

    /// <summary>Docker's <c>login</c>: tries credentials at a registry; an identity token where it gives one. Unauthorized when it does not take them.</summary>
    /// <param name="server">Empty: Docker Hub.</param>
    Task<string?> LoginAsync(string server, RegistryCredentials credentials, CancellationToken cancel);

    /// <summary>
    /// Docker's <c>load</c>: the images of a tar that <c>docker save</c> or an OCI layout's tool wrote, itself plain, gzip or zstd. All of its images or none.
    /// InvalidParameter: it is no such archive, or a damaged one.
    /// </summary>
    Task<IReadOnlyList<LoadedImage>> LoadAsync(Stream archive, CancellationToken cancel);

    /// <summary>
    /// Docker's <c>save</c>: an archive that <see cref="LoadAsync"/>, docker load and tools of OCI layouts take. A name without a tag stands for all tags. NotFound comes before
    /// the first byte.
    /// </summary>
    Task SaveAsync(IReadOnlyList<string> names, Stream to, CancellationToken cancel);

    /// <summary>Docker's <c>import</c>: an image of one layer, a tar of a root file system, itself plain, gzip or zstd.</summary>
    Task<Image> ImportAsync(Stream root, ImportOptions options, CancellationToken cancel);

    /// <summary>What made the image, newest first.</summary>
    IReadOnlyList<HistoryItem> History(string nameOrId);

    /// <summary>By full id, then name (tag <c>latest</c> implied) or name@digest, then unique id prefix. Null when there is none; ambiguous prefix: InvalidParameter.</summary>
    Image? Find(string nameOrId);

    IReadOnlyList<Image> List();

    /// <summary>Docker's <c>tag</c>: one more name for an image; another image that had it loses it.</summary>
    Image Tag(string nameOrId, string name);

    /// <summary>Docker's <c>rmi</c>: removes the name, and the image with its last name. <paramref name="inUseBy"/> gives the machines that use an image id.</summary>
    IReadOnlyList<ImageRemoval> Remove(string nameOrId, bool force, Func<string, IReadOnlyList<string>> inUseBy);

    /// <summary>Images whose root file system is missing, a sentence each. Changes nothing.</summary>
    IReadOnlyList<string> Check();
}

/// <param name="Platform"><c>linux/amd64</c>, <c>linux/arm64/v8</c>; null: the host's.</param>
/// <param name="Progress">Called in order, from one thread at a time.</param>
public sealed record PullOptions(string? Platform, IProgress<PullProgress>? Progress, RegistryCredentials? Credentials = null);

public sealed record RegistryCredentials(string? Username, string? Password, string? IdentityToken);

/// <summary>One line of Docker's progress stream.</summary>
/// <param name="Id">The layer's 12 digits, or the tag; null for a line of the whole pull.</param>
/// <param name="Status">Docker's words: "Pulling fs layer", "Downloading", "Download complete", "Extracting", "Pull complete", "Already exists", ...</param>
public sealed record PullProgress(string? Id, string Status, long? Current = null, long? Total = null);

/// <param name="Name">Null: it gets none.</param>
/// <param name="Platform">Null: the host's.</param>
public sealed record ImportOptions(string? Name, ImageConfig Config)
{
    public string? Platform { get; init; }
    public string? Author { get; init; }
    public string? Comment { get; init; }
    public string? CreatedBy { get; init; }
}

/// <param name="Size">Of its layer, uncompressed; 0 when it made none.</param>
public sealed record HistoryItem(DateTimeOffset? Created, string CreatedBy, long Size, string Comment);

/// <param name="Names">As Docker shows them; none when the archive gives it no name.</param>
public sealed record LoadedImage(Image Image, IReadOnlyList<string> Names);

/// <summary>Docker's answer to rmi: exactly one of the two is set.</summary>
public sealed record ImageRemoval(string? Untagged, string? Deleted);
