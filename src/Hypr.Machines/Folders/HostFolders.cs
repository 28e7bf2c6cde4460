using Hypr.Linux;
using Hypr.Linux.Files;
using Hypr.Linux.Processes;
using Hypr.Machines.Vmm;
using Hypr.Primitives;

namespace Hypr.Machines.Folders;

/// <summary>
/// The host's tree as root sees it. Under the hardened unit hyprd sees neither /home nor may it mount: then the tree is pid 1's, and systemd starts what mounts.
/// </summary>
internal sealed class HostFolders(MachineHostSettings settings) : IHostFolders
{
    private const int SysAdmin = 21;

    /// <summary>virtiofsd is its last version in C in QEMU 7.2, and a package of its own from Debian 13 on.</summary>
    private static readonly string[] Virtiofsds = ["/usr/lib/qemu/virtiofsd", "/usr/libexec/virtiofsd", "virtiofsd"];
    private static readonly bool MayMount = Self.HasCapability(SysAdmin);

    private static string Host => MayMount ? "" : "/proc/1/root";

    public void Require()
    {
        if (Virtiofsd() is null)
        {
            throw HyprException.Unavailable(
                "virtiofsd is missing, without which no folder of the host can be mounted in a VM: install it with: apt-get install qemu-system-common (Debian 12) or virtiofsd");
        }

        if (settings.Hyprd is null || (!MayMount && Tool.Find("systemd-run") is null))
            throw HyprException.Unavailable("this hyprd may not mount folders of the host: it lacks CAP_SYS_ADMIN, and there is no systemd to ask");
    }

    public HostPathKind? Find(string path) => FileStatus.Find(Host + path) switch
    {
        null => null,
        { IsFolder: true } => HostPathKind.Folder,
        { IsFile: true } => HostPathKind.File,
        _ => HostPathKind.Other,
    };

    public void Make(string path)
    {
        try
        {
            FileTree.MakeFolders(Host + path);
        }
        catch (LinuxException e)
        {
            throw HyprException.Invalid($"error while creating mount source path '{path}': {e.Message}");
        }
    }

    /// <summary>The program and its arguments that serve a machine's folders at <paramref name="root"/>.</summary>
    public (string Program, List<string> Arguments) Server(string machineId, string root, IReadOnlyList<VmmFolder> folders)
    {
        List<string> helper = [settings.Hyprd!, FolderServerProgram.Word, root, Virtiofsd()!, .. folders.SelectMany(f => (string[])[f.ReadOnly ? "ro" : "rw", f.Source])];
        // --pipe hands our descriptors 0 to 2 to the unit, which lives on without systemd-run and hyprd.
        return MayMount
            ? (helper[0], helper[1..])
            : (Tool.Find("systemd-run")!,
                ["--quiet", "--collect", "--pipe", $"--unit=hypr-folders-{ObjectId.Short(machineId)}-{Environment.TickCount64:x}", "--", .. helper]);
    }

    private static string? Virtiofsd() => Virtiofsds.Select(Tool.Find).FirstOrDefault(found => found is not null);
}
