using Hypr.Linux.Files;

namespace Hypr.Tar;

/// <summary>Writes what stands in a folder as tar entries: names once, further names of a file as hard links. Sockets are left out (tar has no word for them).</summary>
public sealed class TreePacker(TarEncoder to)
{
    private const string Capability = "security.capability";
    private readonly Dictionary<(ulong, ulong), string> _written = [];

    /// <summary>Owners as they are; else root's.</summary>
    public bool KeepOwners { get; init; } = true;

    /// <summary>What is mounted in the tree: its mount points are written empty.</summary>
    public bool OneMount { get; init; }

    /// <param name="name">In the folder: a file, link, folder with all that is in it, ...</param>
    /// <param name="path">Its name in the tar.</param>
    public void Pack(Folder folder, string name, string path)
    {
        if (folder.StatusOf(name) is { } status)
            Pack(folder, name, path, status, status.Mount);
    }

    /// <summary>All that is in the folder, below <paramref name="path"/> (empty: at the top), and the folder itself when it has a name there.</summary>
    public void PackFolder(Folder folder, string path)
    {
        var status = folder.StatusOf(".")!.Value;
        if (path.Length > 0)
            to.WriteHeader(Entry(path, TarType.Directory, status));
        PackBelow(folder, path, status.Mount);
    }

    private void PackBelow(Folder folder, string path, ulong mount)
    {
        var names = folder.Names();
        names.Sort(StringComparer.Ordinal);
        foreach (var name in names)
        {
            // Who writes in it meanwhile may have removed it.
            if (folder.StatusOf(name) is { } status)
                Pack(folder, name, path.Length == 0 ? name : path.EndsWith('/') ? path + name : path + "/" + name, status, mount);
        }
    }

    private void Pack(Folder folder, string name, string path, FileStatus status, ulong mount)
    {
        var isMountPoint = OneMount && status.Mount != mount;
        switch (status.Type)
        {
            case FileStatus.Folder:
                to.WriteHeader(Entry(path, TarType.Directory, status));
                if (!isMountPoint && folder.TryEnter(name) is { } inner)
                {
                    using (inner)
                        PackBelow(inner, path, mount);
                }

                break;
            case FileStatus.Regular:
                if (isMountPoint)
                    to.WriteHeader(Entry(path, TarType.File, status));
                else if (status.Links > 1 && !_written.TryAdd((status.Device, status.Inode), path))
                    to.WriteHeader(Entry(path, TarType.HardLink, status, link: _written[(status.Device, status.Inode)]));
                else
                    PackFile(folder, name, path, status);
                break;
            case FileStatus.Link:
                to.WriteHeader(Entry(path, TarType.Symlink, status, link: folder.ReadLink(name)));
                break;
            case FileStatus.CharDevice or FileStatus.BlockDevice or FileStatus.Fifo:
                var type = status.Type == FileStatus.Fifo ? TarType.Fifo : status.Type == FileStatus.CharDevice ? TarType.CharDevice : TarType.BlockDevice;
                to.WriteHeader(Entry(path, type, status));
                break;
        }
    }

    /// <summary>The header told its size: a file that grows is cut there, one that shrinks is filled up with zeros.</summary>
    private void PackFile(Folder folder, string name, string path, FileStatus status)
    {
        using var file = folder.OpenFile(name);
        to.WriteHeader(Entry(path, TarType.File, status, status.Length, Folder.Attribute(file, Capability) is { } value ? [new Xattr(Capability, value)] : null));
        var left = status.Length;
        while (left > 0)
        {
            var room = to.Room();
            var count = Descriptor.Read(file, room[..(int)Math.Min(room.Length, left)]);
            if (count < 0)
                throw new Linux.LinuxException("read", Folder.Text(path), -count);
            if (count == 0)
                break;
            to.Advance(count);
            left -= count;
        }

        to.Pad(left);
        to.PadBlock(status.Length);
    }

    private TarEntry Entry(string path, TarType type, FileStatus status, long size = 0, IReadOnlyList<Xattr>? xattrs = null, string link = "") => new()
    {
        Name = type == TarType.Directory ? path.TrimEnd('/') : path,
        Type = type,
        Mode = (int)(status.Mode & 0xFFF),
        Uid = KeepOwners ? status.User : 0,
        Gid = KeepOwners ? status.Group : 0,
        ModifiedAt = (uint)Math.Clamp(status.ModifiedSeconds, 0, uint.MaxValue),
        LinkName = link,
        Major = status.Major,
        Minor = status.Minor,
        Xattrs = xattrs,
        Size = size,
    };
}
