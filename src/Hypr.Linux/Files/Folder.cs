using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Hypr.Linux.Libc;
using Microsoft.Win32.SafeHandles;

namespace Hypr.Linux.Files;

/// <summary>
/// An open folder. What is done is done to a name in it and follows no symbolic link, so nobody who changes the tree meanwhile leads it elsewhere. Names are
/// bytes: strings whose characters are the bytes (Latin-1). Refusals are <see cref="LinuxException"/>.
/// </summary>
public sealed unsafe class Folder : IDisposable
{
    private readonly SafeFileHandle _fd;
    private readonly string _path;

    private Folder(SafeFileHandle fd, string path) => (_fd, _path) = (fd, path);

    /// <summary>Follows symbolic links, as every path does.</summary>
    public static Folder Open(string path)
    {
        fixed (byte* name = Name(path))
        {
            var fd = LibC.OpenAt(LibC.AT_FDCWD, name, LibC.O_RDONLY | LibC.O_CLOEXEC | LibC.O_DIRECTORY, 0);
            return fd.IsInvalid ? throw LinuxException.Last("open", Text(path)) : new Folder(fd, path);
        }
    }

    /// <summary>Of a path; null when there is nothing.</summary>
    public static FileStatus? StatusOf(string path, bool follow)
    {
        fixed (byte* name = Name(path))
            return Status(LibC.AT_FDCWD, name, follow ? 0 : LibC.AT_SYMLINK_NOFOLLOW, path);
    }

    /// <summary>The path without symbolic links (realpath(3)); null when it leads to nothing.</summary>
    public static string? Resolve(string path)
    {
        fixed (byte* name = Name(path))
        {
            var real = LibC.RealPath(name, null);
            if (real is null)
                return null;
            var text = Encoding.Latin1.GetString(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(real));
            LibC.Free(real);
            return text;
        }
    }

    /// <summary>A folder in this one; null when there is none of that name or it is something else, a link too.</summary>
    public Folder? TryEnter(string name)
    {
        fixed (byte* n = Name(name))
        {
            var fd = LibC.OpenAt(_fd, n, LibC.O_RDONLY | LibC.O_CLOEXEC | LibC.O_DIRECTORY | LibC.O_NOFOLLOW, 0);
            if (!fd.IsInvalid)
                return new Folder(fd, Join(name));
            var error = LinuxException.Last("open", Text(Join(name)));
            fd.Dispose();
            return error.Errno is Errno.ENOENT or Errno.ENOTDIR or Errno.ELOOP ? null : throw error;
        }
    }

    /// <summary>Null when there is nothing of that name.</summary>
    public FileStatus? StatusOf(string name)
    {
        fixed (byte* n = Name(name))
            return Status((int)_fd.DangerousGetHandle(), n, LibC.AT_SYMLINK_NOFOLLOW, Join(name));
    }

    /// <summary>In no order, without . and ..</summary>
    public List<string> Names()
    {
        var names = new List<string>();
        var buffer = new byte[32768];
        fixed (byte* p = buffer)
        {
            while (true)
            {
                var count = (int)LibC.ReadDirectory(_fd, p, (nuint)buffer.Length);
                if (count < 0)
                    throw LinuxException.Last("list", Text(_path));
                if (count == 0)
                    return names;
                // struct linux_dirent64: inode 8, offset 8, length 2, type 1, name
                for (var at = 0; at < count; at += BinaryPrimitives.ReadUInt16LittleEndian(buffer.AsSpan(at + 16)))
                {
                    var name = Encoding.Latin1.GetString(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(p + at + 19));
                    if (name is not ("." or ".."))
                        names.Add(name);
                }
            }
        }
    }

    /// <summary>Never blocks on a fifo; a device is not opened by this.</summary>
    public SafeFileHandle OpenFile(string name) => OpenAt(name, LibC.O_RDONLY | LibC.O_NONBLOCK, 0);

    /// <summary>A new file; there must be nothing of that name.</summary>
    public SafeFileHandle MakeFile(string name, uint mode) => OpenAt(name, LibC.O_WRONLY | LibC.O_CREAT | LibC.O_EXCL, (int)mode);

    public void MakeFolder(string name, uint mode)
    {
        fixed (byte* n = Name(name))
            Check(LibC.MakeDirectoryAt(_fd, n, mode), "make folder", name);
    }

    public void MakeLink(string target, string name)
    {
        fixed (byte* t = Name(target))
        fixed (byte* n = Name(name))
            Check(LibC.SymbolicLinkAt(t, _fd, n), "make link", name);
    }

    /// <summary>One more name for a file.</summary>
    public void MakeHardLink(Folder from, string existing, string name)
    {
        fixed (byte* e = Name(existing))
        fixed (byte* n = Name(name))
            Check(LibC.LinkAt(from._fd, e, _fd, n, 0), "make a hard link", name);
    }

    /// <param name="mode">With its type: a device or a fifo.</param>
    public void MakeNode(string name, uint mode, uint major, uint minor)
    {
        // gnu_dev_makedev(3)
        var device = ((ulong)(major & 0xFFFFF000) << 32) | ((ulong)(major & 0xFFF) << 8) | ((ulong)(minor & 0xFFFFFF00) << 12) | (minor & 0xFF);
        fixed (byte* n = Name(name))
            Check(LibC.MakeNodeAt(_fd, n, mode, device), "make device", name);
    }

    /// <summary>With all that is in it.</summary>
    public void Remove(string name)
    {
        fixed (byte* n = Name(name))
        {
            if (LibC.UnlinkAt(_fd, n, 0) == 0)
                return;
            var error = LinuxException.Last("remove", Text(Join(name)));
            if (error.Errno == Errno.ENOENT)
                return;
            if (error.Errno is not (Errno.EISDIR or Errno.EPERM))
                throw error;
            using (var inner = TryEnter(name) ?? throw error)
            {
                foreach (var below in inner.Names())
                    inner.Remove(below);
            }

            Check(LibC.UnlinkAt(_fd, n, LibC.AT_REMOVEDIR), "remove", name);
        }
    }

    public string ReadLink(string name)
    {
        var buffer = stackalloc byte[4096];
        fixed (byte* n = Name(name))
        {
            var length = (int)LibC.ReadLinkAt(_fd, n, buffer, 4096);
            Check(length, "read link", name);
            return Encoding.Latin1.GetString(buffer, length);
        }
    }

    public void SetOwner(string name, uint user, uint group)
    {
        fixed (byte* n = Name(name))
            Check(LibC.ChangeOwnerAt(_fd, n, user, group, LibC.AT_SYMLINK_NOFOLLOW), "give", name);
    }

    /// <summary>Not for a link: it has no mode of its own.</summary>
    public void SetMode(string name, uint mode)
    {
        fixed (byte* n = Name(name))
            Check(LibC.ChangeModeAt(_fd, n, mode & 0xFFF, 0), "change the mode of", name);
    }

    public void SetModified(string name, long seconds)
    {
        const long now = 0x3FFFFFFF; // UTIME_NOW
        var times = stackalloc long[4] { 0, now, seconds, 0 };
        fixed (byte* n = Name(name))
            Check(LibC.SetTimesAt(_fd, n, times, LibC.AT_SYMLINK_NOFOLLOW), "set the time of", name);
    }

    /// <summary>Null when there is none, or the file system knows none.</summary>
    public static byte[]? Attribute(SafeFileHandle file, string name)
    {
        var value = stackalloc byte[4096];
        fixed (byte* n = Name(name))
        {
            var length = LibC.GetAttribute(file, n, value, 4096);
            return length < 0 ? null : new ReadOnlySpan<byte>(value, (int)length).ToArray();
        }
    }

    /// <summary>False when the file system has no place for it.</summary>
    public static bool TrySetAttribute(SafeFileHandle file, string name, ReadOnlySpan<byte> value)
    {
        fixed (byte* n = Name(name))
        fixed (byte* v = value)
            return LibC.SetAttribute(file, n, v, (nuint)value.Length, 0) == 0;
    }

    /// <summary>An attribute of this folder itself.</summary>
    public byte[]? Attribute(string name) => Attribute(_fd, name);

    public void Dispose() => _fd.Dispose();

    /// <summary>A byte name as text, for messages.</summary>
    public static string Text(string name) => Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(name));

    /// <summary>Text as a byte name.</summary>
    public static string Bytes(string text) => Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(text));

    private static FileStatus? Status(int folder, byte* name, int flags, string path)
    {
        var statx = stackalloc byte[FileStatus.Size];
        if (LibC.Statx(folder, name, flags, FileStatus.Wanted, statx) == 0)
            return FileStatus.Read(statx);
        var error = LinuxException.Last("look at", Text(path));
        return error.Errno is Errno.ENOENT or Errno.ENOTDIR ? null : throw error;
    }

    private SafeFileHandle OpenAt(string name, int flags, int mode)
    {
        fixed (byte* n = Name(name))
        {
            var fd = LibC.OpenAt(_fd, n, flags | LibC.O_CLOEXEC | LibC.O_NOFOLLOW, mode);
            return fd.IsInvalid ? throw LinuxException.Last("open", Text(Join(name))) : fd;
        }
    }

    private string Join(string name) => _path.EndsWith('/') ? _path + name : _path + "/" + name;

    private void Check(int result, string operation, string name)
    {
        if (result < 0)
            throw LinuxException.Last(operation, Text(Join(name)));
    }

    /// <summary>A NUL would cut the name off.</summary>
    private static byte[] Name(string name)
    {
        if (name.Contains('\0'))
            throw new LinuxException("use", Text(name.Replace('\0', '?')), Errno.EINVAL);
        var bytes = new byte[name.Length + 1];
        Encoding.Latin1.GetBytes(name, bytes);
        return bytes;
    }
}
