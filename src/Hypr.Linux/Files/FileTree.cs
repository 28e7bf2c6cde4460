using System.Runtime.InteropServices;
using System.Text;
using Hypr.Linux.Libc;

namespace Hypr.Linux.Files;

/// <summary>Entries of a file tree by path: what of mkdir(2), mknod(2), ... an init needs. Refusals are <see cref="LinuxException"/>.</summary>
public static unsafe class FileTree
{
    public const uint CharacterDevice = 0x2000;

    /// <summary>Small files of /proc, /sys and /etc; null when there is none or it is beyond <paramref name="limit"/> bytes.</summary>
    public static string? TryRead(string path, int limit = 1024 * 1024)
    {
        using var file = LibC.Open(path, LibC.O_RDONLY | LibC.O_CLOEXEC, 0);
        if (file.IsInvalid)
            return null;
        var text = new byte[4096];
        var length = 0;
        while (Descriptor.Read(file, text.AsSpan(length)) is var count and > 0)
        {
            length += count;
            if (length > limit)
                return null;
            if (length == text.Length)
                Array.Resize(ref text, text.Length * 2);
        }

        return Encoding.UTF8.GetString(text, 0, length);
    }

    /// <summary>Writes into a file that is there, or that is made with mode 0644; what it held is gone, its inode stays.</summary>
    public static void Write(string path, string text)
    {
        const int truncate = 0x200;
        using var file = LibC.Open(path, LibC.O_WRONLY | LibC.O_CREAT | LibC.O_CLOEXEC | truncate, 0x1A4);
        if (file.IsInvalid)
            throw LinuxException.Last("open", path);
        var bytes = Encoding.UTF8.GetBytes(text);
        // One write: files of /proc and /sys take a value whole.
        var count = Descriptor.Write(file, bytes);
        if (count < 0)
            throw new LinuxException("write", path, -count);
        Descriptor.WriteAll(file, bytes.AsSpan(count));
    }

    /// <summary>A new file with an owner and a mode; nobody else could look into it before it had them.</summary>
    public static void Create(string path, ReadOnlySpan<byte> content, uint user, uint group, uint mode)
    {
        using var file = LibC.Open(path, LibC.O_WRONLY | LibC.O_CREAT | LibC.O_EXCL | LibC.O_CLOEXEC, 0x180);
        if (file.IsInvalid)
            throw LinuxException.Last("make", path);
        Descriptor.WriteAll(file, content);
        if (LibC.ChangeOwner((int)file.DangerousGetHandle(), user, group) != 0 || LibC.ChangeModeOf(file, mode) != 0)
            throw LinuxException.Last("set owner and mode of", path);
    }

    /// <summary>rename(2): what has that name already is replaced, a folder only if it is empty.</summary>
    public static void Rename(string from, string to)
    {
        if (LibC.Rename(from, to) != 0)
            throw LinuxException.Last("rename to", to);
    }

    /// <summary>An empty file, when there is none; true when it is there now.</summary>
    public static bool TryTouch(string path)
    {
        using var file = LibC.Open(path, LibC.O_RDONLY | LibC.O_CREAT | LibC.O_CLOEXEC | LibC.O_NONBLOCK, 0x1A4);
        return !file.IsInvalid;
    }

    /// <summary>mkdir -p. A symbolic link on the way is followed.</summary>
    public static void MakeFolders(string path, uint mode = 0x1ED)
    {
        if (Exists(path) || path is "/" or "")
            return;
        var parent = path.LastIndexOf('/');
        if (parent > 0)
            MakeFolders(path[..parent], 0x1ED);
        if (LibC.MakeDirectory(path, mode) != 0 && LinuxException.Last("make folder", path) is { Errno: not Errno.EEXIST } e)
            throw e;
    }

    public static bool Exists(string path) => LibC.Access(path, 0) == 0;

    public static void MakeDevice(string path, uint mode, uint major, uint minor)
    {
        if (LibC.MakeNode(path, CharacterDevice | mode, (major << 8) | minor) != 0 && LinuxException.Last("make device", path) is { Errno: not Errno.EEXIST } e)
            throw e;
        // mknod's mode passes through the umask.
        _ = LibC.ChangeMode(path, mode);
    }

    public static void MakeLink(string target, string path)
    {
        if (LibC.SymbolicLink(target, path) != 0 && LinuxException.Last("make link", path) is { Errno: not Errno.EEXIST } e)
            throw e;
    }

    /// <summary>Where a symbolic link points; null when it is none.</summary>
    public static string? ReadLink(string path)
    {
        var buffer = stackalloc byte[4096];
        var length = LibC.ReadLink(path, buffer, 4096);
        return length < 0 ? null : Encoding.UTF8.GetString(buffer, (int)length);
    }

    /// <summary>The names in a folder, unordered; empty when there is none. Not .NET's enumeration: an agent under emulation pays for every line of code once.</summary>
    public static string[] Names(string folder)
    {
        using var open = LibC.Open(folder, LibC.O_RDONLY | LibC.O_CLOEXEC | LibC.O_DIRECTORY, 0);
        if (open.IsInvalid)
            return [];
        const int room = 16 * 1024;
        var names = new List<string>();
        var buffer = stackalloc byte[room];
        while ((int)LibC.ReadDirectory(open, buffer, room) is var count and > 0)
        {
            // struct linux_dirent64: inode 8, offset 8, length 2, type 1, name
            for (var at = 0; at < count; at += *(ushort*)(buffer + at + 16))
            {
                var name = MemoryMarshal.CreateReadOnlySpanFromNullTerminated(buffer + at + 19);
                if (!name.SequenceEqual("."u8) && !name.SequenceEqual(".."u8))
                    names.Add(Encoding.UTF8.GetString(name));
            }
        }

        return [.. names];
    }
}
