using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Hypr.Api.Contracts;
using Hypr.Compose.Model;

namespace Hypr.Compose.Plan;

/// <summary>From a service to the create call of one of its VMs.</summary>
public static class MachineRequest
{
    /// <summary>Docker's word for the name that the guest's NIC gets (docker/compose, pkg/compose/create.go).</summary>
    private const string InterfaceName = "com.docker.network.endpoint.ifname";

    /// <param name="hash">Of <see cref="Hash"/>.</param>
    /// <param name="imageId">The image's id now, so that a newer image of the same name is seen next time.</param>
    /// <param name="inherited">Volumes of the VM that it replaces, by their places: where the service names none of its own.</param>
    public static CreateContainerRequest Of(
        ComposeProject project, Service service, string name, int number, string hash, string imageId, IReadOnlyDictionary<string, string>? inherited = null)
    {
        var request = Core(project, service);
        Inherit(request.HostConfig!, inherited ?? new Dictionary<string, string>());
        var labels = request.Labels!;
        labels[StackLabels.Project] = project.Name;
        labels[StackLabels.Service] = service.Name;
        labels[StackLabels.Number] = $"{number}";
        labels[StackLabels.OneOff] = "False";
        labels[StackLabels.ConfigHash] = hash;
        labels[StackLabels.ConfigFiles] = string.Join(',', project.Files);
        labels[StackLabels.WorkingDir] = project.WorkingDir;
        labels[StackLabels.Version] = StackLabels.ThisVersion;
        labels[StackLabels.DependsOn] = string.Join(',', service.Predecessors.Select(d => $"{d.Service}:{d.Condition}:{(d.Restart ? "true" : "false")}"));
        labels[StackLabels.Image] = imageId;
        foreach (var endpoint in request.NetworkingConfig?.EndpointsConfig?.Values ?? Enumerable.Empty<EndpointSettings?>())
        {
            endpoint!.Aliases!.Insert(0, name);
        }

        return request;
    }

    /// <summary>The same as a one-off VM of <c>compose run</c>: without the service's names on the networks, for those are of its own VMs.</summary>
    public static CreateContainerRequest OneOff(ComposeProject project, Service service, string name, string slug, string imageId, bool useAliases)
    {
        var request = Of(project, service, name, 1, Hash(project, service), imageId);
        request.Labels!.Remove(StackLabels.Number);
        request.Labels[StackLabels.OneOff] = "True";
        request.Labels[StackLabels.Slug] = slug;
        foreach (var endpoint in useAliases ? [] : request.NetworkingConfig?.EndpointsConfig?.Values ?? Enumerable.Empty<EndpointSettings?>())
        {
            endpoint!.Aliases = [name];
            endpoint.IpamConfig = null;
            endpoint.MacAddress = null;
        }

        return request;
    }

    /// <summary>Changes when the VM would be made differently: by its name, networks, command and so on, not by where the files lie or how many VMs there are.</summary>
    public static string Hash(ComposeProject project, Service service)
    {
        var text = JsonSerializer.Serialize(Core(project, service), HyprJson.Wire.CreateContainerRequest) + service.ContainerName + service.Platform;
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
    }

    public static string NameOf(ComposeProject project, Service service, int number) => service.ContainerName ?? $"{project.Name}-{service.Name}-{number}";

    /// <summary>All that is the service's own. Maps are in the order of their keys, so that their order in the file changes nothing.</summary>
    private static CreateContainerRequest Core(ComposeProject project, Service service)
    {
        var networks = Networks(project, service);
        return new CreateContainerRequest
        {
            Image = service.Image,
            Hostname = service.Hostname,
            Domainname = service.Domainname,
            User = service.User,
            WorkingDir = service.WorkingDir,
            Cmd = service.Command is null ? null : [.. service.Command],
            Entrypoint = service.Entrypoint is null ? null : [.. service.Entrypoint],
            Env = [.. service.Environment.Where(e => e.Value is not null).OrderBy(e => e.Key, StringComparer.Ordinal).Select(e => $"{e.Key}={e.Value}")],
            Labels = Sorted(service.Labels),
            Tty = service.Tty,
            OpenStdin = service.StdinOpen,
            AttachStdout = true,
            AttachStderr = true,
            StopSignal = service.StopSignal,
            StopTimeout = service.StopGracePeriod is { } grace ? (int)Math.Ceiling(grace.TotalSeconds) : null,
            Healthcheck = Health(service.HealthCheck),
            ExposedPorts = Exposed(service),
            HostConfig = Host(project, service, networks.Keys.FirstOrDefault()),
            NetworkingConfig = networks.Count > 0 ? new NetworkingConfig { EndpointsConfig = networks } : null,
        };
    }

    private static HostConfig Host(ComposeProject project, Service service, string? firstNetwork) => new()
    {
        NetworkMode = service.NetworkMode ?? firstNetwork,
        PortBindings = Bindings(service),
        RestartPolicy = Restart(service.Restart),
        Dns = ListOrNull(service.Dns),
        DnsSearch = ListOrNull(service.DnsSearch),
        DnsOptions = ListOrNull(service.DnsOpt),
        ExtraHosts = ListOrNull([.. service.ExtraHosts.Select(h => h.IndexOf('=') is > 0 and var at ? $"{h[..at]}:{h[(at + 1)..]}" : h)]),
        CapAdd = ListOrNull(service.CapAdd),
        CapDrop = ListOrNull(service.CapDrop),
        SecurityOpt = ListOrNull(service.SecurityOpt),
        GroupAdd = ListOrNull(service.GroupAdd),
        Links = ListOrNull(service.ExternalLinks),
        ShmSize = service.ShmSize,
        Ulimits = service.Ulimits.Count == 0 ? null
            : [.. service.Ulimits.OrderBy(u => u.Key, StringComparer.Ordinal).Select(u => new Ulimit { Name = u.Key, Soft = u.Value.Soft, Hard = u.Value.Hard })],
        LogConfig = Support.LogOf(service) is { Count: > 0 } options ? new LogConfig { Type = "json-file", Config = new Dictionary<string, string>(options) } : null,
        Privileged = service.Privileged,
        ReadonlyRootfs = service.ReadOnly,
        Init = service.Init,
        NanoCpus = service.NanoCpus ?? 0,
        Memory = service.Memory ?? 0,
        Sysctls = service.Sysctls.Count > 0 ? Sorted(service.Sysctls) : null,
        Tmpfs = Tmpfs(service),
        Mounts = Mounts(project, service),
        VolumesFrom = ListOrNull([.. service.VolumesFrom.Select(v => VolumesOf(project, v))]),
        HyprFiles = FileRequest.Of(project, service),
    };

    /// <summary>Docker's, whose sources are VMs: a service's is its first one.</summary>
    private static string VolumesOf(ComposeProject project, string from) =>
        from.Split(':', 2) is ["container", var vm] ? vm
        : from.Split(':', 2) is [var name, .. var mode] && project.Services.FirstOrDefault(s => s.Name == name) is { } other ? string.Join(':', [NameOf(project, other, 1), .. mode])
        : from;

    private static List<Mount>? Mounts(ComposeProject project, Service service) =>
        service.Volumes.Where(v => v.Type is "volume" or "bind").ToList() is { Count: > 0 } volumes
            ? [.. volumes.Select(v => v.Type == "bind" ? Bind(v) : Volume(project, v))]
            : null;

    private static Mount Volume(ComposeProject project, ServiceMount mount) => new()
    {
        Type = "volume",
        Source = mount.Source is null ? null : project.Volumes[mount.Source].Name,
        Target = mount.Target,
        ReadOnly = mount.ReadOnly,
        VolumeOptions = mount.NoCopy ? new VolumeMountOptions { NoCopy = true } : null,
    };

    private static Mount Bind(ServiceMount mount) => new()
    {
        Type = "bind",
        Source = mount.Source,
        Target = mount.Target,
        ReadOnly = mount.ReadOnly,
        BindOptions = mount.CreateHostPath ? new BindMountOptions { CreateMountpoint = true } : null,
    };

    private static void Inherit(HostConfig host, IReadOnlyDictionary<string, string> inherited)
    {
        foreach (var (target, volume) in inherited)
        {
            var known = host.Mounts?.Find(m => m.Target == target);
            if (known is null)
            {
                (host.Mounts ??= []).Add(new Mount { Type = "volume", Source = volume, Target = target });
            }
            else
            {
                known.Source ??= volume;
            }
        }
    }

    /// <summary>The network of the highest priority first: it has the ports and, without a gw_priority, the engine's choice of the default route.</summary>
    private static Dictionary<string, EndpointSettings?> Networks(ComposeProject project, Service service)
    {
        var result = new Dictionary<string, EndpointSettings?>();
        foreach (var on in service.Networks.OrderByDescending(n => n.Priority).ThenBy(n => n.Key, StringComparer.Ordinal))
        {
            var options = Sorted(on.DriverOpts);
            if (on.InterfaceName is { } name)
            {
                options[InterfaceName] = name;
            }

            result[project.Networks[on.Key].Name] = new EndpointSettings
            {
                Aliases = [.. on.Aliases.Prepend(service.Name).Concat(Linked(project, service, on.Key)).Distinct()],
                IpamConfig = on.IPv4Address is null && on.IPv6Address is null ? null
                    : new EndpointIpamConfig { IPv4Address = on.IPv4Address, IPv6Address = on.IPv6Address },
                MacAddress = on.MacAddress ?? (result.Count == 0 ? service.MacAddress : null),
                GwPriority = on.GwPriority,
                DriverOpts = options.Count > 0 ? options : null,
            };
        }

        return result;
    }

    /// <summary><c>links: [db:database]</c> of a neighbour gives db the name database on the networks that both are on.</summary>
    private static IEnumerable<string> Linked(ComposeProject project, Service service, string network) =>
        from other in project.Services
        where other.Networks.Any(n => n.Key == network)
        from link in other.Links.Select(l => l.Split(':'))
        where link[0] == service.Name && link.Length > 1
        select link[1];

    private static Dictionary<string, List<PortBinding>?>? Bindings(Service service) => service.Ports.Count == 0 ? null
        : service.Ports.GroupBy(p => $"{p.Target}/{p.Protocol}")
            .ToDictionary(g => g.Key, List<PortBinding>? (g) => [.. g.Select(p => new PortBinding { HostIp = p.HostIp ?? "", HostPort = p.Published })]);

    private static Dictionary<string, EmptyObject?>? Exposed(Service service)
    {
        var all = service.Ports.Select(p => $"{p.Target}/{p.Protocol}").Concat(service.Expose.SelectMany(Range)).Distinct().ToList();
        return all.Count == 0 ? null : all.ToDictionary(p => p, EmptyObject? (_) => new EmptyObject());
    }

    /// <summary><c>3000</c>, <c>53/udp</c>, <c>3000-3005</c>; what is no port is left for the daemon to refuse.</summary>
    private static IEnumerable<string> Range(string text)
    {
        var protocol = text.Split('/') is [_, var word] ? word : "tcp";
        var ends = text.Split('/')[0].Split('-');
        return ends.Length == 2 && int.TryParse(ends[0], out var first) && int.TryParse(ends[1], out var last) && first <= last && last <= 65535
            ? Enumerable.Range(first, last - first + 1).Select(p => $"{p}/{protocol}")
            : [$"{text.Split('/')[0]}/{protocol}"];
    }

    private static RestartPolicy? Restart(string? text) => text?.Split(':', 2) switch
    {
        null => null,
        [var name, var count] => new RestartPolicy { Name = name, MaximumRetryCount = int.Parse(count, System.Globalization.CultureInfo.InvariantCulture) },
        [var name] => new RestartPolicy { Name = name },
        _ => null,
    };

    private static HealthConfig? Health(HealthCheck? check) => check is null ? null : new HealthConfig
    {
        Test = check.Test.Count > 0 ? [.. check.Test] : null,
        Interval = Nanoseconds(check.Interval),
        Timeout = Nanoseconds(check.Timeout),
        StartPeriod = Nanoseconds(check.StartPeriod),
        StartInterval = Nanoseconds(check.StartInterval),
        Retries = check.Retries ?? 0,
    };

    private static long Nanoseconds(TimeSpan? span) => (span?.Ticks ?? 0) * TimeSpan.NanosecondsPerTick;

    private static Dictionary<string, string>? Tmpfs(Service service)
    {
        var result = new Dictionary<string, string>();
        foreach (var parts in service.Tmpfs.Select(t => t.Split(':', 2)))
        {
            result[parts[0]] = parts.Length > 1 ? parts[1] : "";
        }

        foreach (var mount in service.Volumes.Where(v => v.Type == "tmpfs"))
        {
            result[mount.Target] = string.Join(',', ((string[])[mount.ReadOnly ? "ro" : "", mount.TmpfsSize is { } size ? $"size={size}" : "",
                mount.TmpfsMode is { } mode ? $"mode={Convert.ToString(mode, 8)}" : ""]).Where(o => o.Length > 0));
        }

        return result.Count > 0 ? result : null;
    }

    private static Dictionary<string, string> Sorted(IReadOnlyDictionary<string, string> map) =>
        map.OrderBy(e => e.Key, StringComparer.Ordinal).ToDictionary(e => e.Key, e => e.Value);

    private static List<string>? ListOrNull(IReadOnlyList<string> list) => list.Count > 0 ? [.. list] : null;
}
