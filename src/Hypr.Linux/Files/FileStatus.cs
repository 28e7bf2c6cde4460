using System.Buffers.Binary;
using Hypr.Linux.Libc;
using Microsoft.Win32.SafeHandles;

namespace Hypr.Linux.Files;

/// <summary>What statx(2) tells of a file. A symbolic link is looked at itself, unless it is the path's end in <see cref="Find"/>.</summary>
/// <param name="Mode">Kind and permission bits, as st_mode.</param>
/// <param name="Inode">Unique on its <paramref name="Device"/>.</param>
public readonly record struct FileStatus(
    uint Mode, uint Links, uint User, uint Group, ulong Inode, ulong Device, ulong RawDevice, long AllocatedBytes, long ModifiedSeconds, uint ModifiedNanoseconds)
{
    private const uint BasicStats = 0x7ff;
    private const int Size = 256;

    public bool IsFolder => (Mode & 0xF000) == 0x4000;

    public bool IsFile => (Mode & 0xF000) == 0x8000;

    public bool IsLink => (Mode & 0xF000) == 0xA000;

    /// <summary>A link is followed. Null: it is not there, or not ours to see.</summary>
    public static unsafe FileStatus? Find(string path)
    {
        var buffer = stackalloc byte[Size];
        return LibC.Statx(LibC.AT_FDCWD, path, 0, BasicStats, buffer) == 0 ? Read(buffer) : null;
    }

    internal static unsafe FileStatus Of(SafeFileHandle folder, byte* name)
    {
        var buffer = stackalloc byte[Size];
        if (LibC.Statx((int)folder.DangerousGetHandle(), name, LibC.AT_SYMLINK_NOFOLLOW | LibC.AT_EMPTY_PATH, BasicStats, buffer) != 0)
            throw LinuxException.Last("look at", "a file");
        return Read(buffer);
    }

    /// <summary>struct statx (include/uapi/linux/stat.h): the same on every architecture.</summary>
    private static unsafe FileStatus Read(byte* buffer)
    {
        var b = new ReadOnlySpan<byte>(buffer, Size);
        return new FileStatus(
            BinaryPrimitives.ReadUInt16LittleEndian(b[28..]),
            BinaryPrimitives.ReadUInt32LittleEndian(b[16..]),
            BinaryPrimitives.ReadUInt32LittleEndian(b[20..]),
            BinaryPrimitives.ReadUInt32LittleEndian(b[24..]),
            BinaryPrimitives.ReadUInt64LittleEndian(b[32..]),
            DeviceNumber(b[136..]),
            DeviceNumber(b[128..]),
            BinaryPrimitives.ReadInt64LittleEndian(b[48..]) * 512,
            BinaryPrimitives.ReadInt64LittleEndian(b[112..]),
            BinaryPrimitives.ReadUInt32LittleEndian(b[120..]));
    }

    /// <summary>glibc's makedev(3), of which the kernel takes the lower 32 bits.</summary>
    private static ulong DeviceNumber(ReadOnlySpan<byte> at)
    {
        ulong major = BinaryPrimitives.ReadUInt32LittleEndian(at), minor = BinaryPrimitives.ReadUInt32LittleEndian(at[4..]);
        return ((major & 0xfffff000) << 32) | ((major & 0xfff) << 8) | ((minor & 0xffffff00) << 12) | (minor & 0xff);
    }
}
