using Hypr.Linux;
using Hypr.Linux.Files;
using Microsoft.Win32.SafeHandles;

namespace Hypr.Tar;

/// <summary>
/// Puts the entries of a tar into a folder. Nothing gets out of it: a name or hard link that climbs above it is refused, and no symbolic link is followed on
/// the way to a name, whether the tar brought it or it was there. Existing files are replaced, existing folders are kept.
/// </summary>
public sealed class TreeUnpacker(Folder into)
{
    private readonly List<(string Path, uint ModifiedAt)> _folders = [];

    /// <summary>Null: what is made belongs to who makes it.</summary>
    public Func<TarEntry, (uint User, uint Group)>? Owner { get; init; }

    /// <summary>Devices are made; else refused.</summary>
    public bool MakeDevices { get; init; }

    /// <summary>Docker's noOverwriteDirNonDir: a folder is not replaced by something else, nor the other way round.</summary>
    public bool KeepFolders { get; init; }

    /// <summary>The name under which an entry is put; null: it is left out.</summary>
    public Func<string, string?> Rename { get; init; } = static name => name;

    /// <exception cref="MalformedException">A damaged tar, or an entry that is refused.</exception>
    /// <exception cref="LinuxException">The file system refuses.</exception>
    public void Unpack(ITarSource tar)
    {
        var reader = new TarReader(tar);
        while (reader.Next() is { } entry)
        {
            if (Rename(entry.Name) is { } name)
                Put(entry, Parts(name, entry.Name), reader);
        }

        // What was put into a folder changed its time.
        for (var i = _folders.Count - 1; i >= 0; i--)
            InParent(Parts(_folders[i].Path, ""), (parent, name) => parent.SetModified(name, _folders[i].ModifiedAt));
    }

    private void Put(TarEntry entry, string[] parts, TarReader reader)
    {
        if (parts.Length == 0)
            return;
        InParent(parts, (parent, name) => Put(entry, parent, name, parts, reader));
    }

    private void Put(TarEntry entry, Folder parent, string name, string[] parts, TarReader reader)
    {
        var isFolder = entry.Type == TarType.Directory;
        if (parent.StatusOf(name) is { } there)
        {
            var wasFolder = there.Type == FileStatus.Folder;
            if (KeepFolders && wasFolder != isFolder)
            {
                throw new MalformedException(wasFolder
                    ? $"cannot overwrite directory \"{TarEntry.Show(entry.Name)}\" with non-directory"
                    : $"cannot overwrite non-directory \"{TarEntry.Show(entry.Name)}\" with directory");
            }

            if (!(wasFolder && isFolder))
                parent.Remove(name);
        }

        switch (entry.Type)
        {
            case TarType.Directory:
                if (parent.StatusOf(name) is null)
                    parent.MakeFolder(name, 0x1C0);
                break;
            case TarType.File:
                using (var file = parent.MakeFile(name, 0x180))
                    WriteData(entry, file, reader);
                break;
            case TarType.Symlink:
                parent.MakeLink(entry.LinkName, name);
                break;
            case TarType.HardLink:
                var target = Parts(Rename(entry.LinkName) ?? throw Refused(entry, "is a hard link to what was left out"), entry.Name);
                if (target.Length == 0)
                    throw Refused(entry, "is a hard link to a folder");
                InParent(target, (from, existing) => parent.MakeHardLink(from, existing, name), make: false);
                return;
            case TarType.Fifo:
                parent.MakeNode(name, FileStatus.Fifo | 0x180, 0, 0);
                break;
            case TarType.CharDevice or TarType.BlockDevice:
                if (!MakeDevices)
                    throw Refused(entry, "is a device");
                parent.MakeNode(name, (entry.Type == TarType.CharDevice ? FileStatus.CharDevice : FileStatus.BlockDevice) | 0x180, entry.Major, entry.Minor);
                break;
        }

        // The owner first: a change of owner takes set-user-id away.
        if (Owner is { } owner)
        {
            var (user, group) = owner(entry);
            parent.SetOwner(name, user, group);
        }

        if (entry.Type == TarType.Symlink)
            return;
        // Who made it is not who owned it: set-user-id would be another user's.
        parent.SetMode(name, (uint)entry.Mode & (Owner is null ? 0x1FFu : 0xFFFu));
        if (isFolder)
            _folders.Add((string.Join('/', parts), entry.ModifiedAt));
        else
            parent.SetModified(name, entry.ModifiedAt);
    }

    private void WriteData(TarEntry entry, SafeFileHandle file, TarReader reader)
    {
        var buffer = new byte[64 << 10];
        foreach (var extent in entry.Extents ?? [new Extent(0, entry.Size)])
        {
            for (long done = 0; done < extent.Length;)
            {
                var count = reader.ReadData(buffer.AsSpan(0, (int)Math.Min(buffer.Length, extent.Length - done)));
                RandomAccess.Write(file, buffer.AsSpan(0, count), extent.Offset + done);
                done += count;
            }
        }

        if (entry.Extents is not null)
            RandomAccess.SetLength(file, entry.Size);
        foreach (var xattr in Owner is null ? [] : entry.Xattrs ?? [])
            Folder.TrySetAttribute(file, xattr.Name, xattr.Value);
    }

    /// <summary>Opens folder by folder; what is missing on the way is made, as Docker does.</summary>
    private void InParent(string[] parts, Action<Folder, string> action, bool make = true)
    {
        var at = into;
        try
        {
            foreach (var part in parts.AsSpan(..^1))
            {
                var next = at.TryEnter(part);
                if (next is null && make && at.StatusOf(part) is null)
                {
                    at.MakeFolder(part, 0x1ED);
                    next = at.TryEnter(part);
                }

                if (next is null)
                    throw new MalformedException($"{TarEntry.Show(string.Join('/', parts))} leads through {TarEntry.Show(part)}, which is no folder");
                if (at != into)
                    at.Dispose();
                at = next;
            }

            action(at, parts[^1]);
        }
        finally
        {
            if (at != into)
                at.Dispose();
        }
    }

    private static string[] Parts(string name, string shown)
    {
        var parts = name.Split('/', StringSplitOptions.RemoveEmptyEntries).Where(static part => part != ".").ToArray();
        return parts.Contains("..") ? throw new MalformedException($"the entry {TarEntry.Show(shown)} climbs out of its folder") : parts;
    }

    private static MalformedException Refused(TarEntry entry, string why) => new($"the entry {TarEntry.Show(entry.Name)} {why}: it is not taken");
}
