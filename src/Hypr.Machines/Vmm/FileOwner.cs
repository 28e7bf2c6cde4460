using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Hypr.Machines.Vmm;

/// <summary>Whom a file belongs to, which .NET does not tell.</summary>
internal static unsafe partial class FileOwner
{
    private const int AtFdCwd = -100;
    private const uint StatxGid = 0x10;

    // struct statx (include/uapi/linux/stat.h) is 256 bytes; stx_gid is the fifth 32-bit word after stx_attributes.
    private const int StatxSize = 256;
    private const int GidOffset = 24;

    /// <summary>Null: the file is not there.</summary>
    public static uint? GroupOf(string path)
    {
        // The kernel writes no more than the structure's size, which the buffer has.
        var buffer = stackalloc byte[StatxSize];
        return Statx(AtFdCwd, path, 0, StatxGid, buffer) == 0
            ? BinaryPrimitives.ReadUInt32LittleEndian(new ReadOnlySpan<byte>(buffer + GidOffset, 4))
            : null;
    }

    // glibc 2.28
    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Statx(int folder, string path, int flags, uint mask, byte* result);
}
