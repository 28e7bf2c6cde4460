using Hypr.Guest.Devices;
using Hypr.Guest.Protocol.Messages;
using Hypr.Linux;
using Hypr.Linux.Files;
using Hypr.Linux.Mounts;

namespace Hypr.Guest.Root;

/// <summary>
/// The image's file system: its squashfs, read only, and over it what is written, on the machine's own disk. Made in the agent's mount namespace; what only
/// processes see (proc, dev, sys, tmpfs, names) is mounted by the first of them in its own (<see cref="Spawning.ContainerMounts"/>).
/// </summary>
internal static class ContainerRoot
{
    public const string Path = "/hypr/root";

    /// <summary>The container's devpts: the agent opens terminals in it.</summary>
    public const string Terminals = "/hypr/pts";
    public const string Image = "/hypr/image";
    public const string Upper = Disk + "/upper";
    private const string Disk = "/hypr/disk";

    /// <summary>Those that are bound, so that a saved guest need not look for them.</summary>
    private static readonly Dictionary<DeviceSlot, string> Devices = [];

    public static void Mount(GuestConfiguration configuration)
    {
        foreach (var folder in (ReadOnlySpan<string>)[Path, Image, Disk])
            FileTree.MakeFolders(folder);
        Linux.Mounts.Mount.Add(Device(configuration.ImageDisk), Image, "squashfs", MountFlags.ReadOnly | MountFlags.NoAtime);
        if (configuration.WritableDisk is { } disk)
            Linux.Mounts.Mount.Add(Device(disk), Disk, "ext4", MountFlags.NoAtime);
        else
            Linux.Mounts.Mount.Add("tmpfs", Disk, "tmpfs");
        FileTree.MakeFolders(Disk + "/upper");
        FileTree.MakeFolders(Disk + "/work");
        Linux.Mounts.Mount.Add("overlay", Path, "overlay", MountFlags.None, $"lowerdir={Image},upperdir={Disk}/upper,workdir={Disk}/work");
        for (var i = 0; i < configuration.Volumes.Count; i++)
            VolumeDisk.Mount(configuration.Volumes[i], VolumeDisk.Folder(i));
        if (configuration.Folders is { } folders)
            SharedFolders.Mount(folders);
        GuestFiles.Write(configuration.Files);
    }

    public static void MountTerminals()
    {
        FileTree.MakeFolders(Terminals);
        Linux.Mounts.Mount.Add("devpts", Terminals, "devpts", MountFlags.NoSuid | MountFlags.NoExec, "newinstance,ptmxmode=0666,mode=0620,gid=5");
    }

    /// <summary>Lets go of the disks, cleanly where nobody is in the way any more, else as clean as it can be.</summary>
    public static void Unmount()
    {
        VolumeDisk.Unmount();
        SharedFolders.Unmount();
        foreach (var folder in (ReadOnlySpan<string>)[Terminals, Path, Disk, Image])
        {
            if (!FileTree.Exists(folder) || Linux.Mounts.Mount.TryRemove(folder))
                continue;
            try
            {
                Linux.Mounts.Mount.Add(null, folder, null, MountFlags.Remount | MountFlags.ReadOnly);
            }
            catch (LinuxException)
            {
                // Was not mounted, or is in use for writing: sync(2) came before, and ext4's journal does the rest.
            }
        }
    }

    /// <summary>The block device of a disk, bound to its driver now if it was not before. A disk has its place for as long as the machine is.</summary>
    public static string Device(DeviceSlot slot)
    {
        if (Devices.TryGetValue(slot, out var known))
            return known;
        var device = VirtioDevices.Find(slot) ?? throw new LinuxException("find the disk in", slot.ToString(), Errno.ENODEV);
        return Devices[slot] = "/dev/" + VirtioDevices.Bind(device, "virtio_blk", "block");
    }
}
