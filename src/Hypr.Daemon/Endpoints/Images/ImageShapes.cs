using Hypr.Api.Contracts;
using Hypr.Daemon.Endpoints.Containers;
using Hypr.Images;

namespace Hypr.Daemon.Endpoints.Images;

/// <summary>An image in the shapes of Docker's list and inspect.</summary>
internal static class ImageShapes
{
    public static ImageSummary Summary(Image image, bool withVirtualSize) => new()
    {
        Id = image.Id,
        RepoTags = [.. image.Tags],
        RepoDigests = [.. image.Digests],
        Created = image.Created?.ToUnixTimeSeconds() ?? 0,
        Size = image.Size,
        VirtualSize = withVirtualSize ? image.Size : null,
        Labels = new Dictionary<string, string>(image.Config.Labels),
    };

    public static ImageInspect Inspect(Image image, bool withVirtualSize) => new()
    {
        Id = image.Id,
        RepoTags = [.. image.Tags],
        RepoDigests = [.. image.Digests],
        Created = Timestamps.Rfc3339(image.Created),
        Config = Config(image.Config),
        Architecture = image.Architecture,
        Os = image.Os,
        Size = image.Size,
        VirtualSize = withVirtualSize ? image.Size : null,
        GraphDriver = new GraphDriver { Name = "squashfs", Data = new Dictionary<string, string> { ["RootFs"] = image.RootFs } },
        RootFs = new RootFs { Layers = [.. image.DiffIds] },
    };

    private static ContainerConfig Config(ImageConfig config) => new()
    {
        User = config.User,
        ExposedPorts = config.ExposedPorts.Count > 0 ? Set(config.ExposedPorts.Select(EndpointViews.Normal)) : null,
        Env = [.. config.Env],
        Cmd = config.Cmd is null ? null : [.. config.Cmd],
        Volumes = config.Volumes.Count > 0 ? Set(config.Volumes) : null,
        WorkingDir = config.WorkingDir,
        Entrypoint = config.Entrypoint is null ? null : [.. config.Entrypoint],
        Labels = config.Labels.Count > 0 ? new Dictionary<string, string>(config.Labels) : null,
        StopSignal = config.StopSignal,
        Healthcheck = HealthShapes.Of(config.Healthcheck),
        Shell = config.Shell is null ? null : [.. config.Shell],
    };

    private static Dictionary<string, EmptyObject?> Set(IEnumerable<string> keys) => keys.Distinct().ToDictionary(k => k, _ => (EmptyObject?)new EmptyObject());
}
