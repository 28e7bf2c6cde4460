using Hypr.Guest.Protocol.Wire;

namespace Hypr.Guest.Protocol.Messages;

/// <summary>What the host shares by virtio-fs: a file system with an entry a mount, named by its number.</summary>
public sealed record FoldersConfiguration(DeviceSlot Slot, IReadOnlyList<FolderMountPoint> Mounts)
{
    /// <summary>By it the guest's kernel knows the device.</summary>
    public const string Tag = "hypr";

    public void Encode(WireWriter w)
    {
        Slot.Encode(w);
        FolderMountPoint.EncodeAll(w, Mounts);
    }

    public static FoldersConfiguration Decode(ref WireReader r) => new(DeviceSlot.Decode(ref r), FolderMountPoint.DecodeAll(ref r));
}

/// <param name="ReadOnly">The host sees to it too.</param>
public readonly record struct FolderMountPoint(string Target, bool ReadOnly)
{
    public static void EncodeAll(WireWriter w, IReadOnlyList<FolderMountPoint> mounts)
    {
        w.U32((uint)mounts.Count);
        foreach (var mount in mounts)
        {
            w.Text(mount.Target);
            w.Bool(mount.ReadOnly);
        }
    }

    public static FolderMountPoint[] DecodeAll(ref WireReader r)
    {
        var mounts = new FolderMountPoint[r.Count(5)];
        for (var i = 0; i < mounts.Length; i++)
            mounts[i] = new FolderMountPoint(r.Text(), r.Bool());
        return mounts;
    }
}
