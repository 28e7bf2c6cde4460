using Hypr.Compose.Load;
using Hypr.Compose.Model;

namespace Hypr.Compose.Plan;

/// <summary>What a compose file may say and HYPR cannot do, each with its place: an error where the service would not be what its file says, else a warning.</summary>
internal static class Support
{
    public static void Check(IEnumerable<Service> services, Problems problems)
    {
        foreach (var service in services)
        {
            Image(service, problems);
            NetworkMode(service, problems);
            Mounts(service, problems);
            Restart(service, problems);
            if (service.Logging is { } log && LogOf(service)?.Count != log.Options.Count)
            {
                problems.Warn(log.At, $"services.{service.Name}.logging: HYPR keeps the log of a VM itself, as json-file with max-size and max-file. The rest is not used");
            }
        }
    }

    /// <summary>What only one VM can have, where a person asks for several; the file's own number is checked when it is loaded.</summary>
    public static void CheckSeveral(Service service, int scale, Problems problems)
    {
        if (service.ContainerName is { } name)
        {
            problems.Error(service.Place("container_name"), $"the service {service.Name} is to have {scale} VMs and one name, {name}: leave container_name out");
        }

        foreach (var port in service.Ports.Where(p => p.Published.Length > 0 && !p.Published.Contains('-')))
        {
            problems.Error(port.At, $"the service {service.Name} is to have {scale} VMs and one host port, {port.Published}: give a range, or the target alone");
        }

        foreach (var mount in service.Volumes.Where(v => v is { Type: "volume", Source: not null, ReadOnly: false }))
        {
            problems.Error(mount.At, $"the service {service.Name} is to have {scale} VMs and the volume {mount.Source} read-write, which one VM at a time can have: mount it read_only");
        }

        foreach (var network in service.Networks.Where(n => n.IPv4Address is not null || n.IPv6Address is not null))
        {
            problems.Error(network.At, $"the service {service.Name} is to have {scale} VMs and one address, {network.IPv4Address ?? network.IPv6Address}: leave it out");
        }
    }

    private static void Image(Service service, Problems problems)
    {
        if (service.HasBuild && service.Image is null)
        {
            problems.Error(service.Place("build"),
                $"services.{service.Name} has build and no image, and HYPR does not build: build it with docker, podman or buildkit, load it (hypr load), and name it with image");
        }
        else if (service.HasBuild)
        {
            problems.Warn(service.Place("build"), $"services.{service.Name}.build is not used: HYPR does not build. The image {service.Image} is taken as it is");
        }

        if (service.PullPolicy is { } policy && PullPolicy(policy) is null)
        {
            problems.Error(service.Place("pull_policy"), $"services.{service.Name}.pull_policy '{policy}' is unknown; always, missing, if_not_present and never are known");
        }
    }

    /// <summary><c>always</c>, <c>missing</c> or <c>never</c>; null: no such policy. What builds takes the image that is there, or is pulled.</summary>
    public static string? PullPolicy(string? policy) => policy switch
    {
        null or "missing" or "if_not_present" or "build" => "missing",
        "always" or "never" => policy,
        _ => null,
    };

    /// <summary>What is used of the service's logging; null: nothing, for it is of another driver.</summary>
    public static IReadOnlyDictionary<string, string>? LogOf(Service service) => service.Logging is not { Driver: null or "json-file" } log ? null
        : log.Options.Where(o => o.Key is "max-size" or "max-file").OrderBy(o => o.Key, StringComparer.Ordinal).ToDictionary();

    private static void NetworkMode(Service service, Problems problems)
    {
        var at = service.Place("network_mode");
        switch (service.NetworkMode)
        {
            case "host":
                problems.Error(at, $"services.{service.Name}.network_mode host: a VM has a network stack of its own and cannot share the host's. Publish its ports with ports");
                break;
            case { } mode when mode.StartsWith("container:", StringComparison.Ordinal) || mode.StartsWith("service:", StringComparison.Ordinal):
                problems.Error(at, $"services.{service.Name}.network_mode {mode}: a VM has a network stack of its own and cannot share another's. Put both on one network");
                break;
        }
    }

    private static void Mounts(Service service, Problems problems)
    {
        foreach (var mount in service.Volumes.Where(v => v is { Type: "bind", Propagation: not (null or "private" or "rprivate") }))
        {
            problems.Error(mount.At, $"services.{service.Name}: {mount.Source} on {mount.Target}: the propagation {mount.Propagation} is not supported: a VM does not see what the host mounts later. Leave it out");
        }

        if (service.Scale > 1)
        {
            foreach (var mount in service.Volumes.Where(v => v is { Type: "volume", Source: not null, ReadOnly: false }))
            {
                problems.Error(mount.At, $"{service.Name} has {service.Scale} replicas and the volume {mount.Source} read-write, which one VM at a time can have: mount it read_only");
            }
        }
    }

    private static void Restart(Service service, Problems problems)
    {
        var parts = service.Restart?.Split(':');
        if (parts is null or ["no" or "always" or "unless-stopped" or "on-failure"] || (parts is ["on-failure", var count] && int.TryParse(count, out var retries) && retries >= 0))
        {
            return;
        }

        problems.Error(service.Place("restart"),
            $"services.{service.Name}.restart '{service.Restart}' is unknown; no, always, unless-stopped, on-failure and on-failure:N are known. A no needs quotes in old YAML");
    }
}
