using System.Text.Json;
using Hypr.Api.Contracts;
using Hypr.Daemon.Http;
using Hypr.Guest.Protocol.Messages;
using Hypr.Primitives;
using Microsoft.AspNetCore.Http.Features;

namespace Hypr.Daemon.Endpoints.Containers;

/// <summary>A container's files: what docker cp, diff and export ask for.</summary>
internal static class FileEndpoints
{
    private const string Tar = "application/x-tar";

    public static void Map(Router routes)
    {
        routes.Map("HEAD", "/containers/{name}/archive", LookAsync);
        routes.Map("GET", "/containers/{name}/archive", ReadAsync);
        routes.Map("PUT", "/containers/{name}/archive", WriteAsync);
        routes.Map("GET", "/containers/{name}/changes", ChangesAsync);
        routes.Map("GET", "/containers/{name}/export", ExportAsync);
    }

    private static async Task LookAsync(ApiCall call)
    {
        SetStat(call, await call.Engine.LookAsync(call.Name, Path(call), call.Aborted));
        await call.StatusAsync(200);
    }

    private static async Task ReadAsync(ApiCall call)
    {
        await using var archive = await call.Engine.ReadFilesAsync(call.Name, Path(call), call.Aborted);
        SetStat(call, archive.Status!);
        await call.BeginStreamAsync(Tar);
        await archive.CopyToAsync(call.Http.Response.Body, call.Aborted);
    }

    private static async Task WriteAsync(ApiCall call)
    {
        call.Http.Features.Get<IHttpMaxRequestBodySizeFeature>()!.MaxRequestBodySize = null;
        await using var tar = Unpacked.Of(call.Http.Request.Body, call.Http.Request.Headers.ContentEncoding);
        await call.Engine.WriteFilesAsync(call.Name, Path(call), tar, call.Flag("noOverwriteDirNonDir"), call.Flag("copyUIDGID"), call.Aborted);
        await call.StatusAsync(200);
    }

    private static async Task ChangesAsync(ApiCall call)
    {
        var changes = await call.Engine.ChangesAsync(call.Name, call.Aborted);
        await call.JsonAsync([.. changes.Select(c => new FilesystemChange { Path = c.Path, Kind = (int)c.Kind })], HyprJson.Wire.ListFilesystemChange);
    }

    private static async Task ExportAsync(ApiCall call)
    {
        await using var archive = await call.Engine.ExportAsync(call.Name, call.Aborted);
        await call.BeginStreamAsync(Tar);
        await archive.CopyToAsync(call.Http.Response.Body, call.Aborted);
    }

    private static string Path(ApiCall call) =>
        call.Query("path") is { Length: > 0 } path ? path : throw HyprException.Invalid("no path is given: path is due");

    private static void SetStat(ApiCall call, PathStatus status)
    {
        var stat = new ContainerPathStat
        {
            Name = status.Name,
            Size = status.Size,
            Mode = FileModes.ToGo(status.Mode),
            Mtime = Timestamps.Rfc3339(Time(status)),
            LinkTarget = status.Target,
        };
        call.Http.Response.Headers[ContainerPathStat.Header] =
            Convert.ToBase64String(JsonSerializer.SerializeToUtf8Bytes(stat, HyprJson.Wire.ContainerPathStat));
    }

    /// <summary>The guest tells it: one beyond what .NET has is the nearest that it has.</summary>
    private static DateTimeOffset Time(PathStatus status) => DateTimeOffset.FromUnixTimeSeconds(
        Math.Clamp(status.ModifiedSeconds, DateTimeOffset.MinValue.ToUnixTimeSeconds(), DateTimeOffset.MaxValue.ToUnixTimeSeconds() - 1))
        .AddTicks(Math.Min(status.ModifiedNanoseconds, 999_999_999) / 100);
}
