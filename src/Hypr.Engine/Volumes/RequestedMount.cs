using Hypr.Primitives;

namespace Hypr.Engine.Volumes;

/// <summary>From Docker's HostConfig.Mounts.</summary>
internal static class RequestedMount
{
    public static VolumeWish Volume(MountRequest request)
    {
        var target = MountPath.Clean(request.Target);
        if (request.Type != "volume")
        {
            throw HyprException.Invalid($"invalid mount config for type \"{request.Type}\": bind, volume and tmpfs are known");
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

    public static FolderMount Folder(MountRequest request)
    {
        // Docker's sentences (volume/mounts/validate.go).
        const string Invalid = "invalid mount config for type \"bind\"";
        var target = MountPath.Clean(request.Target);
        if (request.Source.Length == 0)
        {
            throw HyprException.Invalid($"{Invalid}: field Source must not be empty");
        }

        if (MountPath.TryClean(request.Source) is not { } source)
        {
            throw HyprException.Invalid($"{Invalid}: invalid mount path: '{request.Source}' mount path must be absolute");
        }

        if (request.NoCopy || request.Driver.Length > 0 || request.Options.Count > 0 || request.Labels.Count > 0)
        {
            throw HyprException.Invalid($"{Invalid}: field VolumeOptions must not be specified");
        }

        var mount = new FolderMount { Source = source, Target = target, ReadOnly = request.ReadOnly, MakesSource = request.MakesSource };
        return BindText.Propagated(request.Propagation, mount, $"{Invalid}: invalid propagation mode: {request.Propagation}");
    }
}
