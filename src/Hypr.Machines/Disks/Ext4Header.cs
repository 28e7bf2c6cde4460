using System.Buffers.Binary;
using Hypr.Primitives;

namespace Hypr.Machines.Disks;

/// <summary>
/// What a disk's superblock says (Documentation/filesystems/ext4/super.rst). The guest wrote it: nothing follows from it but how the next
/// guest mounts the disk.
/// </summary>
internal static class Ext4Header
{
    private const int Superblock = 1024;
    private const int MountTime = 0x2C;
    private const int Magic = 0x38;
    private const int Incompatible = 0x60;
    private const ushort Ext4 = 0xEF53;
    private const uint NeedsRecovery = 0x4;

    /// <summary>
    /// It was mounted before, and left in order. A disk that was not needs writing even for a reader: its journal is to be replayed first.
    /// </summary>
    public static bool IsInOrder(string path)
    {
        Span<byte> block = stackalloc byte[256];
        try
        {
            using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            if (RandomAccess.Read(file, block, Superblock) < block.Length)
                return false;
        }
        catch (FileNotFoundException)
        {
            throw HyprException.Unavailable($"the disk {path} is missing: was it moved away?");
        }

        return BinaryPrimitives.ReadUInt16LittleEndian(block[Magic..]) == Ext4
            && BinaryPrimitives.ReadUInt32LittleEndian(block[MountTime..]) != 0
            && (BinaryPrimitives.ReadUInt32LittleEndian(block[Incompatible..]) & NeedsRecovery) == 0;
    }
}
