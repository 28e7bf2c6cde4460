using System.Runtime.InteropServices;
using Hypr.Linux.Libc;
using Microsoft.Win32.SafeHandles;

namespace Hypr.Linux.Files;

/// <summary>
/// <c>cp -a FROM/. TO</c>: owner, mode, times, extended attributes, links (also hard ones), devices. Folders are held open by descriptor on the way, so that no
/// link in the tree leads out of it.
/// </summary>
public sealed unsafe class TreeCopy
{
    private const int Enotsup = 95;
    private static readonly byte[] Self = [0];
    private readonly Dictionary<(ulong Device, ulong Inode), (SafeFileHandle Folder, byte[] Name)> _linked = [];
    private readonly List<SafeFileHandle> _kept = [];
    private readonly byte[] _buffer = new byte[64 * 1024];

    private TreeCopy()
    {
    }

    /// <summary>A folder's content and the folder's own owner, mode, times and attributes, into one that is there.</summary>
    public static void Run(SafeFileHandle from, SafeFileHandle to)
    {
        var copy = new TreeCopy();
        try
        {
            copy.Folder(from, to);
        }
        finally
        {
            foreach (var folder in copy._kept)
                folder.Dispose();
        }
    }

    /// <summary>
    /// The folder at a path below <paramref name="root"/>, where links, also absolute ones, and dots lead to as if root were the root (openat2(2)). Null: there is none.
    /// </summary>
    public static SafeFileHandle? OpenFolderWithin(SafeFileHandle root, string path)
    {
        const ulong inRoot = 0x10;
        var how = stackalloc ulong[3];
        how[0] = (ulong)(LibC.O_DIRECTORY | LibC.O_CLOEXEC);
        how[1] = 0;
        how[2] = inRoot;
        var name = Marshal.StringToCoTaskMemUTF8(path);
        try
        {
            var fd = LibC.OpenAt2(root, (byte*)name, how, 3 * sizeof(ulong));
            if (fd >= 0)
                return new SafeFileHandle(fd, ownsHandle: true);
            var why = LinuxException.Last("open", path);
            return why.Errno is Errno.ENOENT or Errno.ENOTDIR ? null : throw why;
        }
        finally
        {
            Marshal.FreeCoTaskMem(name);
        }
    }

    private void Folder(SafeFileHandle from, SafeFileHandle to)
    {
        SafeFileHandle? kept = null;
        foreach (var name in Names(from))
        {
            fixed (byte* n = name)
                Entry(from, to, name, n, ref kept);
        }

        fixed (byte* self = Self)
        {
            var status = FileStatus.Of(from, self);
            Attributes(from, to);
            Dress(to, self, status);
        }
    }

    private void Entry(SafeFileHandle from, SafeFileHandle to, byte[] name, byte* n, ref SafeFileHandle? kept)
    {
        var status = FileStatus.Of(from, n);
        if (status.IsFolder)
        {
            Check(LibC.MakeDirectoryAt(to, n, 0x1C0));
            using var source = Opened(LibC.OpenAt(from, n, LibC.O_DIRECTORY | LibC.O_NOFOLLOW | LibC.O_CLOEXEC, 0));
            var target = Opened(LibC.OpenAt(to, n, LibC.O_DIRECTORY | LibC.O_NOFOLLOW | LibC.O_CLOEXEC, 0));
            using (target)
                Folder(source, target);
            return;
        }

        if (status.Links > 1)
        {
            if (_linked.TryGetValue((status.Device, status.Inode), out var first))
            {
                fixed (byte* old = first.Name)
                    Check(LibC.LinkAt(first.Folder, old, to, n, 0));
                return;
            }

            _linked.Add((status.Device, status.Inode), (kept ??= Keep(to), name));
        }

        if (status.IsFile)
        {
            using var source = Opened(LibC.OpenAt(from, n, LibC.O_RDONLY | LibC.O_NOFOLLOW | LibC.O_CLOEXEC, 0));
            using var target = Opened(LibC.OpenAt(to, n, LibC.O_WRONLY | LibC.O_CREAT | LibC.O_EXCL | LibC.O_CLOEXEC, 0x180));
            for (int count; (count = Descriptor.Read(source, _buffer)) != 0;)
                Descriptor.WriteAll(target, count > 0 ? _buffer.AsSpan(0, count) : throw new LinuxException("read", "a file", -count));
            Attributes(source, target);
        }
        else if (status.IsLink)
        {
            var target = stackalloc byte[4097];
            var length = LibC.ReadLinkAt(from, n, target, 4096);
            Check((int)length);
            target[length] = 0;
            Check(LibC.SymbolicLinkAt(target, to, n));
        }
        else
        {
            Check(LibC.MakeNodeAt(to, n, status.Mode, status.RawDevice));
        }

        Dress(to, n, status);
    }

    /// <summary>One for each folder with hard links, until the whole tree is done.</summary>
    private SafeFileHandle Keep(SafeFileHandle folder)
    {
        fixed (byte* self = ".\0"u8)
            _kept.Add(Opened(LibC.OpenAt(folder, self, LibC.O_PATH | LibC.O_DIRECTORY | LibC.O_CLOEXEC, 0)));
        return _kept[^1];
    }

    /// <summary>Owner first: a change of owner takes the set-uid bits away.</summary>
    private static void Dress(SafeFileHandle folder, byte* name, FileStatus status)
    {
        Check(LibC.ChangeOwnerAt(folder, name, status.User, status.Group, LibC.AT_SYMLINK_NOFOLLOW | LibC.AT_EMPTY_PATH));
        if (!status.IsLink)
            Check(*name == 0 ? LibC.ChangeModeOf(folder, status.Mode & 0xFFF) : LibC.ChangeModeAt(folder, name, status.Mode & 0xFFF, 0));
        var times = stackalloc long[4];
        times[0] = times[2] = status.ModifiedSeconds;
        times[1] = times[3] = status.ModifiedNanoseconds;
        Check(*name == 0 ? LibC.SetTimesOf(folder, times) : LibC.SetTimesAt(folder, name, times, LibC.AT_SYMLINK_NOFOLLOW));
    }

    /// <summary>File capabilities, access lists and what users keep there. Those of the overlay itself stay behind.</summary>
    private static void Attributes(SafeFileHandle from, SafeFileHandle to)
    {
        const int most = 64 * 1024;
        var names = new byte[most];
        var value = new byte[most];
        fixed (byte* all = names)
        fixed (byte* v = value)
        {
            var length = LibC.ListAttributes(from, all, most);
            for (var at = 0; at < length; at += names.AsSpan(at).IndexOf((byte)0) + 1)
            {
                if (names.AsSpan(at).StartsWith("trusted."u8))
                    continue;
                var size = LibC.GetAttribute(from, all + at, v, most);
                if (size >= 0 && LibC.SetAttribute(to, all + at, v, (nuint)size, 0) != 0
                    && LinuxException.Last("set", "an extended attribute") is { Errno: not Enotsup } e)
                {
                    throw e;
                }
            }
        }
    }

    /// <summary>Each with the NUL behind it.</summary>
    private static List<byte[]> Names(SafeFileHandle folder)
    {
        var names = new List<byte[]>();
        var buffer = new byte[32 * 1024];
        fixed (byte* b = buffer)
        {
            for (nint count; (count = LibC.ReadDirectory(folder, b, (nuint)buffer.Length)) != 0;)
            {
                Check((int)count);
                // struct linux_dirent64: the record's length at 16, the name at 19.
                for (var at = 0; at < count; at += BitConverter.ToUInt16(buffer, at + 16))
                {
                    var name = buffer.AsSpan(at + 19);
                    name = name[..(name.IndexOf((byte)0) + 1)];
                    if (!name.SequenceEqual(".\0"u8) && !name.SequenceEqual("..\0"u8))
                        names.Add(name.ToArray());
                }
            }
        }

        return names;
    }

    private static SafeFileHandle Opened(SafeFileHandle file) => file.IsInvalid ? throw LinuxException.Last("open", "a file that is copied") : file;

    private static void Check(int result)
    {
        if (result < 0)
            throw LinuxException.Last("copy", "a file");
    }
}
