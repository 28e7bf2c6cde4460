using System.Globalization;
using Hypr.Api.Contracts;
using Hypr.Daemon.Http;
using Hypr.Machines;
using Hypr.Primitives;

namespace Hypr.Daemon.Endpoints.Host;

/// <summary>/hypr/templates, HYPR's own: the saved guests that VMs go on from.</summary>
internal static class TemplateEndpoints
{
    public static void Map(Router routes)
    {
        routes.Map("GET", "/hypr/templates", call => call.JsonAsync(All(call), HyprJson.Wire.ListTemplateInfo));
        routes.Map("POST", "/hypr/templates", WarmAsync);
    }

    public static List<TemplateInfo> All(ApiCall call) => [.. call.Engine.Templates().Select(Shape)];

    private static async Task WarmAsync(ApiCall call)
    {
        var memory = call.Query("memory") switch
        {
            null or "" => 0,
            var text when long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var bytes) => bytes,
            var text => throw HyprException.Invalid($"invalid memory={text}: a number of bytes is due"),
        };
        var cpus = call.Number("cpus") ?? 0;
        if (cpus < 0)
        {
            throw HyprException.Invalid($"invalid cpus={cpus}: a number of CPUs is due");
        }

        await call.JsonAsync(Shape(await call.Engine.WarmAsync(cpus, memory, call.Aborted)), HyprJson.Wire.TemplateInfo);
    }

    private static TemplateInfo Shape(MachineTemplate template) => new()
    {
        Id = template.Name,
        Cpus = template.Cpus,
        Memory = template.MemoryBytes,
        Created = Timestamps.Rfc3339(template.Created),
        LastUsed = Timestamps.Rfc3339(template.LastUsed),
        Size = template.DiskBytes,
        Loaded = template.IsLoaded,
    };
}
