using System.Security.Cryptography;
using System.Text.Json;
using Hypr.Images.Registry;
using Hypr.Images.Store;
using Hypr.Primitives;
using Hypr.Tar;

namespace Hypr.Images.Save;

/// <summary>
/// Docker's <c>save</c>: one archive that is docker's (manifest.json) and an OCI layout (index.json) at once, as Docker writes it since 25. The layers are the blobs
/// as they came, so nothing is lost or made anew.
/// </summary>
internal sealed class SaveImages(ImageFiles files, ImageTable table)
{
    private const string ContainerdName = "io.containerd.image.name";
    private const string RefName = "org.opencontainers.image.ref.name";

    public Task RunAsync(IReadOnlyList<string> names, Stream to, CancellationToken cancel)
    {
        // 1. Everything is there, before the first byte goes out.
        var chosen = Choose(names);
        var pin = files.Pin(chosen.SelectMany(c => c.Record.Layers.Select(l => l.Digest).Append(c.Id)).Select(d => d["sha256:".Length..]));
        try
        {
            foreach (var blob in chosen.SelectMany(c => c.Record.Layers.Select(l => l.Digest).Append(c.Id)).Select(Parsed))
            {
                if (!files.HasBlob(blob))
                    throw HyprException.Unavailable($"the blob {blob} is missing in {files.Blob(blob)}: pull the image again");
            }

            // 2. What describes them, then the blobs, each once.
            return Task.Run(
                () =>
                {
                    using (pin)
                        Write(chosen, to, cancel);
                },
                CancellationToken.None);
        }
        catch
        {
            pin.Dispose();
            throw;
        }
    }

    private List<Chosen> Choose(IReadOnlyList<string> names)
    {
        var chosen = new Dictionary<string, Chosen>(StringComparer.Ordinal);
        foreach (var name in names)
        {
            var found = table.Named(name);
            if (found.Count == 0)
                throw HyprException.NotFound($"No such image: {name}");
            foreach (var (id, record, reference) in found)
            {
                if (!chosen.TryGetValue(id, out var image))
                    chosen.Add(id, image = new Chosen(id, record, []));
                if (reference is { Digest: null } && !image.Names.Contains(reference))
                    image.Names.Add(reference);
            }
        }

        return [.. chosen.Values];
    }

    private void Write(List<Chosen> images, Stream to, CancellationToken cancel)
    {
        var tar = new TarEncoder(to, cancel);
        Folder(tar, "blobs");
        Folder(tar, "blobs/sha256");
        var written = new HashSet<string>();
        var index = new List<Descriptor>();
        var archive = new List<ArchiveJson>();
        foreach (var image in images)
        {
            foreach (var layer in image.Record.Layers.Select(l => Parsed(l.Digest)).Append(Parsed(image.Id)))
            {
                if (written.Add(layer.Hex))
                    Blob(tar, layer);
            }

            var manifest = Manifest(image);
            var digest = Digest.FromHash(SHA256.HashData(manifest));
            if (written.Add(digest.Hex))
                Document(tar, Path(digest), manifest);
            var descriptor = new Descriptor { MediaType = MediaTypes.OciManifest, Digest = digest.ToString(), Size = manifest.Length };
            index.AddRange(image.Names.Count == 0 ? [descriptor] : image.Names.Select(n => descriptor with { Annotations = Annotations(n) }));
            archive.Add(new ArchiveJson
            {
                Config = Path(Parsed(image.Id)),
                RepoTags = image.Names.Count == 0 ? null : [.. image.Names.Select(n => n.Familiar)],
                Layers = [.. image.Record.Layers.Select(l => Path(Parsed(l.Digest)))],
            });
        }

        var layout = new ManifestJson { SchemaVersion = 2, MediaType = MediaTypes.OciIndex, Manifests = index };
        Document(tar, "index.json", JsonSerializer.SerializeToUtf8Bytes(layout, DocumentContext.Default.ManifestJson));
        Document(tar, "manifest.json", JsonSerializer.SerializeToUtf8Bytes(archive, DocumentContext.Default.ListArchiveJson));
        Document(tar, "oci-layout", "{\"imageLayoutVersion\":\"1.0.0\"}"u8.ToArray());
        tar.End();
    }

    /// <summary>The layout's name is the tag alone: tools take it for the whole name otherwise (image-spec, annotations.md).</summary>
    private static Dictionary<string, string> Annotations(ImageReference name) =>
        new() { [ContainerdName] = name.Canonical, [RefName] = name.Canonical[(name.Canonical.LastIndexOf(':') + 1)..] };

    private byte[] Manifest(Chosen image) => JsonSerializer.SerializeToUtf8Bytes(
        new ManifestJson
        {
            SchemaVersion = 2,
            MediaType = MediaTypes.OciManifest,
            Config = new Descriptor { MediaType = MediaTypes.OciConfig, Digest = image.Id, Size = SizeOf(Parsed(image.Id)) },
            Layers = [.. image.Record.Layers.Select(l => new Descriptor { MediaType = BlobPacking.MediaTypeOf(files.Blob(Parsed(l.Digest))), Digest = l.Digest, Size = l.Size })],
        },
        DocumentContext.Default.ManifestJson);

    private long SizeOf(Digest blob) => new FileInfo(files.Blob(blob)).Length;

    private void Blob(TarEncoder tar, Digest digest)
    {
        using var file = File.OpenHandle(files.Blob(digest), FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, FileOptions.SequentialScan);
        var size = RandomAccess.GetLength(file);
        tar.WriteHeader(Entry(Path(digest), size));
        for (long at = 0; at < size;)
        {
            var room = tar.Room();
            var count = RandomAccess.Read(file, room[..(int)Math.Min(room.Length, size - at)], at);
            if (count == 0)
                throw new EndOfStreamException($"the blob {digest} became shorter while it was read");
            tar.Advance(count);
            at += count;
        }

        tar.PadBlock(size);
    }

    private static void Document(TarEncoder tar, string name, byte[] json)
    {
        tar.WriteHeader(Entry(name, json.Length));
        tar.Put(json);
        tar.PadBlock(json.Length);
    }

    private static void Folder(TarEncoder tar, string name) => tar.WriteHeader(new TarEntry { Name = name, Type = TarType.Directory, Mode = 0x1ED });

    private static TarEntry Entry(string name, long size) => new() { Name = name, Type = TarType.File, Mode = 0x1A4, Size = size };

    private static string Path(Digest digest) => $"blobs/sha256/{digest.Hex}";

    private static Digest Parsed(string digest) => Digest.OfHex(digest["sha256:".Length..]);

    private sealed record Chosen(string Id, ImageRecord Record, List<ImageReference> Names);
}
