using System.Globalization;
using Hypr.Api.Contracts;
using Hypr.Daemon.Configuration;
using Hypr.Daemon.Endpoints.Containers;
using Hypr.Daemon.Endpoints.Images;
using Hypr.Daemon.Endpoints.Volumes;
using Hypr.Daemon.Http;
using Hypr.Engine.Machines;
using Hypr.Primitives;

namespace Hypr.Daemon.Endpoints.Host;

/// <summary>What concerns hyprd as a whole.</summary>
internal static class SystemEndpoints
{
    public static void Map(Router routes)
    {
        routes.Map("GET", "/_ping", PingAsync);
        routes.Map("HEAD", "/_ping", PingAsync);
        routes.Map("GET", "/version", VersionAsync);
        routes.Map("GET", "/info", InfoAsync);
        routes.Map("GET", "/events", Events.RunAsync);
        routes.Map("GET", "/system/df", DiskUsageAsync);
    }

    private static Task PingAsync(ApiCall call)
    {
        call.Http.Response.Headers.CacheControl = "no-cache, no-store, must-revalidate";
        call.Http.Response.Headers.Pragma = "no-cache";
        return call.TextAsync("OK");
    }

    private static async Task VersionAsync(ApiCall call)
    {
        var info = await call.Engine.InfoAsync(call.Aborted);
        var (current, minimum) = (ApiVersion.Current.ToString(), ApiVersion.Minimum.ToString());
        await call.JsonAsync(new VersionInfo
        {
            Platform = new PlatformName { Name = "HYPR" },
            Version = ServerIdentity.Version,
            ApiVersion = current,
            MinApiVersion = minimum,
            GitCommit = ServerIdentity.Commit,
            GoVersion = $".NET {Environment.Version}",
            Os = "linux",
            Arch = ServerIdentity.Architecture,
            KernelVersion = ServerIdentity.KernelVersion,
            Components =
            [
                new VersionComponent
                {
                    // Docker's own name: docker 20.10 takes the engine's version from the component of this name.
                    Name = "Engine",
                    Version = ServerIdentity.Version,
                    Details = new Dictionary<string, string>
                    {
                        ["ApiVersion"] = current,
                        ["Arch"] = ServerIdentity.Architecture,
                        ["BuildTime"] = "",
                        ["Experimental"] = "false",
                        ["GitCommit"] = ServerIdentity.Commit,
                        ["GoVersion"] = $".NET {Environment.Version}",
                        ["KernelVersion"] = ServerIdentity.KernelVersion,
                        ["MinAPIVersion"] = minimum,
                        ["Os"] = "linux",
                    },
                },
                new VersionComponent { Name = "hypervisor", Version = info.Hypervisor.Vmm, Details = new Dictionary<string, string> { ["Accelerator"] = info.Hypervisor.Accelerator } },
                new VersionComponent { Name = "guest kernel", Version = info.Hypervisor.Kernel },
            ],
        }, HyprJson.Wire.VersionInfo);
    }

    private static async Task InfoAsync(ApiCall call)
    {
        var info = await call.Engine.InfoAsync(call.Aborted);
        var machines = call.Engine.Machines();
        var config = call.Api.Config;
        var templates = call.Engine.Templates().Count;
        await call.JsonAsync(new SystemInfo
        {
            Id = HostFacts.MachineId,
            Containers = machines.Count,
            ContainersRunning = machines.Count(m => m.State.Status is MachineStatus.Running or MachineStatus.Restarting),
            ContainersPaused = machines.Count(m => m.State.Status == MachineStatus.Paused),
            ContainersStopped = machines.Count(m => !MachineWords.IsRunning(m.State)),
            Images = call.Engine.Images().Count,
            Driver = "squashfs",
            DriverStatus =
            [
                ["Hypervisor", info.Hypervisor.Vmm],
                ["Accelerator", info.Hypervisor.Accelerator],
                ["Guest kernel", info.Hypervisor.Kernel],
                ["Warm start", config.WarmStart ? "on" : "off"],
                ["Templates", templates.ToString(CultureInfo.InvariantCulture)],
            ],
            Plugins = new PluginNames { Volume = ["local"], Network = ["bridge"], Log = ["json-file"] },
            IPv4Forwarding = HostFacts.IsForwarding,
            NFd = HostFacts.OpenDescriptors,
            NGoroutines = ThreadPool.ThreadCount,
            SystemTime = Timestamps.Rfc3339(call.Api.Clock.GetUtcNow()),
            KernelVersion = ServerIdentity.KernelVersion,
            OperatingSystem = HostFacts.OperatingSystem.Name,
            OsVersion = HostFacts.OperatingSystem.Version,
            OsType = "linux",
            Architecture = ServerIdentity.Machine,
            RegistryConfig = Registries(config),
            Ncpu = Environment.ProcessorCount,
            MemTotal = HostFacts.MemoryBytes,
            DockerRootDir = call.Api.Paths.Data,
            HttpProxy = Environment.GetEnvironmentVariable("HTTP_PROXY") ?? "",
            HttpsProxy = Environment.GetEnvironmentVariable("HTTPS_PROXY") ?? "",
            NoProxy = Environment.GetEnvironmentVariable("NO_PROXY") ?? "",
            Name = Environment.MachineName,
            ServerVersion = ServerIdentity.Version,
            Runtimes = new Dictionary<string, RuntimeInfo> { ["hypr"] = new() { Path = info.Hypervisor.Vmm.Split(' ')[0] } },
            DefaultRuntime = "hypr",
            LiveRestoreEnabled = true,
            SecurityOptions = ["name=seccomp,profile=builtin"],
            DefaultAddressPools = [.. config.Network.Pools.Select(p => new AddressPoolInfo { Base = p.Base.ToString(), Size = p.Size })],
            Warnings = [.. info.Notes],
            Hypr = new HyprInfo
            {
                Hypervisor = info.Hypervisor.Vmm,
                Accelerator = info.Hypervisor.Accelerator,
                GuestKernel = info.Hypervisor.Kernel,
                WarmStart = config.WarmStart,
                Templates = templates,
                Notes = [.. info.Notes],
            },
        }, HyprJson.Wire.SystemInfo);
    }

    private static RegistryServiceConfig Registries(DaemonConfig config)
    {
        var indexes = new Dictionary<string, IndexInfo>
        {
            ["docker.io"] = new() { Name = "docker.io", Mirrors = [.. config.RegistryMirrors], Secure = true, Official = true },
        };
        foreach (var registry in config.InsecureRegistries.Where(r => !r.Contains('/')))
        {
            indexes[registry] = new IndexInfo { Name = registry };
        }

        return new RegistryServiceConfig
        {
            InsecureRegistryCidrs = [.. config.InsecureRegistries.Where(r => r.Contains('/')).Concat(["::1/128", "127.0.0.0/8"]).Distinct()],
            IndexConfigs = indexes,
            Mirrors = [.. config.RegistryMirrors],
        };
    }

    private static Task DiskUsageAsync(ApiCall call)
    {
        var now = call.Api.Clock.GetUtcNow();
        var machines = call.Engine.Machines();
        var images = call.Engine.Images();
        return call.JsonAsync(new DiskUsage
        {
            LayersSize = images.Sum(i => i.Size),
            Images = [.. images.Select(i => ImageShapes.Summary(i, call.Version.Below(1, 44)) with { SharedSize = 0, Containers = machines.Count(m => m.ImageId == i.Id) })],
            Volumes =
            [
                .. call.Engine.Volumes().Select(v => VolumeEndpoints.Shape(v) with { UsageData = new VolumeUsage { Size = v.UsedBytes, RefCount = v.UsedBy.Count } }),
            ],
            Containers = [.. machines.Select(m => ContainerViews.Summary(m, now) with { SizeRw = call.Engine.DiskUsage(m.Id), SizeRootFs = m.Image?.Size ?? 0 })],
            HyprTemplates = TemplateEndpoints.All(call),
        }, HyprJson.Wire.DiskUsage);
    }
}
