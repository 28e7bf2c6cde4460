using Hypr.Primitives;

namespace Hypr.Engine.Volumes;

/// <summary><c>-v SOURCE:TARGET[:MODE]</c>, where the source is a volume's name or a path of the host (volume/mounts/linux_parser.go).</summary>
internal static class BindText
{
    public static bool IsFolder(string bind) => bind.StartsWith('/');

    public static VolumeWish Volume(string bind)
    {
        var (source, target, mode) = Split(bind);
        var mount = new VolumeMount { Target = target };
        foreach (var word in Words(mode))
        {
            mount = word switch
            {
                "ro" => mount with { ReadOnly = true },
                "nocopy" => mount with { NoCopy = true },
                // z and Z relabel for SELinux on a host: a VM's disk needs none.
                "rw" or "z" or "Z" => mount,
                _ => throw HyprException.Invalid($"invalid mode: {mode}: ro, rw and nocopy are known"),
            };
        }

        return new VolumeWish(new VolumeSpec { Name = VolumeOptions.CheckedName(source) }, mount);
    }

    public static FolderMount Folder(string bind)
    {
        var (source, target, mode) = Split(bind);
        var mount = new FolderMount { Source = MountPath.TryClean(source)!, Target = target, MakesSource = true };
        foreach (var word in Words(mode))
        {
            mount = word switch
            {
                "ro" => mount with { ReadOnly = true },
                // consistent, cached and delegated are of Docker Desktop, and mean nothing on Linux there either.
                "rw" or "z" or "Z" or "consistent" or "cached" or "delegated" => mount,
                _ => Propagated(word, mount, $"invalid mode: {mode}: ro and rw are known"),
            };
        }

        return mount;
    }

    /// <summary>Docker's default is all that there is: what is mounted on the host later is not seen in a VM, and the other way about.</summary>
    public static FolderMount Propagated(string propagation, FolderMount mount, string unknown) => propagation switch
    {
        "" or "private" or "rprivate" => mount,
        "shared" or "rshared" or "slave" or "rslave" => throw HyprException.Invalid(
            $"{mount.Source} on {mount.Target}: the bind propagation {propagation} is not in HYPR: a VM does not see what the host mounts later. Leave it out, or name each of them"),
        _ => throw HyprException.Invalid(unknown),
    };

    private static (string Source, string Target, string Mode) Split(string bind)
    {
        var parts = bind.Split(':');
        return parts.Length is 2 or 3 && parts[0].Length > 0 && parts[1].Length > 0
            ? (parts[0], MountPath.Clean(parts[1]), parts.Length == 3 ? parts[2] : "")
            : throw HyprException.Invalid($"invalid volume specification: '{bind}'");
    }

    private static string[] Words(string mode) => mode.Length > 0 ? mode.Split(',') : [];
}
