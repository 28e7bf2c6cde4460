using Hypr.Machines.Folders;
using Hypr.Primitives;

namespace Hypr.Engine.Volumes;

/// <summary>The host's end of a machine's folders.</summary>
internal static class FolderUseCases
{
    /// <summary>At create: what can be known then. What <c>-v</c> names may come until the start, and is made there.</summary>
    public static void Check(IReadOnlyList<FolderMount> folders, IHostFolders host)
    {
        if (folders.Count == 0)
        {
            return;
        }

        host.Require();
        foreach (var folder in folders)
        {
            CheckSource(folder, host, missing: folder.MakesSource);
        }
    }

    /// <summary>At start: all are there, or made.</summary>
    public static void Ready(IReadOnlyList<FolderMount> folders, IHostFolders host)
    {
        Check(folders, host);
        foreach (var folder in folders.Where(f => f.MakesSource && host.Find(f.Source) is null))
        {
            host.Make(folder.Source);
        }
    }

    private static void CheckSource(FolderMount folder, IHostFolders host, bool missing)
    {
        switch (host.Find(folder.Source))
        {
            case null when !missing:
                throw HyprException.Invalid($"invalid mount config for type \"bind\": bind source path does not exist: {folder.Source}");
            case HostPathKind.Other:
                throw HyprException.Invalid(
                    $"{folder.Source} on {folder.Target}: folders and files of the host can be mounted in a VM, and this is a socket, a device or a pipe, which is of use with the host's kernel alone");
        }
    }
}
