using System.Security.Cryptography;
using Hypr.Images.Store;
using Hypr.Tar;

namespace Hypr.Images.Layers;

/// <summary>A layer read through: its entries, and a file with its plain tar where their data is.</summary>
internal sealed class LayerIndex : IDisposable
{
    private readonly string? _owned;

    private LayerIndex(IReadOnlyList<TarEntry> entries, FileStream tar, string? owned, Digest diffId, long size)
    {
        Entries = entries;
        Tar = tar;
        _owned = owned;
        DiffId = diffId;
        UnpackedSize = size;
    }

    public IReadOnlyList<TarEntry> Entries { get; }

    public FileStream Tar { get; }

    public Digest DiffId { get; }

    public long UnpackedSize { get; }

    /// <summary>
    /// Unpacks <paramref name="blob"/> (gzip, zstd or plain: told by its first bytes, as Docker does) to <paramref name="temporary"/>, which goes with this object.
    /// A plain tar is used where it is.
    /// </summary>
    /// <param name="progress">Called with the bytes unpacked and the bytes of the blob read so far; throws to stop it.</param>
    /// <exception cref="MalformedException">It is no tar, a damaged one or a bomb.</exception>
    public static LayerIndex Read(string blob, Digest digest, string temporary, int maxEntries, Action<long, long> progress, CancellationToken cancel)
    {
        var file = new FileStream(blob, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, 0, FileOptions.SequentialScan);
        FileStream? copy = null;
        void Unpacked(long bytes) => progress(bytes, file.Position);
        try
        {
            using var tar = Packing.Unpack(file);
            if (tar is null)
            {
                var source = new LayerSource(file, null, null, Unpacked, cancel);
                var plain = ReadEntries(source, maxEntries);
                return new LayerIndex(plain, file, null, digest, source.Position);
            }

            copy = new FileStream(temporary, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.Read | FileShare.Delete, 0);
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            var unpacking = new LayerSource(tar, hash, copy, Unpacked, cancel);
            var entries = ReadEntries(unpacking, maxEntries);
            file.Dispose();
            return new LayerIndex(entries, copy, temporary, Digest.FromHash(hash.GetHashAndReset()), unpacking.Position);
        }
        catch
        {
            file.Dispose();
            if (copy is not null)
            {
                copy.Dispose();
                File.Delete(temporary);
            }

            throw;
        }
    }

    public void Dispose()
    {
        Tar.Dispose();
        if (_owned is not null)
            File.Delete(_owned);
    }

    private static List<TarEntry> ReadEntries(LayerSource source, int maxEntries)
    {
        var reader = new TarReader(source);
        var entries = new List<TarEntry>();
        while (reader.Next() is { } entry)
        {
            if (entries.Count == maxEntries)
                throw new MalformedException($"it has more than {maxEntries} entries, a tar bomb");
            entries.Add(entry);
        }

        return entries;
    }
}
