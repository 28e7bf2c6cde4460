using Hypr.Guest.Boot;
using Hypr.Guest.Devices;
using Hypr.Guest.Protocol.Messages;
using Hypr.Linux;
using Hypr.Linux.Files;
using Hypr.Linux.Mounts;

namespace Hypr.Guest.Root;

/// <summary>The host's folders and files, by virtio-fs: one file system in the agent's namespace, whose entries are mounted at their places in the container.</summary>
internal static class SharedFolders
{
    private const string Root = "/hypr/folders";

    public static string PathOf(int index) => $"{Root}/{index}";

    public static void Mount(FoldersConfiguration folders)
    {
        // Few machines have them: no other pays for their modules.
        Startup.InsertModules("folders");
        FileTree.MakeFolders(Root);
        var device = VirtioDevices.Find(folders.Slot) ?? throw new LinuxException("find the folders' device in", folders.Slot.ToString(), Errno.ENODEV);
        VirtioDevices.Bind(device, "virtiofs");
        Linux.Mounts.Mount.Add(FoldersConfiguration.Tag, Root, "virtiofs", MountFlags.NoDev | MountFlags.RelativeAtime);
    }

    public static void Unmount() => Linux.Mounts.Mount.TryRemove(Root, lazy: true);
}
