using Hypr.Engine.Machines;
using Hypr.Primitives;

namespace Hypr.Engine.Volumes;

/// <summary>
/// From all the ways in which Docker takes mounts to one list. Its order of precedence (daemon/volumes.go, registerMountPoints): what is taken over of other
/// machines, then -v, then --mount; places that are named twice by the latter two are an error. Last -v PATH and the image's VOLUMEs, where nothing else is.
/// </summary>
internal static class MountPlan
{
    public static IReadOnlyList<VolumeWish> Of(MachineConfig config, IReadOnlyList<string> imageVolumes, Func<string, Machine> machine)
    {
        var all = new Dictionary<string, VolumeWish>(StringComparer.Ordinal);
        foreach (var from in config.VolumesFrom)
        {
            TakeOver(all, from, machine);
        }

        VolumeOptions.CheckDriver(config.VolumeDriver);
        var named = new HashSet<string>(StringComparer.Ordinal);
        foreach (var wish in config.Binds.Select(FromBind).Concat(config.Mounts.Select(FromMount)))
        {
            if (!named.Add(wish.Mount.Target) || config.Tmpfs.Keys.Any(t => MountPath.TryClean(t) == wish.Mount.Target))
            {
                throw HyprException.Invalid($"Duplicate mount point: {wish.Mount.Target}");
            }

            all[wish.Mount.Target] = wish;
        }

        foreach (var path in config.AnonymousVolumes.Concat(imageVolumes))
        {
            var target = MountPath.Clean(path);
            if (!config.Tmpfs.Keys.Any(t => MountPath.TryClean(t) == target))
            {
                all.TryAdd(target, new VolumeWish(new VolumeSpec(), new VolumeMount { Target = target, Anonymous = true }));
            }
        }

        return [.. all.Values];
    }

    /// <summary><c>NAME[:ro|:rw]</c></summary>
    private static void TakeOver(Dictionary<string, VolumeWish> all, string from, Func<string, Machine> machine)
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
            all[mount.Target] = new VolumeWish(
                new VolumeSpec { Name = mount.Volume }, mount with { ReadOnly = mode == "ro" || (mode != "rw" && mount.ReadOnly), Anonymous = false });
        }
    }

    private static VolumeWish FromBind(string bind)
    {
        var parts = bind.Split(':');
        if (parts.Length is < 2 or > 3 || parts[0].Length == 0 || parts[1].Length == 0)
        {
            throw HyprException.Invalid($"invalid volume specification: '{bind}'");
        }

        var mount = new VolumeMount { Target = MountPath.Clean(parts[1]) };
        if (parts[0].StartsWith('/'))
        {
            throw HostPath(parts[0], mount.Target);
        }

        foreach (var word in parts.Length == 3 ? parts[2].Split(',') : [])
        {
            mount = word switch
            {
                "ro" => mount with { ReadOnly = true },
                "nocopy" => mount with { NoCopy = true },
                // z and Z relabel for SELinux on a host: a VM's disk needs none.
                "rw" or "z" or "Z" => mount,
                _ => throw HyprException.Invalid($"invalid mode: {parts[2]}: ro, rw and nocopy are known"),
            };
        }

        return new VolumeWish(new VolumeSpec { Name = VolumeOptions.CheckedName(parts[0]) }, mount);
    }

    private static VolumeWish FromMount(MountRequest request)
    {
        var target = MountPath.Clean(request.Target);
        if (request.Type == "bind")
        {
            throw HostPath(request.Source, target);
        }

        if (request.Type != "volume")
        {
            throw HyprException.Invalid($"invalid mount config for type \"{request.Type}\": volume and tmpfs are known");
        }

        var spec = new VolumeSpec
        {
            Name = request.Source.Length > 0 ? VolumeOptions.CheckedName(request.Source) : "",
            Driver = request.Driver,
            Options = request.Options,
            Labels = request.Labels,
        };
        return new VolumeWish(
            spec, new VolumeMount { Target = target, ReadOnly = request.ReadOnly, NoCopy = request.NoCopy, Anonymous = spec.Name.Length == 0 });
    }

    private static HyprException HostPath(string source, string target) => HyprException.NotImplemented(
        $"{source} on {target}: a folder of the host cannot be mounted in a VM. Use a named volume (-v NAME:{target}), or bring files in with the image or with compose's configs and secrets");
}
