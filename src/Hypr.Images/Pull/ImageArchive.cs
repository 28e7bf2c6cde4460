using System.Security.Cryptography;
using Hypr.Images.Layers;
using Hypr.Images.Store;
using Hypr.Tar;

namespace Hypr.Images.Pull;

/// <summary>An archive of images, its plain tar in a file: its members by name.</summary>
internal sealed class ImageArchive : IDisposable
{
    private const int MaxLinks = 8;
    private const int MaxDocument = 8 << 20;
    private const int MaxMembers = 100_000;

    private readonly LayerIndex _tar;
    private readonly Dictionary<string, TarEntry> _members = new(StringComparer.Ordinal);

    private ImageArchive(LayerIndex tar)
    {
        _tar = tar;
        foreach (var entry in tar.Entries)
            _members[Clean(entry.Name)] = entry;
    }

    public static ImageArchive Open(string file, string temporary, Action<long> unpacked, CancellationToken cancel) =>
        new(LayerIndex.Read(file, default, temporary, MaxMembers, (bytes, _) => unpacked(bytes), cancel));

    public bool Has(string name) => Member(name) is not null;

    /// <summary>A JSON document.</summary>
    public byte[] Read(string name)
    {
        var member = Required(name);
        if (member.Size > MaxDocument)
            throw new MalformedException($"its member {TarEntry.Show(name)} has {member.Size} bytes, more than {MaxDocument}");
        var bytes = new byte[member.Size];
        var have = 0;
        while (have < bytes.Length)
        {
            var count = RandomAccess.Read(_tar.Tar.SafeFileHandle, bytes.AsSpan(have), member.DataOffset + have);
            have += count > 0 ? count : throw new EndOfStreamException("the archive became shorter while it was read");
        }

        return bytes;
    }

    /// <summary>Copies a member to a file, synced; its digest and size.</summary>
    public async Task<(Digest Digest, long Size)> CopyAsync(string name, string to, CancellationToken cancel)
    {
        var member = Required(name);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        await using var file = new FileStream(to, FileMode.CreateNew, FileAccess.Write, FileShare.Read | FileShare.Delete, 0);
        var buffer = new byte[1 << 20];
        for (long have = 0; have < member.Size;)
        {
            var count = await RandomAccess.ReadAsync(_tar.Tar.SafeFileHandle, buffer.AsMemory(0, (int)Math.Min(buffer.Length, member.Size - have)), member.DataOffset + have, cancel)
                .ConfigureAwait(false);
            if (count == 0)
                throw new EndOfStreamException("the archive became shorter while it was read");
            hash.AppendData(buffer, 0, count);
            await file.WriteAsync(buffer.AsMemory(0, count), cancel).ConfigureAwait(false);
            have += count;
        }

        file.Flush(flushToDisk: true);
        return (Digest.FromHash(hash.GetHashAndReset()), member.Size);
    }

    public long SizeOf(string name) => Required(name).Size;

    public void Dispose() => _tar.Dispose();

    private TarEntry Required(string name) => Member(name) ?? throw new MalformedException($"it has no member {TarEntry.Show(name)}");

    /// <summary>Old <c>docker save</c> writes a layer that two images share once, and symbolic links to it.</summary>
    private TarEntry? Member(string name)
    {
        var at = Clean(name);
        for (var links = 0; links < MaxLinks && _members.TryGetValue(at, out var member); links++)
        {
            if (member.Type == TarType.File && member.Extents is null)
                return member;
            if (member.Type == TarType.HardLink)
                at = Clean(member.LinkName);
            else if (member.Type == TarType.Symlink)
                at = Clean(at[..(at.LastIndexOf('/') + 1)] + member.LinkName);
            else
                return null;
        }

        return null;
    }

    private static string Clean(string name)
    {
        var parts = new List<string>();
        foreach (var part in name.Split('/'))
        {
            if (part == ".." && parts.Count > 0)
                parts.RemoveAt(parts.Count - 1);
            else if (part is not ("" or "." or ".."))
                parts.Add(part);
        }

        return string.Join('/', parts);
    }
}
