using Hypr.Engine.Machines;
using Hypr.Primitives;

namespace Hypr.Engine.Volumes;

/// <summary>
/// From all the ways in which Docker takes mounts to one list. Its order of precedence (daemon/volumes.go, registerMountPoints): what is taken over of other
/// machines, then -v, then --mount; places that are named twice by the latter two are an error. Last -v PATH and the image's VOLUMEs, where nothing else is.
/// </summary>
internal static class MountPlan
{
    public static MountWishes Of(MachineConfig config, IReadOnlyList<string> imageVolumes, Func<string, Machine> machine)
    {
        var all = new Places();
        foreach (var from in config.VolumesFrom)
        {
            TakeOver(all, from, machine);
        }

        VolumeOptions.CheckDriver(config.VolumeDriver);
        var named = new HashSet<string>(StringComparer.Ordinal);
        foreach (var bind in config.Binds)
        {
            Once(BindText.IsFolder(bind) ? all.Put(BindText.Folder(bind)) : all.Put(BindText.Volume(bind)));
        }

        foreach (var request in config.Mounts)
        {
            Once(request.Type == "bind" ? all.Put(RequestedMount.Folder(request)) : all.Put(RequestedMount.Volume(request)));
        }

        foreach (var path in config.AnonymousVolumes.Concat(imageVolumes))
        {
            var target = MountPath.Clean(path);
            if (!IsTmpfs(target) && !all.Has(target))
            {
                all.Put(new VolumeWish(new VolumeSpec(), new VolumeMount { Target = target, Anonymous = true }));
            }
        }

        return all.Wishes;

        void Once(string target)
        {
            if (!named.Add(target) || IsTmpfs(target))
            {
                throw HyprException.Invalid($"Duplicate mount point: {target}");
            }
        }

        bool IsTmpfs(string target) => config.Tmpfs.Keys.Any(t => MountPath.TryClean(t) == target);
    }

    /// <summary><c>NAME[:ro|:rw]</c></summary>
    private static void TakeOver(Places all, string from, Func<string, Machine> machine)
    {
        var cut = from.LastIndexOf(':');
        var (name, mode) = cut < 0 ? (from, "") : (from[..cut], from[(cut + 1)..]);
        if (name.Length == 0 || mode is not ("" or "ro" or "rw"))
        {
            throw HyprException.Invalid($"invalid --volumes-from {from}: the name of a VM is due, with :ro or :rw behind it or not");
        }

        Machine other;
        try
        {
            other = machine(name);
        }
        catch (HyprException e) when (e.Kind == ErrorKind.NotFound)
        {
            // A 404 here is a missing image to a client.
            throw HyprException.Invalid($"--volumes-from {from}: {e.Message}");
        }

        foreach (var mount in other.Config.Volumes)
        {
            all.Put(new VolumeWish(new VolumeSpec { Name = mount.Volume }, mount with { ReadOnly = IsReadOnly(mount.ReadOnly), Anonymous = false }));
        }

        foreach (var folder in other.Config.Folders)
        {
            all.Put(folder with { ReadOnly = IsReadOnly(folder.ReadOnly) });
        }

        bool IsReadOnly(bool its) => mode == "ro" || (mode != "rw" && its);
    }

    /// <summary>What is put later has the place.</summary>
    private sealed class Places
    {
        private readonly Dictionary<string, VolumeWish> _volumes = new(StringComparer.Ordinal);
        private readonly Dictionary<string, FolderMount> _folders = new(StringComparer.Ordinal);

        public MountWishes Wishes => new([.. _volumes.Values], [.. _folders.Values.OrderBy(f => f.Target, StringComparer.Ordinal)]);

        public bool Has(string target) => _volumes.ContainsKey(target) || _folders.ContainsKey(target);

        public string Put(VolumeWish wish)
        {
            _folders.Remove(wish.Mount.Target);
            _volumes[wish.Mount.Target] = wish;
            return wish.Mount.Target;
        }

        public string Put(FolderMount folder)
        {
            _volumes.Remove(folder.Target);
            _folders[folder.Target] = folder;
            return folder.Target;
        }
    }
}
