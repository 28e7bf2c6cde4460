using Hypr.Compose.Model;

namespace Hypr.Compose.Plan;

/// <content>Volumes: made when they are missing, and never unmade.</content>
public sealed partial class UpPlan
{
    private readonly Dictionary<string, Step> _volumes = [];

    private IEnumerable<Volume> VolumesOf(IEnumerable<Service> services) => services.SelectMany(s => s.Volumes)
        .Where(v => v is { Type: "volume", Source: not null }).Select(v => v.Source!).Distinct().Select(k => _project.Volumes[k]);

    private void CheckVolumes(IReadOnlyList<Service> services)
    {
        foreach (var (service, mount) in services.SelectMany(s => s.Volumes.Where(m => !m.Target.StartsWith('/')).Select(m => (s, m))))
        {
            _problems.Error(mount.At,
                $"services.{service.Name}.volumes: '{mount.Target}' is no place in the VM, which begins with /. To mount the volume of that name there: {mount.Target}:/PATH");
        }

        foreach (var (service, mount) in services.SelectMany(s => s.Volumes.Where(m => m.Subpath is not null).Select(m => (s, m))))
        {
            _problems.Error(mount.At, $"services.{service.Name}.volumes: a subpath ({mount.Subpath}) is not supported: mount the whole volume");
        }

        foreach (var volume in VolumesOf(services))
        {
            var there = _present.Volumes.FirstOrDefault(v => v.Name == volume.Name);
            if (volume.External && there is null)
            {
                _problems.Error(volume.At, $"the volume {volume.Name} is external and is not there. Make it: hypr volume create {volume.Name}");
            }
            else if (!volume.External && there is not null && there.Project != _project.Name)
            {
                _problems.Warn(volume.At, there.Project.Length == 0
                    ? $"the volume {volume.Name} is there and of no stack; it is used as it is. Say external: true if that is meant"
                    : $"the volume {volume.Name} is of the stack {there.Project}; it is used as it is. Say external: true if that is meant");
            }
            else if (!volume.External && there is { ConfigHash.Length: > 0 } && there.ConfigHash != VolumeRequest.Hash(volume))
            {
                _problems.Warn(volume.At,
                    $"the volume {volume.Name} is not as the file has it now; it is used as it is, with what is in it. To have it made anew: hypr compose down, hypr volume rm {volume.Name}");
            }
        }
    }

    private void PlanVolumes(IReadOnlyList<Service> services)
    {
        foreach (var volume in VolumesOf(services).Where(v => !v.External && _present.Volumes.All(p => p.Name != v.Name)))
        {
            _volumes[volume.Key] = Add(new CreateVolume(volume, VolumeRequest.Hash(volume)));
        }
    }

    /// <summary>What a VM has in volumes of its own, for the one that takes its place.</summary>
    private Dictionary<string, string> Inherited(PresentMachine machine) => machine.Volumes
        .Where(v => _present.Volumes.Any(p => p.Name == v.Value && p.Anonymous)).ToDictionary();
}
