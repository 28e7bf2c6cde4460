using Hypr.Api.Contracts;
using Hypr.Daemon.Http;

namespace Hypr.Daemon.Endpoints.Host;

/// <summary>/hypr/doctor, HYPR's own: <c>hypr doctor</c>.</summary>
internal static class DoctorEndpoint
{
    public static void Map(Router routes) => routes.Map("GET", "/hypr/doctor", ExamineAsync);

    private static async Task ExamineAsync(ApiCall call)
    {
        var findings = await call.Engine.ExamineAsync(Text(call, "machine"), Text(call, "target"), call.Aborted);
        await call.JsonAsync(
            [.. findings.Select(f => new FindingState { Kind = f.Kind.ToString().ToLowerInvariant(), Subject = f.Subject, Text = f.Text, Remedy = f.Remedy })],
            HyprJson.Wire.ListFindingState);
    }

    private static string? Text(ApiCall call, string key) => call.Query(key) is { Length: > 0 } text ? text : null;
}
