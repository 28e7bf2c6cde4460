using System.Runtime.Versioning;
using Hypr.Linux;
using Hypr.Linux.Files;
using Hypr.Linux.Mounts;
using Hypr.Linux.Processes;

namespace Hypr.Machines.Folders;

/// <summary>
/// <c>hyprd folders ROOT VIRTIOFSD {ro|rw PATH}...</c>: puts a machine's folders and files of the host into a mount namespace of its own, each as an entry of an
/// otherwise empty, read-only ROOT, and becomes virtiofsd that serves ROOT. So whatever a guest makes of virtiofsd, there is nothing else for it to reach; what is read-only
/// is so by a mount that no guest can change. Standard input is the socket that virtiofsd listens on: it takes one connection, the VMM's, and ends with it.
/// </summary>
[SupportedOSPlatform("linux")]
public static class FolderServerProgram
{
    public const string Word = "folders";
    private const int ListenFd = 3;

    /// <summary>Returns only when it failed: 1, with a line on stderr.</summary>
    public static int Run(IReadOnlyList<string> arguments)
    {
        try
        {
            var (root, virtiofsd) = (arguments[0], arguments[1]);
            MakeRoot(root, arguments.Skip(2).Chunk(2).Select(pair => (Path: pair[1], ReadOnly: pair[0] == "ro")).ToList());
            Self.Move(0, ListenFd);
            Self.Redirect("/dev/null", 0);
            var errno = Self.Execute(virtiofsd, [virtiofsd, .. Arguments(root)], [$"PATH={Vmm.Tool.Path}", "LC_ALL=C"]);
            throw new LinuxException("start", virtiofsd, errno);
        }
        catch (LinuxException e)
        {
            Console.Error.WriteLine($"hyprd folders: {e.Message}");
            return 1;
        }
    }

    /// <summary>
    /// virtiofsd(1) of QEMU 7.2. Its sandbox: mount, pid and network namespaces, ROOT as the root, a seccomp filter, and of root's rights those about files. mknod and
    /// setfcap are taken too: a device node, or a program with capabilities, that a guest makes in a folder is one on the host.
    /// </summary>
    internal static IEnumerable<string> Arguments(string root) =>
    [
        $"--fd={ListenFd}", "-f", "-o", $"source={root}", "-o", "sandbox=namespace", "-o", "modcaps=-mknod:-setfcap",
        // A file system of the host's below a folder is one for the guest too: numbers of files are unique in each.
        "-o", "announce_submounts",
        // What the host changes the guest sees within a second; what the guest writes is with the host at once.
        "-o", "cache=auto", "-o", "log_level=err",
    ];

    private static void MakeRoot(string root, List<(string Path, bool ReadOnly)> folders)
    {
        // unshare --mount --propagation private; mount -t tmpfs folders ROOT
        Mount.UnshareNamespace();
        Mount.Add("folders", root, "tmpfs", MountFlags.NoSuid | MountFlags.NoDev, "mode=755,size=1m");
        for (var i = 0; i < folders.Count; i++)
        {
            var (path, readOnly) = folders[i];
            // Docker's rprivate: with what is mounted below it now, and nothing that comes later.
            using var copy = Mount.Detach(path, recursive: true);
            Mount.Restrict(copy, MountFlags.NoSuid | MountFlags.NoDev | (readOnly ? MountFlags.ReadOnly : MountFlags.None));
            var place = $"{root}/{i}";
            if (FileStatus.OfOpen(copy).IsFolder)
                FileTree.MakeFolders(place);
            else
                FileTree.TryTouch(place);
            Mount.Attach(copy, place);
        }

        Mount.Add(null, root, null, MountFlags.Remount | MountFlags.Bind | MountFlags.ReadOnly | MountFlags.NoSuid | MountFlags.NoDev);
    }
}
