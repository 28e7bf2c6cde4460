using System.Runtime.InteropServices;
using Hypr.Linux.Libc;
using Microsoft.Win32.SafeHandles;

namespace Hypr.Linux.Mounts;

/// <summary>include/uapi/linux/mount.h: MS_*.</summary>
[Flags]
public enum MountFlags : uint
{
    None = 0,
    ReadOnly = 1,
    NoSuid = 2,
    NoDev = 4,
    NoExec = 8,
    Synchronous = 16,
    Remount = 32,
    NoAtime = 1024,
    NoDirAtime = 2048,
    Bind = 4096,
    Move = 8192,
    Recursive = 16384,
    Private = 1 << 18,
    RelativeAtime = 1 << 21,
    StrictAtime = 1 << 24,
}

/// <summary>Mounts of the calling thread's mount namespace.</summary>
public static unsafe class Mount
{
    private const int CloneFs = 0x200;
    private const int CloneNewNs = 0x20000;
    private const int CloneNewCgroup = 0x2000000;
    private const int CloneNewPid = 0x20000000;

    // The same numbers on every architecture (since Linux 5.0).
    private const int SysOpenTree = 428;
    private const int SysMoveMount = 429;
    private const int SysMountSetAttr = 442;
    private const int AtRecursive = 0x8000;

    /// <summary><c>mount -t TYPE -o FLAGS,DATA SOURCE TARGET</c></summary>
    public static void Add(string? source, string target, string? type, MountFlags flags = MountFlags.None, string? data = null)
    {
        if (LibC.Mount(source, target, type, (nuint)flags, data) != 0)
            throw LinuxException.Last($"mount {type ?? source} at", target);
    }

    /// <summary><c>umount [-l] TARGET</c>; false: it is busy, or no mount.</summary>
    public static bool TryRemove(string target, bool lazy = false) => LibC.Unmount(target, lazy ? 2 : 0) == 0;

    /// <summary>A copy of a mount, or of what is at a path, that has no place yet (open_tree(2), Linux 5.2).</summary>
    /// <param name="recursive">With what is mounted below.</param>
    public static SafeFileHandle Detach(string path, bool recursive = false)
    {
        // OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC, AT_RECURSIVE; AT_FDCWD is -100.
        var name = Marshal.StringToCoTaskMemUTF8(path);
        try
        {
            var fd = LibC.Syscall(SysOpenTree, -100, name, 1 | LibC.O_CLOEXEC | (recursive ? AtRecursive : 0), 0, 0);
            return fd >= 0 ? new SafeFileHandle(fd, ownsHandle: true) : throw LinuxException.Last("copy mount", path);
        }
        finally
        {
            Marshal.FreeCoTaskMem(name);
        }
    }

    /// <summary>Gives such a copy its place (move_mount(2)).</summary>
    public static void Attach(SafeFileHandle mount, string target)
    {
        var name = Marshal.StringToCoTaskMemUTF8(target);
        try
        {
            // MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_SYMLINKS
            fixed (byte* empty = "\0"u8)
            {
                if (LibC.Syscall(SysMoveMount, mount.DangerousGetHandle(), (nint)empty, -100, name, 0x4 | 0x10) != 0)
                    throw LinuxException.Last("mount a copy at", target);
            }
        }
        finally
        {
            Marshal.FreeCoTaskMem(name);
        }
    }

    /// <summary>
    /// <c>mount --make-rprivate -o remount,bind,FLAGS</c> for such a copy and all that is mounted below it (mount_setattr(2), Linux 5.12): read-only, nosuid and nodev.
    /// </summary>
    public static void Restrict(SafeFileHandle mount, MountFlags flags)
    {
        // struct mount_attr: attr_set, attr_clr, propagation, userns_fd. MOUNT_ATTR_RDONLY, _NOSUID and _NODEV have the numbers of MS_RDONLY, MS_NOSUID and MS_NODEV.
        var attributes = stackalloc ulong[4] { (ulong)(flags & (MountFlags.ReadOnly | MountFlags.NoSuid | MountFlags.NoDev)), 0, (ulong)MountFlags.Private, 0 };
        fixed (byte* empty = "\0"u8)
        {
            if (LibC.Syscall(SysMountSetAttr, mount.DangerousGetHandle(), (nint)empty, LibC.AT_EMPTY_PATH | AtRecursive, (nint)attributes, 32) != 0)
                throw LinuxException.Last("restrict", "a mount");
        }
    }

    /// <summary>The calling thread gets a mount namespace of its own, in which nothing of other namespaces appears any more.</summary>
    public static void UnshareNamespace()
    {
        if (LibC.Unshare(CloneNewNs) != 0)
            throw LinuxException.Last("make", "a mount namespace");
        Add(null, "/", null, MountFlags.Recursive | MountFlags.Private);
    }

    /// <summary>The calling thread's own cgroup is the root of what it and its children see of cgroups (cgroup_namespaces(7)).</summary>
    public static void UnshareCgroupView()
    {
        if (LibC.Unshare(CloneNewCgroup) != 0)
            throw LinuxException.Last("make", "a cgroup namespace");
    }

    /// <summary>
    /// The mount at <paramref name="folder"/> becomes the root of this namespace, as switch_root(8) does it: pivot_root(2) refuses an initramfs. Not a mere
    /// chroot: a process in one may not make user namespaces (kernel/user_namespace.c, current_chrooted).
    /// </summary>
    public static void SwitchRoot(string folder)
    {
        if (LibC.ChangeDirectory(folder) != 0)
            throw LinuxException.Last("enter", folder);
        Add(".", "/", null, MountFlags.Move);
        if (LibC.ChangeRoot(".") != 0 || LibC.ChangeDirectory("/") != 0)
            throw LinuxException.Last("make the root", folder);
    }

    /// <summary>The calling thread enters a mount namespace, with its root and its working folder there.</summary>
    public static void EnterNamespace(SafeFileHandle mountNamespace)
    {
        // setns(2): refused while other threads share this one's root and working folder.
        if (LibC.Unshare(CloneFs) != 0 || LibC.SetNs(mountNamespace, CloneNewNs) != 0)
            throw LinuxException.Last("enter", "a mount namespace");
    }

    /// <summary>The calling thread's next children are in a new pid namespace, the first of them its init; or in that of <paramref name="existing"/>.</summary>
    public static void ChildrenInPidNamespace(SafeFileHandle? existing)
    {
        if ((existing is null ? LibC.Unshare(CloneNewPid) : LibC.SetNs(existing, CloneNewPid)) != 0)
            throw LinuxException.Last("enter", "a pid namespace");
    }
}
