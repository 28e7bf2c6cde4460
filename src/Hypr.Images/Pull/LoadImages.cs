using Hypr.Images.Registry;
using Hypr.Images.Store;
using Hypr.Primitives;
using Hypr.Tar;

namespace Hypr.Images.Pull;

/// <summary>The use case: from a tar of <c>docker save</c> (manifest.json) or of an OCI layout (index.json) to images that are here.</summary>
internal sealed class LoadImages(ImageFiles files, ImageTable table, RootFsBuild build)
{
    private const long SpaceCheckEvery = 64L << 20;
    private const string RefName = "org.opencontainers.image.ref.name";
    private const string ContainerdName = "io.containerd.image.name";

    public async Task<IReadOnlyList<LoadedImage>> RunAsync(Stream stream, CancellationToken cancel)
    {
        var spool = files.Temporary();
        try
        {
            // 1. To a file: members are needed in another order than they come.
            await SpoolAsync(stream, spool, cancel).ConfigureAwait(false);
            using var archive = await Task.Run(() => ImageArchive.Open(spool, files.Temporary(), new SpaceGuard(files).Written, cancel), cancel).ConfigureAwait(false);

            // 2. What it holds.
            var sources = archive.Has("manifest.json") ? DockerImages(archive)
                : archive.Has("index.json") ? LayoutImages(archive)
                : throw new MalformedException("it has neither manifest.json (docker save) nor index.json (an OCI layout)");
            if (sources.Count == 0)
                throw new MalformedException("there is no image in it");

            // 3. Everything is built before anything gets a name.
            var built = new List<(ImageDescription Description, IReadOnlyList<LayerRecord> Layers, Digest? Manifest, IReadOnlyList<ImageReference> Names)>();
            var pins = new List<IDisposable>();
            try
            {
                foreach (var source in sources)
                    built.Add(await BuildAsync(archive, source, pins, cancel).ConfigureAwait(false));
                return [.. built.Select(b => new LoadedImage(
                    table.Add(b.Description.Id, b.Description.Record(b.Layers, b.Manifest), b.Names).Image, [.. b.Names.Select(n => n.Familiar)]))];
            }
            finally
            {
                foreach (var pin in pins)
                    pin.Dispose();
            }
        }
        catch (MalformedException e)
        {
            throw HyprException.Invalid($"cannot load the archive: {e.Message}");
        }
        finally
        {
            File.Delete(spool);
        }
    }

    private async Task SpoolAsync(Stream stream, string to, CancellationToken cancel)
    {
        var guard = new SpaceGuard(files);
        await using var file = new FileStream(to, FileMode.CreateNew, FileAccess.Write, FileShare.Read | FileShare.Delete, 0);
        var buffer = new byte[1 << 20];
        int count;
        while ((count = await stream.ReadAsync(buffer, cancel).ConfigureAwait(false)) > 0)
        {
            await file.WriteAsync(buffer.AsMemory(0, count), cancel).ConfigureAwait(false);
            guard.Written(file.Position);
        }
    }

    private static List<Source> DockerImages(ImageArchive archive) =>
    [
        .. Json.Parse(archive.Read("manifest.json"), DocumentContext.Default.ListArchiveJson, "its manifest.json").Select(item => new Source(
            item.Config ?? throw new MalformedException("its manifest.json names no configuration"), item.Layers ?? [], null,
            [.. (item.RepoTags ?? []).Select(Name)])),
    ];

    private static List<Source> LayoutImages(ImageArchive archive)
    {
        var index = Json.Parse(archive.Read("index.json"), DocumentContext.Default.ManifestJson, "its index.json");
        var all = index.Manifests ?? [];
        // Of several platforms that of this host; an image that does not say is looked at.
        var fitting = all.Where(m => m.Platform is not { Os: { } os, Architecture: { } architecture } || Platform.Host.Accepts(Platform.Of(os, architecture, m.Platform.Variant))).ToList();
        if (fitting.Count == 0 && all.Count > 0)
            throw new MalformedException($"no matching manifest for {Platform.Host} in the manifest list entries");
        return [.. fitting.Select(m => LayoutImage(archive, m))];
    }

    private static Source LayoutImage(ImageArchive archive, Descriptor descriptor)
    {
        var chosen = descriptor;
        for (var depth = 0; depth < 3; depth++)
        {
            var reference = BlobRef.Of(chosen, "the archive");
            var bytes = archive.Read(Path(reference.Digest));
            var digest = Digest.FromHash(System.Security.Cryptography.SHA256.HashData(bytes));
            if (digest != reference.Digest)
                throw new MalformedException($"its manifest should be {reference.Digest}, it is {digest}");
            var json = Json.Parse(bytes, DocumentContext.Default.ManifestJson, $"its manifest {digest}");
            if (!ImageManifest.IsIndex(json, chosen.MediaType))
            {
                var manifest = ImageManifest.Of(json, digest, "the archive");
                return new Source(Path(manifest.Config.Digest), [.. manifest.Layers.Select(l => Path(l.Digest))], digest, Names(descriptor));
            }

            chosen = ImageManifest.Choose(json, Platform.Host);
        }

        throw new MalformedException("its manifest lists are nested too deeply");
    }

    /// <summary>Tools write the whole name into the layout; a bare tag names nothing.</summary>
    private static List<ImageReference> Names(Descriptor descriptor)
    {
        var name = descriptor.Annotations?.GetValueOrDefault(ContainerdName) ?? descriptor.Annotations?.GetValueOrDefault(RefName);
        return name is not null && name.AsSpan().ContainsAny(':', '/') ? [Name(name)] : [];
    }

    private static ImageReference Name(string text) =>
        ImageReference.TryParse(text, out var error) is { Digest: null } name ? name : throw new MalformedException($"it gives an image a wrong name: {(error.Length > 0 ? error : text)}");

    private async Task<(ImageDescription Description, IReadOnlyList<LayerRecord> Layers, Digest? Manifest, IReadOnlyList<ImageReference> Names)> BuildAsync(
        ImageArchive archive, Source source, List<IDisposable> pins, CancellationToken cancel)
    {
        var name = source.Names is [var first, ..] ? first.Familiar : "the archive's image";
        var config = await ImportAsync(archive, source.Config, pins, cancel).ConfigureAwait(false);
        var description = ImageDescription.Parse(archive.Read(source.Config), config.Digest, source.Layers.Count, name);
        if (!Platform.Host.Accepts(description.Platform))
            throw new MalformedException($"{name} is for {description.Platform}, and this host runs {Platform.Host}");
        pins.Add(table.HoldRoot(description.ChainId));
        var layers = new List<BlobRef>();
        foreach (var layer in source.Layers)
            layers.Add(await ImportAsync(archive, layer, pins, cancel).ConfigureAwait(false));
        var records = await build.RunAsync(description, layers, [.. layers.Select(_ => Task.CompletedTask)], name, static _ => { }, cancel).ConfigureAwait(false);
        return (description, records, source.Manifest, source.Names);
    }

    /// <summary>Makes a member a blob. Its digest is its contents'; where its path claims one, that must be it.</summary>
    private async Task<BlobRef> ImportAsync(ImageArchive archive, string member, List<IDisposable> pins, CancellationToken cancel)
    {
        files.RequireSpace(archive.SizeOf(member), "the archive");
        var temporary = files.Temporary();
        try
        {
            var (digest, size) = await archive.CopyAsync(member, temporary, cancel).ConfigureAwait(false);
            if (member.StartsWith("blobs/sha256/", StringComparison.Ordinal) && Path(digest) != member)
                throw new MalformedException($"its member {TarEntry.Show(member)} has other contents than its name says: {digest}");
            pins.Add(files.Pin([digest.Hex]));
            if (!files.HasBlob(digest))
                files.KeepBlob(temporary, digest);
            return new BlobRef(digest, size, null);
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    private static string Path(Digest digest) => $"blobs/sha256/{digest.Hex}";

    /// <param name="Config">Members of the archive.</param>
    private sealed record Source(string Config, IReadOnlyList<string> Layers, Digest? Manifest, IReadOnlyList<ImageReference> Names);

    /// <summary>Looks at the disk now and then.</summary>
    private sealed class SpaceGuard(ImageFiles files)
    {
        private long _next = SpaceCheckEvery;

        public void Written(long bytes)
        {
            if (bytes < _next)
                return;
            _next = bytes + SpaceCheckEvery;
            files.RequireSpace(SpaceCheckEvery, "the archive");
        }
    }
}
