using System.Globalization;
using Hypr.Guest.Protocol.Messages;
using Hypr.Guest.Root;
using Hypr.Linux;
using Hypr.Linux.Files;
using Hypr.Linux.Mounts;
using Microsoft.Win32.SafeHandles;

namespace Hypr.Guest.Spawning;

/// <summary>
/// What a container finds mounted (OCI runtime specification, config-linux.md, default file systems; Docker's defaults). Made inside its own mount namespace after
/// the root was switched, so no link of the image leads out of it.
/// </summary>
internal static class ContainerMounts
{
    private const MountFlags Safe = MountFlags.NoSuid | MountFlags.NoDev | MountFlags.NoExec;

    /// <summary>Docker's default of /dev/shm.</summary>
    private const ulong SharedMemory = 64 << 20;

    /// <summary>The container's kernel file systems, without a place yet. What is the same for every machine: a saved guest has it.</summary>
    public sealed record Ready(SafeFileHandle Proc, SafeFileHandle Dev, SafeFileHandle Sys);

    /// <summary>By the process that becomes the container's init: proc shows the pid namespace of who mounts it, cgroup2 begins at the cgroup of who mounts it.</summary>
    /// <param name="place">Where they are put together: each child has its own.</param>
    public static Ready Prepare(string place)
    {
        var (proc, dev, sys) = (place + "/proc", place + "/dev", place + "/sys");
        Mount.UnshareCgroupView();
        Add("proc", proc, "proc", Safe);
        MakeDev(dev);
        Add("sysfs", sys, "sysfs", Safe | MountFlags.ReadOnly);
        Mount.Add("cgroup", sys + "/fs/cgroup", "cgroup2", Safe | MountFlags.RelativeAtime);
        return new Ready(Take(proc), Take(dev), Take(sys));

        static SafeFileHandle Take(string folder)
        {
            var tree = Mount.Detach(folder, recursive: true);
            Mount.TryRemove(folder, lazy: true);
            return tree;
        }
    }

    public static void Make(SpawnOrder order, Ready ready)
    {
        // 1. Copies of what the agent keeps; their paths are gone after the switch.
        Mount.UnshareNamespace();
        using var hosts = Mount.Detach(NameFiles.Hosts);
        using var resolver = Mount.Detach(NameFiles.Resolver);
        using var hostname = Mount.Detach(NameFiles.Hostname);
        using var machineId = FileTree.Exists(NameFiles.MachineId) ? Mount.Detach(NameFiles.MachineId) : null;
        var places = Places(order);

        // 2. The image is the root.
        Mount.SwitchRoot(ContainerRoot.Path);
        Attach(ready.Proc, "/proc");
        Attach(ready.Dev, "/dev");
        Attach(ready.Sys, "/sys");
        if (order.SharedMemoryBytes is var bytes and not (0 or SharedMemory))
            Mount.Add("shm", "/dev/shm", null, Safe | MountFlags.Remount, ShmOptions(bytes));
        if (order.Terminal is { } terminal && FileTree.TryTouch("/dev/console"))
            Mount.Add(terminal, "/dev/console", null, MountFlags.Bind);

        // 3. Docker's files over the image's, then what the person wants.
        MountFile(hosts, "/etc/hosts");
        MountFile(resolver, "/etc/resolv.conf");
        MountFile(hostname, "/etc/hostname");
        if (machineId is not null)
            MountFile(machineId, "/etc/machine-id");
        foreach (var (_, mount) in places)
            mount();
        if (order.ReadOnlyRoot)
        {
            // Docker makes the working folder before there is a container: it is there in one that is read-only too.
            FileTree.MakeFolders(order.Process.WorkingDir);
            MakeReadOnly("/");
        }

        static void Attach(SafeFileHandle tree, string target)
        {
            FileTree.MakeFolders(target);
            Mount.Attach(tree, target);
            tree.Dispose();
        }
    }

    /// <summary>Volumes, tmpfs and files of the person's, those further up in the tree first; a volume that is empty gets the image's content here.</summary>
    private static IEnumerable<(string Target, Action Mount)> Places(SpawnOrder order)
    {
        var places = new List<(string Target, Action Mount)>();
        for (var i = 0; i < order.Volumes.Count; i++)
        {
            var folder = VolumeDisk.Folder(i);
            foreach (var place in order.Volumes[i].Mounts)
            {
                if (place.CopyImage && !order.Volumes[i].IsDiskReadOnly)
                    VolumeDisk.Fill(folder, place.Target);
                var content = VolumeDisk.Content(folder);
                places.Add((place.Target, () => MountVolume(content, place)));
            }
        }

        for (var i = 0; i < order.Folders.Count; i++)
        {
            var place = order.Folders[i];
            var isFolder = FileTree.Exists(SharedFolders.PathOf(i) + "/.");
            var content = Mount.Detach(SharedFolders.PathOf(i));
            places.Add((place.Target, () => MountShared(content, place, isFolder)));
        }

        foreach (var (target, options) in order.Tmpfs)
            places.Add((target, () => AddTmpfs(target, options)));
        for (var i = 0; i < order.Files.Count; i++)
        {
            var target = order.Files[i];
            var file = Mount.Detach(GuestFiles.PathOf(i));
            places.Add((target, () =>
            {
                MountFile(file, target);
                MakeReadOnly(target);
            }
            ));
        }

        return places.OrderBy(static p => p.Target.Split('/', StringSplitOptions.RemoveEmptyEntries).Length);
    }

    private static void MountVolume(SafeFileHandle content, VolumeMountPoint place)
    {
        FileTree.MakeFolders(place.Target);
        Mount.Attach(content, place.Target);
        if (place.ReadOnly)
            MakeReadOnly(place.Target);
    }

    private static void MountShared(SafeFileHandle content, FolderMountPoint place, bool isFolder)
    {
        if (isFolder)
        {
            FileTree.MakeFolders(place.Target);
            Mount.Attach(content, place.Target);
        }
        else
        {
            MountFile(content, place.Target);
        }

        if (place.ReadOnly)
            MakeReadOnly(place.Target);
    }

    private static void MakeReadOnly(string target) => Mount.Add(null, target, null, MountFlags.Remount | MountFlags.Bind | MountFlags.ReadOnly);

    private static void MakeDev(string dev)
    {
        Add("tmpfs", dev, "tmpfs", MountFlags.NoSuid | MountFlags.StrictAtime, "mode=755,size=65536k");
        // Documentation/admin-guide/devices.txt
        foreach (var (name, major, minor) in (ReadOnlySpan<(string, uint, uint)>)
            [("null", 1, 3), ("zero", 1, 5), ("full", 1, 7), ("random", 1, 8), ("urandom", 1, 9), ("tty", 5, 0)])
        {
            FileTree.MakeDevice($"{dev}/{name}", 0x1B6, major, minor);
        }

        foreach (var (name, target) in (ReadOnlySpan<(string, string)>)
            [("fd", "/proc/self/fd"), ("stdin", "/proc/self/fd/0"), ("stdout", "/proc/self/fd/1"), ("stderr", "/proc/self/fd/2"), ("core", "/proc/kcore"), ("ptmx", "pts/ptmx")])
        {
            FileTree.MakeLink(target, $"{dev}/{name}");
        }

        using var terminals = Mount.Detach(ContainerRoot.Terminals);
        FileTree.MakeFolders(dev + "/pts");
        Mount.Attach(terminals, dev + "/pts");
        Add("mqueue", dev + "/mqueue", "mqueue", Safe);
        Add("shm", dev + "/shm", "tmpfs", Safe, ShmOptions(SharedMemory));
    }

    private static string ShmOptions(ulong bytes) => $"mode=1777,size={bytes}";

    private static void Add(string source, string target, string type, MountFlags flags, string? data = null)
    {
        FileTree.MakeFolders(target);
        Mount.Add(source, target, type, flags, data);
    }

    private static void MountFile(SafeFileHandle file, string target)
    {
        if (!FileTree.TryTouch(target))
        {
            // The folder is missing, or the image's file is a link to where nothing is (resolv.conf of systemd-resolved).
            FileTree.MakeFolders(FolderOf(target));
            var path = target;
            for (var i = 0; i < 8 && FileTree.ReadLink(path) is { } link; i++)
                path = link.StartsWith('/') ? link : FolderOf(path) + "/" + link;
            FileTree.MakeFolders(FolderOf(path));
            if (!FileTree.TryTouch(target))
                throw new LinuxException("make", target, Errno.ENOENT);
        }

        Mount.Attach(file, target);
    }

    private static string FolderOf(string path) => path[..Math.Max(1, path.LastIndexOf('/'))];

    /// <summary><c>docker run --tmpfs</c>: mount(8)'s words for flags, the rest is the file system's own.</summary>
    private static void AddTmpfs(string target, string options)
    {
        var (flags, data) = ParseOptions(options);
        FileTree.MakeFolders(target);
        Mount.Add("tmpfs", target, "tmpfs", flags, data);
    }

    internal static (MountFlags Flags, string? Data) ParseOptions(string options)
    {
        // Docker's default for --tmpfs (daemon/oci_linux.go).
        var flags = Safe;
        var data = new List<string>();
        foreach (var option in options.Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            flags = option.ToLower(CultureInfo.InvariantCulture) switch
            {
                "ro" => flags | MountFlags.ReadOnly,
                "rw" => flags & ~MountFlags.ReadOnly,
                "exec" => flags & ~MountFlags.NoExec,
                "noexec" => flags | MountFlags.NoExec,
                "suid" => flags & ~MountFlags.NoSuid,
                "nosuid" => flags | MountFlags.NoSuid,
                "dev" => flags & ~MountFlags.NoDev,
                "nodev" => flags | MountFlags.NoDev,
                "noatime" => flags | MountFlags.NoAtime,
                "nodiratime" => flags | MountFlags.NoDirAtime,
                "relatime" => flags | MountFlags.RelativeAtime,
                "strictatime" => flags | MountFlags.StrictAtime,
                "sync" => flags | MountFlags.Synchronous,
                _ => Keep(option, flags),
            };
        }

        return (flags, data.Count > 0 ? string.Join(',', data) : null);

        MountFlags Keep(string option, MountFlags unchanged)
        {
            data.Add(option);
            return unchanged;
        }
    }
}
