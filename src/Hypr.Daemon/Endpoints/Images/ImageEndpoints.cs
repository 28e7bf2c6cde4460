using Hypr.Api.Contracts;
using Hypr.Daemon.Http;
using Hypr.Images;
using Hypr.Primitives;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Hypr.Daemon.Endpoints.Images;

/// <summary>/images</summary>
internal static class ImageEndpoints
{
    public static void Map(Router routes)
    {
        routes.Map("GET", "/images/json", ListAsync);
        routes.Map("POST", "/images/create", PullImage.RunAsync);
        routes.Map("POST", "/images/prune", PruneAsync);
        routes.Map("POST", "/images/load", LoadAsync);
        routes.Map("POST", "/images/{name*}/tag", TagAsync);
        routes.Map("GET", "/images/{name*}/json", InspectAsync);
        routes.Map("DELETE", "/images/{name*}", RemoveAsync);
    }

    /// <summary>Docker left VirtualSize out with 1.44.</summary>
    private static bool WithVirtualSize(ApiCall call) => call.Version.Below(1, 44);

    private static Task ListAsync(ApiCall call)
    {
        var filters = call.Filters("before", "dangling", "label", "label!", "reference", "since", "until");
        var dangling = filters.Flag("dangling");
        var after = filters.Has("since") ? call.Engine.Image(filters.Values("since")[0]).Created : null;
        var before = filters.Has("before") ? call.Engine.Image(filters.Values("before")[0]).Created : null;
        var until = filters.Has("until") ? When.Parse("until", filters.Values("until")[0], call.Api.Clock.GetUtcNow()) : null;
        var chosen = call.Engine.Images().Where(i => filters.Labels(i.Config.Labels)
            && (dangling is null || dangling == (i.Tags.Count == 0))
            && (after is null || i.Created > after) && (before is null || i.Created < before) && (until is null || i.Created <= until)
            && filters.Any("reference", pattern => i.Tags.Concat(i.Digests).Any(tag => ImagePattern.Matches(pattern, tag))));
        return call.JsonAsync([.. chosen.OrderByDescending(i => i.Created).Select(i => ImageShapes.Summary(i, WithVirtualSize(call)))], HyprJson.Wire.ListImageSummary);
    }

    private static Task InspectAsync(ApiCall call) =>
        call.JsonAsync(ImageShapes.Inspect(call.Engine.Image(call.Name), WithVirtualSize(call)), HyprJson.Wire.ImageInspect);

    private static async Task LoadAsync(ApiCall call)
    {
        // An archive is as large as it is; the image service bounds what it takes of the disk.
        call.Http.Features.Get<IHttpMaxRequestBodySizeFeature>()!.MaxRequestBodySize = null;
        var loaded = await call.Engine.LoadAsync(call.Http.Request.Body, call.Aborted);
        await call.BeginStreamAsync(ErrorResponses.JsonType);
        foreach (var line in loaded.SelectMany(l => l.Names.Count > 0 ? l.Names.Select(n => $"Loaded image: {n}\n") : [$"Loaded image ID: {l.Image.Id}\n"]))
        {
            await call.LineAsync(new ProgressMessage { Stream = line }, HyprJson.Wire.ProgressMessage);
        }
    }

    private static Task TagAsync(ApiCall call)
    {
        var (repository, tag) = (call.Query("repo"), call.Query("tag"));
        if (string.IsNullOrEmpty(repository))
        {
            throw HyprException.Invalid("no name is given: repo is due");
        }

        call.Engine.TagImage(call.Name, string.IsNullOrEmpty(tag) ? repository : $"{repository}:{tag}");
        return call.StatusAsync(StatusCodes.Status201Created);
    }

    private static Task RemoveAsync(ApiCall call) => call.JsonAsync(
        [.. call.Engine.RemoveImage(call.Name, call.Flag("force")).Select(Deleted)], HyprJson.Wire.ListImageDeleted);

    /// <summary>Images without a name; with <c>dangling=false</c> every one that no VM uses.</summary>
    private static Task PruneAsync(ApiCall call)
    {
        var filters = call.Filters("dangling", "label", "label!", "until");
        var danglingOnly = filters.Flag("dangling") ?? true;
        var until = filters.Has("until") ? When.Parse("until", filters.Values("until")[0], call.Api.Clock.GetUtcNow()) : null;
        var used = call.Engine.Machines().Select(m => m.ImageId).ToHashSet();
        var answer = new ImagesPruned();
        foreach (var image in call.Engine.Images().Where(i => !used.Contains(i.Id) && (!danglingOnly || i.Tags.Count == 0)
            && filters.Labels(i.Config.Labels) && (until is null || i.Created <= until)))
        {
            try
            {
                answer.ImagesDeleted.AddRange(call.Engine.RemoveImage(image.Id, force: true).Select(Deleted));
                answer.SpaceReclaimed += image.Size;
            }
            catch (HyprException e) when (e.Kind is ErrorKind.Conflict or ErrorKind.NotFound)
            {
                // A VM was made of it, or somebody removed it, between the look and the removal.
            }
        }

        return call.JsonAsync(answer, HyprJson.Wire.ImagesPruned);
    }

    private static ImageDeleted Deleted(ImageRemoval removal) => new() { Untagged = removal.Untagged, Deleted = removal.Deleted };
}
