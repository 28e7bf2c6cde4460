using Hypr.Api.Contracts;
using Hypr.Daemon.Http;
using Hypr.Engine.Machines;
using Hypr.Primitives;
using Microsoft.AspNetCore.Http;
using PortBinding = Hypr.Engine.Machines.PortBinding;
using RestartPolicy = Hypr.Engine.Machines.RestartPolicy;

namespace Hypr.Daemon.Endpoints.Containers;

/// <summary>POST /containers/create: from Docker's three objects to the one of the engine. What a VM cannot do is refused with its reason, never passed over.</summary>
internal static class CreateContainer
{
    public static async Task RunAsync(ApiCall call)
    {
        var request = await call.ReadAsync(HyprJson.Wire.CreateContainerRequest);
        var config = ToConfig(request, call.Query("platform"));
        var created = await call.Engine.CreateAsync(call.Query("name")?.TrimStart('/'), config, call.Aborted);
        var answer = new CreateContainerResponse { Id = created.Id, Warnings = [.. created.Warnings, .. UnusedOptions.Warnings(request.HostConfig ?? new HostConfig())] };
        await call.JsonAsync(answer, HyprJson.Wire.CreateContainerResponse, StatusCodes.Status201Created);
    }

    public static MachineConfig ToConfig(CreateContainerRequest request, string? platform = null)
    {
        var host = request.HostConfig ?? new HostConfig();
        if (string.IsNullOrEmpty(request.Image))
        {
            throw HyprException.Invalid("no image is named: Image is due");
        }

        Refuse(host);
        return new MachineConfig
        {
            Image = request.Image,
            Platform = string.IsNullOrEmpty(platform) ? null : platform,
            Hostname = request.Hostname,
            Domainname = request.Domainname,
            User = request.User ?? "",
            WorkingDir = request.WorkingDir ?? "",
            AttachStdin = request.AttachStdin,
            AttachStdout = request.AttachStdout,
            AttachStderr = request.AttachStderr,
            Tty = request.Tty,
            OpenStdin = request.OpenStdin,
            StdinOnce = request.StdinOnce,
            Env = request.Env ?? [],
            // Docker's clients write an empty list for nothing given.
            Cmd = request.Cmd is { Count: > 0 } ? request.Cmd : null,
            Entrypoint = request.Entrypoint is { Count: > 0 } ? request.Entrypoint : null,
            Labels = request.Labels ?? [],
            ExposedPorts = [.. request.ExposedPorts?.Keys ?? Enumerable.Empty<string>()],
            StopSignal = string.IsNullOrEmpty(request.StopSignal) ? null : request.StopSignal,
            StopTimeout = request.StopTimeout,
            Healthcheck = HealthShapes.Asked(request.Healthcheck),
            NetworkMode = request.NetworkDisabled == true ? "none" : string.IsNullOrEmpty(host.NetworkMode) ? "default" : host.NetworkMode,
            Networks = Attachments(request, host),
            PortBindings = [.. Bindings(host.PortBindings)],
            PublishAllPorts = host.PublishAllPorts,
            Dns = host.Dns ?? [],
            DnsSearch = host.DnsSearch ?? [],
            DnsOptions = host.DnsOptions ?? [],
            ExtraHosts = host.ExtraHosts ?? [],
            Links = [.. (host.Links ?? []).Concat(request.NetworkingConfig?.EndpointsConfig?.Values.SelectMany(e => e?.Links ?? []) ?? []).Distinct()],
            AutoRemove = host.AutoRemove,
            Restart = Restart(host),
            NanoCpus = host.NanoCpus,
            Memory = host.Memory,
            ReadonlyRootfs = host.ReadonlyRootfs,
            Privileged = host.Privileged,
            Init = host.Init,
            Tmpfs = Tmpfs(host),
            Binds = host.Binds ?? [],
            Mounts = MountWords.Requests(host),
            AnonymousVolumes = [.. request.Volumes?.Keys ?? Enumerable.Empty<string>()],
            VolumesFrom = host.VolumesFrom ?? [],
            VolumeDriver = host.VolumeDriver ?? "",
            Files = MountWords.Files(host),
            Sysctls = host.Sysctls ?? [],
            CapAdd = host.CapAdd ?? [],
            CapDrop = host.CapDrop ?? [],
            SecurityOpt = host.SecurityOpt ?? [],
            GroupAdd = host.GroupAdd ?? [],
            Ulimits = RightsWords.Ulimits(host),
            ShmSize = host.ShmSize ?? 0,
            LogDriver = host.LogConfig?.Type ?? "",
            LogOptions = host.LogConfig?.Config ?? [],
        };
    }

    public static NetworkAttachment Attachment(string network, EndpointSettings? settings) => new()
    {
        Network = network,
        IPv4 = NullIfEmpty(settings?.IpamConfig?.IPv4Address),
        IPv6 = NullIfEmpty(settings?.IpamConfig?.IPv6Address),
        MacAddress = NullIfEmpty(settings?.MacAddress),
        Aliases = settings?.Aliases ?? [],
        GwPriority = settings?.GwPriority ?? 0,
        DriverOpts = settings?.DriverOpts ?? [],
    };

    private static List<NetworkAttachment> Attachments(CreateContainerRequest request, HostConfig host)
    {
        var attachments = (request.NetworkingConfig?.EndpointsConfig ?? []).Select(e => Attachment(e.Key, e.Value)).ToList();
        if (NullIfEmpty(request.MacAddress) is { } mac)
        {
            // Below API 1.44 the address stands beside the networks and means the network mode's.
            var mode = string.IsNullOrEmpty(host.NetworkMode) ? "default" : host.NetworkMode;
            var index = attachments.FindIndex(a => a.Network == mode);
            if (index < 0)
            {
                attachments.Insert(0, new NetworkAttachment { Network = mode, MacAddress = mac });
            }
            else
            {
                attachments[index] = attachments[index] with { MacAddress = attachments[index].MacAddress ?? mac };
            }
        }

        return attachments;
    }

    public static IEnumerable<PortBinding> Bindings(Dictionary<string, List<Api.Contracts.PortBinding>?>? all)
    {
        foreach (var (guest, bindings) in all ?? [])
        {
            if (bindings is null or { Count: 0 })
            {
                // Docker: a port named without a binding gets an ephemeral one.
                yield return new PortBinding(guest, "", "");
                continue;
            }

            foreach (var binding in bindings)
            {
                yield return new PortBinding(guest, binding.HostIp ?? "", binding.HostPort ?? "");
            }
        }
    }

    public static RestartPolicy Restart(HostConfig host)
    {
        var (name, retries) = (NullIfEmpty(host.RestartPolicy?.Name) ?? "no", host.RestartPolicy?.MaximumRetryCount ?? 0);
        if (name is not ("no" or "always" or "on-failure" or "unless-stopped"))
        {
            throw HyprException.Invalid($"invalid restart policy: unknown policy '{name}'; use one of 'no', 'always', 'on-failure', or 'unless-stopped'");
        }

        if (retries < 0 || (retries > 0 && name != "on-failure"))
        {
            throw HyprException.Invalid("invalid restart policy: maximum retry count can only be used with 'on-failure', and cannot be negative");
        }

        return host.AutoRemove && name != "no"
            ? throw HyprException.Invalid("can't create 'AutoRemove' container with restart policy")
            : new RestartPolicy(name, retries);
    }

    private static Dictionary<string, string> Tmpfs(HostConfig host)
    {
        var all = new Dictionary<string, string>(host.Tmpfs ?? []);
        foreach (var mount in (host.Mounts ?? []).Where(m => m.Type == "tmpfs" && !string.IsNullOrEmpty(m.Target)))
        {
            var options = new List<string>();
            if (mount.ReadOnly)
            {
                options.Add("ro");
            }

            if (mount.TmpfsOptions is { SizeBytes: > 0 } size)
            {
                options.Add($"size={size.SizeBytes}");
            }

            if (mount.TmpfsOptions is { Mode: > 0 } mode)
            {
                options.Add($"mode={Convert.ToString(mode.Mode, 8)}");
            }

            all[mount.Target!] = string.Join(',', options);
        }

        return all;
    }

    private static void Refuse(HostConfig host)
    {
        if (host.Devices is { Count: > 0 } || host.DeviceRequests is { Count: > 0 })
        {
            throw HyprException.NotImplemented("--device and --gpus: a VM has its own devices, and passing the host's through is not in HYPR yet");
        }

        Foreign("--pid", host.PidMode);
        Foreign("--ipc", host.IpcMode);
        Foreign("--uts", host.UtsMode);
    }

    private static void Foreign(string option, string? mode)
    {
        if (mode == "host" || mode?.StartsWith("container:", StringComparison.Ordinal) == true)
        {
            throw HyprException.Invalid($"{option} {mode}: a VM has a kernel of its own and cannot share this with the host or another VM");
        }
    }

    private static string? NullIfEmpty(string? text) => string.IsNullOrEmpty(text) ? null : text;
}
