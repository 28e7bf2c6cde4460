using Hypr.Api.Contracts;
using Hypr.Daemon.Http;
using Hypr.Engine.Machines;
using Hypr.Images;
using Hypr.Images.Import;
using Hypr.Primitives;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Hypr.Daemon.Endpoints.Images;

/// <summary>Images made from and turned into archives: save, import, commit; and their history.</summary>
internal static class ArchiveEndpoints
{
    public static void Map(Router routes)
    {
        routes.Map("GET", "/images/get", call => SaveAsync(call, [.. call.Http.Request.Query["names"].SelectMany(n => (n ?? "").Split(',')).Where(n => n.Length > 0)]));
        routes.Map("GET", "/images/{name*}/get", call => SaveAsync(call, [call.Name]));
        routes.Map("GET", "/images/{name*}/history", HistoryAsync);
        routes.Map("POST", "/commit", CommitAsync);
    }

    private static async Task SaveAsync(ApiCall call, IReadOnlyList<string> names)
    {
        if (names.Count == 0)
        {
            throw HyprException.Invalid("no image is named: names is due");
        }

        if (call.Query("platform") is { Length: > 0 } platform)
        {
            foreach (var name in names)
            {
                call.Engine.Image(name).RequirePlatform(PlatformText.Of(platform));
            }
        }

        // The head goes out with the first bytes: a name that is unknown is a 404 still.
        call.Http.Response.ContentType = "application/x-tar";
        var body = new AsyncBody(call.Http.Response.Body, call.Aborted);
        await call.Engine.SaveAsync(names, body, call.Aborted);
    }

    private static Task HistoryAsync(ApiCall call)
    {
        var image = call.Engine.Image(call.Name);
        var items = call.Engine.History(call.Name).Select((item, i) => new ImageHistoryItem
        {
            Id = i == 0 ? image.Id : "<missing>",
            Created = item.Created?.ToUnixTimeSeconds() ?? 0,
            CreatedBy = item.CreatedBy,
            Tags = i == 0 && image.Tags.Count > 0 ? [.. image.Tags] : null,
            Size = item.Size,
            Comment = item.Comment,
        });
        return call.JsonAsync([.. items], HyprJson.Wire.ListImageHistoryItem);
    }

    /// <summary>Of POST /images/create with <c>fromSrc</c>: the archive is the body; hyprd fetches none itself.</summary>
    public static async Task ImportAsync(ApiCall call)
    {
        if (call.Query("fromSrc") is not "-")
        {
            throw HyprException.NotImplemented($"import from {call.Query("fromSrc")}: hyprd fetches no archives. Hand it over: curl URL | docker import - NAME");
        }

        call.Http.Features.Get<IHttpMaxRequestBodySizeFeature>()!.MaxRequestBodySize = null;
        var options = new ImportOptions(Name(call), ConfigChanges.Apply(new ImageConfig(), Changes(call)))
        {
            Platform = call.Query("platform"),
            Comment = call.Query("message") is { Length: > 0 } message ? message : "Imported from -",
        };
        var image = await call.Engine.ImportAsync(call.Http.Request.Body, options, call.Aborted);
        await call.BeginStreamAsync(ErrorResponses.JsonType);
        await call.LineAsync(new ProgressMessage { Status = image.Id }, HyprJson.Wire.ProgressMessage);
    }

    private static async Task CommitAsync(ApiCall call)
    {
        var container = call.Query("container") is { Length: > 0 } name ? name : throw HyprException.Invalid("no container is named: container is due");
        var image = await call.Engine.CommitAsync(container, new CommitOptions(Name(call), call.Query("author"), call.Query("comment"), Changes(call)), call.Aborted);
        await call.JsonAsync(new IdResponse { Id = image.Id }, HyprJson.Wire.IdResponse, StatusCodes.Status201Created);
    }

    private static string? Name(ApiCall call) =>
        call.Query("repo") is { Length: > 0 } repo ? call.Query("tag") is { Length: > 0 } tag ? $"{repo}:{tag}" : repo : null;

    private static string[] Changes(ApiCall call) => [.. call.Http.Request.Query["changes"].OfType<string>().Where(c => c.Length > 0)];
}

/// <summary>Kestrel refuses blocking writes; an archive is written by a thread that may block.</summary>
internal sealed class AsyncBody(Stream body, CancellationToken cancel) : Stream
{
    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override void Write(byte[] buffer, int offset, int count) => body.WriteAsync(buffer, offset, count, cancel).GetAwaiter().GetResult();

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}

/// <summary>Docker sends a platform as text, or since API 1.48 as a JSON object.</summary>
internal static class PlatformText
{
    public static string Of(string text)
    {
        if (!text.StartsWith('{'))
        {
            return text;
        }

        try
        {
            using var json = System.Text.Json.JsonDocument.Parse(text);
            var parts = new[] { "os", "architecture", "variant" }.Select(key => json.RootElement.TryGetProperty(key, out var value) ? value.GetString() : null);
            return string.Join('/', parts.Where(p => !string.IsNullOrEmpty(p)));
        }
        catch (Exception e) when (e is System.Text.Json.JsonException or InvalidOperationException)
        {
            throw HyprException.Invalid($"\"{text}\" is an invalid platform");
        }
    }
}
