using Hypr.Guest.Protocol.Messages;
using Hypr.Linux;
using Hypr.Linux.Files;
using Hypr.Linux.Mounts;
using Hypr.Linux.Power;
using Microsoft.Win32.SafeHandles;

namespace Hypr.Guest.Root;

/// <summary>
/// A volume's ext4, mounted in the agent's namespace. What the container sees is its folder <c>_data</c>: so no program finds the file system's own lost+found in
/// what should be empty, and the image's content comes there whole or not at all.
/// </summary>
internal static class VolumeDisk
{
    private const string Root = "/hypr/volumes";
    private const int Patience = 10_000;

    public static string Folder(int index) => $"{Root}/{index}";

    public static void Mount(VolumeConfiguration volume, string folder)
    {
        FileTree.MakeFolders(folder);
        // One that was plugged in just now is there in a moment.
        for (var end = Environment.TickCount64 + Patience; Devices.VirtioDevices.Find(volume.Slot) is null && Environment.TickCount64 < end;)
            Thread.Sleep(10);
        var (flags, data) = volume.IsDiskReadOnly ? (MountFlags.ReadOnly, null) : (MountFlags.None, "errors=remount-ro,discard");
        try
        {
            // The kernel replays the journal of a disk that was not unmounted.
            Linux.Mounts.Mount.Add(ContainerRoot.Device(volume.Slot), folder, "ext4", flags | MountFlags.RelativeAtime, data);
            if (!volume.IsDiskReadOnly)
                FileTree.MakeFolders(Data(folder));
        }
        catch (LinuxException e)
        {
            throw new IOException($"the volume {volume.Name} cannot be mounted (mend it on the host with e2fsck -f): {e.Message}", e);
        }
    }

    /// <summary>Docker's first use of a volume: the image's content at that place, with the owner and mode that it has there.</summary>
    public static void Fill(string folder, string target)
    {
        if (FileTree.Names(Data(folder)).Length > 0)
            return;
        using var root = Descriptor.Open(ContainerRoot.Path, Descriptor.ReadOnly);
        using var from = TreeCopy.OpenFolderWithin(root, target);
        if (from is null)
            return;
        var unfinished = Unfinished(folder);
        FileTree.MakeFolders(unfinished);
        using (var to = Descriptor.Open(unfinished, Descriptor.ReadOnly))
            TreeCopy.Run(from, to);
        // The new name must not reach the disk before what it names.
        ThisMachine.Sync();
        FileTree.Rename(unfinished, Data(folder));
    }

    /// <summary>A mount of what the container sees, without a place yet.</summary>
    public static SafeFileHandle Content(string folder) => Linux.Mounts.Mount.Detach(Data(folder));

    /// <summary>
    /// Read-only first: that reaches the disk whoever still has the file system in a namespace, and leaves it in order for the next VM.
    /// </summary>
    public static void Unmount()
    {
        foreach (var name in FileTree.Names(Root))
        {
            var folder = $"{Root}/{name}";
            try
            {
                Linux.Mounts.Mount.Add(null, folder, null, MountFlags.Remount | MountFlags.ReadOnly);
            }
            catch (LinuxException)
            {
                // Is no mount, or somebody writes still: sync(2) came before, and the journal does the rest.
            }

            Linux.Mounts.Mount.TryRemove(folder);
        }
    }

    /// <summary>A name for the copy while it is not whole. What a VM that was killed in the middle left is removed.</summary>
    private static string Unfinished(string folder)
    {
        var name = folder + "/_data.new";
        for (var i = 1; FileTree.Exists(name); i++)
        {
            try
            {
                Directory.Delete(name, recursive: true);
            }
            catch (IOException)
            {
                // A name in it is not UTF-8: it stays, and nobody sees it.
                name = $"{folder}/_data.new{i}";
            }
        }

        return name;
    }

    private static string Data(string folder) => folder + "/_data";
}
