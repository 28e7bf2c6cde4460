using Hypr.Api.Contracts;
using Hypr.Daemon.Http;
using Hypr.Engine.Volumes;
using Microsoft.AspNetCore.Http;

namespace Hypr.Daemon.Endpoints.Volumes;

/// <summary>/volumes</summary>
internal static class VolumeEndpoints
{
    public static void Map(Router routes)
    {
        routes.Map("GET", "/volumes", ListAsync);
        routes.Map("POST", "/volumes/create", CreateAsync);
        routes.Map("POST", "/volumes/prune", PruneAsync);
        routes.Map("GET", "/volumes/{name}", call => call.JsonAsync(Shape(call.Engine.Volume(call.Name)), HyprJson.Wire.VolumeInspect));
        routes.Map("DELETE", "/volumes/{name}", RemoveAsync);
    }

    public static VolumeInspect Shape(VolumeView view) => new()
    {
        CreatedAt = Timestamps.Rfc3339(DateTimeOffset.FromUnixTimeSeconds(view.Volume.Created.ToUnixTimeSeconds())),
        Labels = Map(view.Volume.Config.Labels),
        Mountpoint = view.Disk,
        Name = view.Volume.Name,
        Options = Map(view.Volume.Config.Options),
        Hypr = new HyprVolume { SizeBytes = view.Volume.Config.SizeBytes, UsedBytes = view.UsedBytes },
    };

    private static Task ListAsync(ApiCall call)
    {
        var filters = call.Filters("dangling", "driver", "label", "label!", "name");
        var dangling = filters.Flag("dangling");
        var chosen = call.Engine.Volumes().Where(v => filters.Exact("driver", "local") && filters.Pattern("name", v.Volume.Name)
            && filters.Labels(v.Volume.Config.Labels) && (dangling is null || dangling == (v.UsedBy.Count == 0)));
        return call.JsonAsync(new VolumeList { Volumes = [.. chosen.Select(Shape)] }, HyprJson.Wire.VolumeList);
    }

    private static async Task CreateAsync(ApiCall call)
    {
        var request = await call.ReadAsync(HyprJson.Wire.CreateVolumeRequest);
        var created = await call.Engine.CreateVolumeAsync(new VolumeSpec
        {
            Name = request.Name ?? "",
            Driver = request.Driver ?? "",
            Options = request.DriverOpts ?? [],
            Labels = request.Labels ?? [],
        }, CancellationToken.None);
        await call.JsonAsync(Shape(created), HyprJson.Wire.VolumeInspect, StatusCodes.Status201Created);
    }

    private static async Task RemoveAsync(ApiCall call)
    {
        await call.Engine.RemoveVolumeAsync(call.Name, call.Flag("force"), CancellationToken.None);
        await call.NoContentAsync();
    }

    /// <summary>From API 1.42 on the named ones are spared unless <c>all</c> is said.</summary>
    private static async Task PruneAsync(ApiCall call)
    {
        var filters = call.Filters("all", "label", "label!");
        var all = filters.Flag("all") ?? call.Version.Below(1, 42);
        var (names, bytes) = await call.Engine.PruneVolumesAsync(v => (all || v.IsAnonymous) && filters.Labels(v.Config.Labels), CancellationToken.None);
        await call.JsonAsync(new VolumesPruned { VolumesDeleted = [.. names], SpaceReclaimed = bytes }, HyprJson.Wire.VolumesPruned);
    }

    private static Dictionary<string, string>? Map(IReadOnlyDictionary<string, string> map) => map.Count > 0 ? new Dictionary<string, string>(map) : null;
}
