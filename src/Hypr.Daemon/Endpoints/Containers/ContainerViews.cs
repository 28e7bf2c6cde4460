using Hypr.Api.Contracts;
using Hypr.Engine.Machines;
using Hypr.Primitives;
using PortBinding = Hypr.Api.Contracts.PortBinding;
using RestartPolicy = Hypr.Api.Contracts.RestartPolicy;

namespace Hypr.Daemon.Endpoints.Containers;

/// <summary>A machine in the shapes of Docker's list and inspect.</summary>
internal static class ContainerViews
{
    public static ContainerSummary Summary(MachineView machine, DateTimeOffset now) => new()
    {
        Mounts = MountWords.Points(machine),
        Id = machine.Id,
        Names = ["/" + machine.Name],
        Image = ImageName(machine),
        ImageId = machine.ImageId,
        Command = MachineWords.Command(machine.Args),
        Created = machine.Created.ToUnixTimeSeconds(),
        Ports = EndpointViews.PortList(machine),
        Labels = Labels(machine),
        State = MachineWords.State(machine.State),
        Status = MachineWords.Status(machine.State, machine.Health, now),
        HostConfig = new SummaryHostConfig { NetworkMode = machine.Config.NetworkMode },
        NetworkSettings = new SummaryNetworkSettings { Networks = EndpointViews.Networks(machine) },
    };

    public static ContainerInspect Inspect(MachineView machine) => new()
    {
        Id = machine.Id,
        Created = Timestamps.Rfc3339(machine.Created),
        Path = machine.Args.Count > 0 ? machine.Args[0] : "",
        Args = [.. machine.Args.Skip(1)],
        State = State(machine.State) with { Health = HealthShapes.Of(machine.Health) },
        Image = machine.ImageId,
        Name = "/" + machine.Name,
        RestartCount = machine.State.RestartCount,
        Driver = "squashfs",
        Platform = "linux",
        HostConfig = RightsWords.Show(HostConfig(machine), machine.Config),
        GraphDriver = new GraphDriver { Name = "squashfs" },
        Mounts = MountWords.Points(machine),
        Config = Config(machine),
        NetworkSettings = EndpointViews.NetworkSettings(machine),
        Hypr = new HyprMachine
        {
            Cpus = machine.Cpus,
            MemoryBytes = machine.MemoryBytes,
            Taps = machine.Networks.Where(n => n.Endpoint.Tap is not null).ToDictionary(n => n.Network.Name, n => n.Endpoint.Tap!),
        },
    };

    /// <summary>The image's labels with the machine's over them, as Docker merges them at create.</summary>
    public static Dictionary<string, string> Labels(MachineView machine)
    {
        var labels = machine.Image is { } image ? new Dictionary<string, string>(image.Config.Labels) : [];
        foreach (var (key, value) in machine.Config.Labels)
        {
            labels[key] = value;
        }

        return labels;
    }

    /// <summary>As asked for; the id where that name is another image's now.</summary>
    private static string ImageName(MachineView machine)
    {
        var asked = machine.Config.Image;
        if (machine.Image is not { Tags.Count: > 0 } image || asked.Contains('@') || machine.ImageId.Contains(asked, StringComparison.Ordinal))
        {
            return asked;
        }

        var colon = asked.LastIndexOf(':');
        var tagged = colon > asked.LastIndexOf('/') ? asked : asked + ":latest";
        foreach (var prefix in new[] { "docker.io/library/", "docker.io/", "index.docker.io/library/", "index.docker.io/" })
        {
            tagged = tagged.StartsWith(prefix, StringComparison.Ordinal) ? tagged[prefix.Length..] : tagged;
        }

        return image.Tags.Contains(tagged) ? asked : machine.ImageId;
    }

    private static ContainerState State(MachineState state) => new()
    {
        Status = MachineWords.State(state),
        Running = MachineWords.IsRunning(state),
        Paused = state.Status == MachineStatus.Paused,
        Restarting = state.Status == MachineStatus.Restarting,
        OomKilled = state.OomKilled,
        Pid = state.HasVmm ? state.Pid : 0,
        ExitCode = state.ExitCode,
        Error = state.Error,
        StartedAt = Timestamps.Rfc3339(state.StartedAt),
        FinishedAt = Timestamps.Rfc3339(state.FinishedAt),
    };

    private static ContainerConfig Config(MachineView machine)
    {
        var (config, image) = (machine.Config, machine.Image?.Config);
        return new ContainerConfig
        {
            Hostname = string.IsNullOrEmpty(config.Hostname) ? ObjectId.Short(machine.Id) : config.Hostname,
            Domainname = config.Domainname ?? "",
            User = config.User.Length > 0 ? config.User : image?.User ?? "",
            AttachStdin = config.AttachStdin,
            AttachStdout = config.AttachStdout,
            AttachStderr = config.AttachStderr,
            ExposedPorts = machine.ExposedPorts.Count > 0 ? machine.ExposedPorts.Select(EndpointViews.Normal).Distinct().ToDictionary(p => p, _ => (EmptyObject?)new EmptyObject()) : null,
            Tty = config.Tty,
            OpenStdin = config.OpenStdin,
            StdinOnce = config.StdinOnce,
            Env = [.. machine.Environment],
            Healthcheck = HealthShapes.Of(machine.Healthcheck ?? config.Healthcheck),
            Cmd = config.Entrypoint is null ? List(config.Cmd ?? image?.Cmd) : List(config.Cmd),
            Image = config.Image,
            Volumes = Set([.. (image?.Volumes ?? []).Concat(config.AnonymousVolumes).Distinct()]),
            WorkingDir = config.WorkingDir.Length > 0 ? config.WorkingDir : image?.WorkingDir ?? "",
            Entrypoint = List(config.Entrypoint ?? image?.Entrypoint),
            Labels = Labels(machine),
            StopSignal = config.StopSignal ?? image?.StopSignal,
            StopTimeout = config.StopTimeout,
        };
    }

    private static HostConfig HostConfig(MachineView machine)
    {
        var config = machine.Config;
        return new HostConfig
        {
            Binds = List(config.Binds, emptyIsNull: true),
            VolumeDriver = config.VolumeDriver,
            VolumesFrom = List(config.VolumesFrom, emptyIsNull: true),
            Mounts = MountWords.Asked(config),
            NetworkMode = config.NetworkMode,
            PortBindings = config.PortBindings.GroupBy(b => EndpointViews.Normal(b.GuestPort)).ToDictionary(
                g => g.Key, g => (List<PortBinding>?)[.. g.Select(b => new PortBinding { HostIp = b.HostIp, HostPort = b.HostPort })]),
            RestartPolicy = new RestartPolicy { Name = config.Restart.Name, MaximumRetryCount = config.Restart.MaximumRetryCount },
            AutoRemove = config.AutoRemove,
            ConsoleSize = [0, 0],
            CapAdd = List(config.CapAdd, emptyIsNull: true),
            CapDrop = List(config.CapDrop, emptyIsNull: true),
            CgroupnsMode = "private",
            Dns = [.. config.Dns],
            DnsOptions = [.. config.DnsOptions],
            DnsSearch = [.. config.DnsSearch],
            ExtraHosts = List(config.ExtraHosts, emptyIsNull: true),
            Links = config.Links.Count > 0 ? [.. config.Links.Select(l => MachineWords.Link(machine.Name, l))] : null,
            IpcMode = "private",
            PidMode = "",
            Privileged = config.Privileged,
            PublishAllPorts = config.PublishAllPorts,
            ReadonlyRootfs = config.ReadonlyRootfs,
            SecurityOpt = List(config.SecurityOpt, emptyIsNull: true),
            Tmpfs = config.Tmpfs.Count > 0 ? new Dictionary<string, string>(config.Tmpfs) : null,
            UtsMode = "",
            UsernsMode = "",
            Sysctls = config.Sysctls.Count > 0 ? new Dictionary<string, string>(config.Sysctls) : null,
            Runtime = "hypr",
            Isolation = "",
            Memory = config.Memory,
            NanoCpus = config.NanoCpus,
            Init = config.Init,
        };
    }

    private static Dictionary<string, EmptyObject?>? Set(List<string> names) => names.Count > 0 ? names.ToDictionary(n => n, _ => (EmptyObject?)new EmptyObject()) : null;

    private static List<string>? List(IReadOnlyList<string>? list, bool emptyIsNull = false) => list is null || (emptyIsNull && list.Count == 0) ? null : [.. list];
}
