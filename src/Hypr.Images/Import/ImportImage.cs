using System.Security.Cryptography;
using System.Text.Json;
using Hypr.Images.Pull;
using Hypr.Images.Registry;
using Hypr.Images.Store;
using Hypr.Primitives;
using Hypr.Tar;

namespace Hypr.Images.Import;

/// <summary>The use case: from a tar of a root file system to an image of one layer.</summary>
internal sealed class ImportImage(ImageFiles files, ImageTable table, RootFsBuild build, TimeProvider clock)
{
    private const long SpaceCheckEvery = 64L << 20;

    public async Task<Image> RunAsync(Stream root, ImportOptions options, CancellationToken cancel)
    {
        var name = options.Name is null ? null : ImageReference.Parse(options.Name);
        if (name is { Digest: not null })
            throw HyprException.Invalid("cannot import digest reference");
        var pins = new List<IDisposable>();
        var spool = files.Temporary();
        try
        {
            // 1. The tar is the layer, as it comes: packed or not.
            var (digest, size) = await SpoolAsync(root, spool, cancel).ConfigureAwait(false);
            var diffId = await Task.Run(() => DiffIdOf(spool, digest, cancel), cancel).ConfigureAwait(false);
            pins.Add(files.Pin([digest.Hex]));
            if (!files.HasBlob(digest))
                files.KeepBlob(spool, digest);

            // 2. Its configuration, which is the image.
            var json = JsonSerializer.SerializeToUtf8Bytes(Configuration(options, diffId), DocumentContext.Default.ConfigJson);
            var id = Digest.FromHash(SHA256.HashData(json));
            pins.Add(files.Pin([id.Hex]));
            await KeepAsync(json, id, cancel).ConfigureAwait(false);

            // 3. As a loaded one from here on.
            var shown = name?.Familiar ?? id.Short;
            var description = ImageDescription.Parse(json, id, 1, shown);
            pins.Add(table.HoldRoot(description.ChainId));
            var layers = await build.RunAsync(description, [new BlobRef(digest, size, null)], [Task.CompletedTask], shown, static _ => { }, cancel).ConfigureAwait(false);
            return table.Add(id, description.Record(layers, null), name is null ? [] : [name]).Image;
        }
        catch (MalformedException e)
        {
            throw HyprException.Invalid($"cannot import the archive: {e.Message}");
        }
        finally
        {
            File.Delete(spool);
            foreach (var pin in pins)
                pin.Dispose();
        }
    }

    private async Task<(Digest Digest, long Size)> SpoolAsync(Stream root, string to, CancellationToken cancel)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        await using var file = new FileStream(to, FileMode.CreateNew, FileAccess.Write, FileShare.Read | FileShare.Delete, 0);
        var buffer = new byte[1 << 20];
        var next = SpaceCheckEvery;
        int count;
        while ((count = await root.ReadAsync(buffer, cancel).ConfigureAwait(false)) > 0)
        {
            hash.AppendData(buffer, 0, count);
            await file.WriteAsync(buffer.AsMemory(0, count), cancel).ConfigureAwait(false);
            if (file.Position < next)
                continue;
            next = file.Position + SpaceCheckEvery;
            files.RequireSpace(SpaceCheckEvery, "the archive");
        }

        file.Flush(flushToDisk: true);
        return (Digest.FromHash(hash.GetHashAndReset()), file.Position);
    }

    private static Digest DiffIdOf(string path, Digest digest, CancellationToken cancel)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, 0, FileOptions.SequentialScan);
        using var plain = Layers.Packing.Unpack(file);
        if (plain is null)
            return digest;
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[256 << 10];
        try
        {
            int count;
            while ((count = plain.Read(buffer, 0, buffer.Length)) > 0)
            {
                cancel.ThrowIfCancellationRequested();
                hash.AppendData(buffer, 0, count);
            }
        }
        catch (Exception e) when (e is InvalidDataException or ZstdSharp.ZstdException or EndOfStreamException)
        {
            throw new MalformedException($"it cannot be unpacked ({e.Message.TrimEnd('.')})", e);
        }

        return Digest.FromHash(hash.GetHashAndReset());
    }

    private ConfigJson Configuration(ImportOptions options, Digest diffId)
    {
        var now = clock.GetUtcNow().UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'", System.Globalization.CultureInfo.InvariantCulture);
        var platform = options.Platform is { Length: > 0 } text ? Platform.Parse(text) : Platform.Host;
        return new ConfigJson
        {
            Created = now,
            Author = options.Author,
            Architecture = platform.Architecture,
            Os = platform.Os,
            Variant = platform.Variant,
            Config = RunJson.Of(options.Config),
            RootFs = new RootFsJson { Type = "layers", DiffIds = [diffId.ToString()] },
            History = [new HistoryJson { Created = now, CreatedBy = options.CreatedBy, Author = options.Author, Comment = options.Comment }],
        };
    }

    private async Task KeepAsync(byte[] json, Digest id, CancellationToken cancel)
    {
        if (files.HasBlob(id))
            return;
        var temporary = files.Temporary();
        try
        {
            await using (var file = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write))
            {
                await file.WriteAsync(json, cancel).ConfigureAwait(false);
                file.Flush(flushToDisk: true);
            }

            files.KeepBlob(temporary, id);
        }
        finally
        {
            File.Delete(temporary);
        }
    }
}
