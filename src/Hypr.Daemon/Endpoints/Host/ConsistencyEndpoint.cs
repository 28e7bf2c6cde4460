using Hypr.Api.Contracts;
using Hypr.Daemon.Http;

namespace Hypr.Daemon.Endpoints.Host;

/// <summary>/hypr/check, HYPR's own: <c>hypr system check</c>.</summary>
internal static class ConsistencyEndpoint
{
    public static void Map(Router routes) => routes.Map("GET", "/hypr/check", CheckAsync);

    private static async Task CheckAsync(ApiCall call)
    {
        var report = await call.Engine.CheckAsync(call.Aborted);
        await call.JsonAsync(
            new ConsistencyState
            {
                Faults = [.. report.Faults],
                Machines = report.Machines,
                Running = report.Running,
                Networks = report.Networks,
                Images = report.Images,
            },
            HyprJson.Wire.ConsistencyState);
    }
}
