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
    public const uint Link = 0xA000;
    public const uint Regular = 0x8000;
    public const uint BlockDevice = 0x6000;
    public const uint Folder = 0x4000;
    public const uint CharDevice = 0x2000;
    public const uint Fifo = 0x1000;

    /// <summary>STATX_BASIC_STATS | STATX_MNT_ID</summary>
    internal const uint Wanted = 0x7ff | 0x1000;
    internal const int Size = 256;

    /// <summary>Of <see cref="Mode"/>: <see cref="Folder"/>, <see cref="Regular"/>, ...</summary>
    public uint Type => Mode & 0xF000;

    public long Length { get; init; }

    /// <summary>The mount that the name leads to: another one than its folder's is a mount point. 0 before Linux 5.8.</summary>
    public ulong Mount { get; init; }

    /// <summary>Of a device node (makedev(3)).</summary>
    public uint Major => (uint)((RawDevice >> 32) & 0xfffff000) | (uint)((RawDevice >> 8) & 0xfff);

    public uint Minor => (uint)((RawDevice >> 12) & 0xffffff00) | (uint)(RawDevice & 0xff);

    public bool IsFolder => (Mode & 0xF000) == 0x4000;

    public bool IsFile => (Mode & 0xF000) == 0x8000;

    public bool IsLink => (Mode & 0xF000) == 0xA000;

    /// <summary>A link is followed. Null: it is not there, or not ours to see.</summary>
    public static unsafe FileStatus? Find(string path)
    {
        var buffer = stackalloc byte[Size];
        return LibC.Statx(LibC.AT_FDCWD, path, 0, Wanted, buffer) == 0 ? Read(buffer) : null;
    }

    /// <summary>Of an open file, folder or mount.</summary>
    public static unsafe FileStatus OfOpen(SafeFileHandle file)
    {
        fixed (byte* empty = "\0"u8)
            return Of(file, empty);
    }

    internal static unsafe FileStatus Of(SafeFileHandle folder, byte* name)
    {
        var buffer = stackalloc byte[Size];
        if (LibC.Statx((int)folder.DangerousGetHandle(), name, LibC.AT_SYMLINK_NOFOLLOW | LibC.AT_EMPTY_PATH, Wanted, buffer) != 0)
            throw LinuxException.Last("look at", "a file");
        return Read(buffer);
    }

    /// <summary>struct statx (include/uapi/linux/stat.h): the same on every architecture.</summary>
    internal static unsafe FileStatus Read(byte* buffer)
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
            BinaryPrimitives.ReadUInt32LittleEndian(b[120..]))
        {
            Length = BinaryPrimitives.ReadInt64LittleEndian(b[40..]),
            Mount = BinaryPrimitives.ReadUInt64LittleEndian(b[144..]),
        };
    }

    /// <summary>glibc's makedev(3), of which the kernel takes the lower 32 bits.</summary>
    private static ulong DeviceNumber(ReadOnlySpan<byte> at)
    {
        ulong major = BinaryPrimitives.ReadUInt32LittleEndian(at), minor = BinaryPrimitives.ReadUInt32LittleEndian(at[4..]);
        return ((major & 0xfffff000) << 32) | ((major & 0xfff) << 8) | ((minor & 0xffffff00) << 12) | (minor & 0xff);
    }
}
