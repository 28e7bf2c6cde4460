using System.Text;
using Hypr.Guest.Root;
using Hypr.Linux.Files;

namespace Hypr.Guest.Tools;

/// <summary>
/// What the container wrote, by overlayfs's upper layer (Documentation/filesystems/overlayfs.rst): a device 0:0 is a whiteout, an opaque folder hides the image's. What
/// stands in the image too is changed, all else is added.
/// </summary>
internal static class RootChanges
{
    /// <summary>Made by the agent as places to mount on, as dockerd's init layer has them.</summary>
    private static readonly HashSet<string> MountPoints =
        ["/dev", "/dev/console", "/dev/pts", "/dev/shm", "/dev/mqueue", "/proc", "/sys", "/etc/hosts", "/etc/hostname", "/etc/resolv.conf", "/etc"];

    public static void Write(FileStream output)
    {
        using var upper = Folder.Open(ContainerRoot.Upper);
        using var image = Folder.Open(ContainerRoot.Image);
        var found = new List<(char Kind, string Path)>();
        Compare(upper, image, "", found);
        using var buffered = new BufferedStream(output, 64 << 10);
        foreach (var (kind, path) in found)
        {
            // A folder that holds nothing but mount points was not changed by the container.
            if (MountPoints.Contains(path) && !found.Exists(f => f.Path.StartsWith(path + "/", StringComparison.Ordinal) && !MountPoints.Contains(f.Path)))
                continue;
            buffered.Write(Encoding.Latin1.GetBytes($"{kind}{path}\0"));
        }
    }

    private static void Compare(Folder upper, Folder? image, string path, List<(char, string)> found)
    {
        var names = upper.Names();
        names.Sort(StringComparer.Ordinal);
        foreach (var name in names)
        {
            if (upper.StatusOf(name) is not { } status)
                continue;
            var full = $"{path}/{name}";
            var below = image?.StatusOf(name);
            if (status is { Type: FileStatus.CharDevice, Major: 0, Minor: 0 })
            {
                if (below is not null)
                    found.Add(('D', full));
                continue;
            }

            found.Add((below is null ? 'A' : 'C', full));
            if (status.Type != FileStatus.Folder)
                continue;
            using var inner = upper.TryEnter(name);
            using var innerImage = below is { Type: FileStatus.Folder } ? image!.TryEnter(name) : null;
            if (inner is null)
                continue;
            var isOpaque = innerImage is not null && inner.Attribute("trusted.overlay.opaque") is [(byte)'y'];
            Compare(inner, innerImage, full, found);
            if (isOpaque)
                found.AddRange(innerImage!.Names().Where(n => inner.StatusOf(n) is null).Order(StringComparer.Ordinal).Select(n => ('D', $"{full}/{n}")));
        }
    }
}
