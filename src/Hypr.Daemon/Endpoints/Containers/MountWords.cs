using Hypr.Api.Contracts;
using Hypr.Engine.Machines;
using Hypr.Engine.Volumes;
using Hypr.Primitives;

namespace Hypr.Daemon.Endpoints.Containers;

/// <summary>Mounts between Docker's words and the engine's.</summary>
internal static class MountWords
{
    /// <summary><c>--mount</c>, but for tmpfs.</summary>
    public static IReadOnlyList<MountRequest> Requests(HostConfig host) => [.. (host.Mounts ?? []).Where(m => m.Type != "tmpfs").Select(Request)];

    public static IReadOnlyList<MachineFileConfig> Files(HostConfig host) =>
        [.. (host.HyprFiles ?? []).Select(f => new MachineFileConfig(f.Path, f.Content, f.Uid, f.Gid, f.Mode))];

    public static List<MountPoint> Points(MachineView machine) =>
    [
        .. machine.Mounts.Select(m => new MountPoint
        {
            Type = "volume",
            Name = m.Mount.Volume,
            Source = m.Disk,
            Destination = m.Mount.Target,
            Driver = "local",
            Mode = m.Mount.ReadOnly ? "ro" : "",
            Rw = !m.Mount.ReadOnly,
        }),
        .. machine.Config.Folders.Select(f => new MountPoint
        {
            Type = "bind",
            Source = f.Source,
            Destination = f.Target,
            Mode = f.ReadOnly ? "ro" : "",
            Rw = !f.ReadOnly,
            Propagation = "rprivate",
        }),
    ];

    public static List<Mount>? Asked(MachineConfig config) => config.Mounts.Count == 0 ? null :
    [
        .. config.Mounts.Select(m => new Mount
        {
            Type = m.Type,
            Source = m.Source,
            Target = m.Target,
            ReadOnly = m.ReadOnly,
            BindOptions = m.MakesSource || m.Propagation.Length > 0 ? new BindMountOptions { CreateMountpoint = m.MakesSource, Propagation = m.Propagation } : null,
            VolumeOptions = m.NoCopy || m.Labels.Count > 0 || m.Options.Count > 0 ? new VolumeMountOptions
            {
                NoCopy = m.NoCopy,
                Labels = new Dictionary<string, string>(m.Labels),
                DriverConfig = m.Options.Count > 0 ? new VolumeDriverConfig { Name = m.Driver, Options = new Dictionary<string, string>(m.Options) } : null,
            }
            : null,
        }),
    ];

    private static MountRequest Request(Mount mount)
    {
        var type = mount.Type ?? "";
        if (string.IsNullOrEmpty(mount.Target))
        {
            throw HyprException.Invalid($"invalid mount config for type \"{type}\": field Target must not be empty");
        }

        var options = mount.VolumeOptions;
        if (!string.IsNullOrEmpty(options?.Subpath))
        {
            throw HyprException.NotImplemented($"{mount.Target}: volume-subpath is not in HYPR: mount the whole volume");
        }

        return new MountRequest
        {
            Type = type,
            Source = mount.Source ?? "",
            Target = mount.Target,
            ReadOnly = mount.ReadOnly,
            NoCopy = options?.NoCopy ?? false,
            MakesSource = mount.BindOptions?.CreateMountpoint ?? false,
            Propagation = mount.BindOptions?.Propagation ?? "",
            Driver = options?.DriverConfig?.Name ?? "",
            Options = options?.DriverConfig?.Options ?? [],
            Labels = options?.Labels ?? [],
        };
    }
}
