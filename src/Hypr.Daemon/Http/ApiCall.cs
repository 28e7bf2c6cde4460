using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Hypr.Engine;
using Hypr.Primitives;
using Microsoft.AspNetCore.Http;

namespace Hypr.Daemon.Http;

/// <summary>One request: what it asks and how it is answered.</summary>
/// <param name="Name">The path's variable: the name or id of what is meant.</param>
internal sealed record ApiCall(HttpContext Http, ApiContext Api, ApiVersion Version, string Name)
{
    public IEngine Engine => Api.Engine;

    /// <summary>The client went away.</summary>
    public CancellationToken Aborted => Http.RequestAborted;

    public string? Query(string key) => Http.Request.Query.TryGetValue(key, out var value) ? value.ToString() : null;

    /// <summary>Docker's idea of true: anything but empty, 0, no, false and none (api/server/httputils, BoolValue).</summary>
    public bool Flag(string key) => IsTrue(Query(key));

    public static bool IsTrue(string? text) => text?.Trim().ToLowerInvariant() is not (null or "" or "0" or "no" or "false" or "none");

    public int? Number(string key) => Query(key) switch
    {
        null or "" => null,
        var text when int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) => number,
        var text => throw HyprException.Invalid($"invalid {key}={text}: a whole number is due"),
    };

    public Filters Filters(params ReadOnlySpan<string> known) => Daemon.Http.Filters.Parse(Query("filters"), known);

    public async Task<T> ReadAsync<T>(JsonTypeInfo<T> type)
        where T : class
    {
        if (Http.Request.ContentLength is null or 0 && Http.Request.Headers.TransferEncoding.Count == 0)
        {
            throw HyprException.Invalid("the request has no body: a JSON object is due");
        }

        return await JsonSerializer.DeserializeAsync(Http.Request.Body, type, Aborted) ?? throw HyprException.Invalid("the request's body is null: a JSON object is due");
    }

    public Task JsonAsync<T>(T value, JsonTypeInfo<T> type, int status = StatusCodes.Status200OK)
    {
        // Go's encoder ends with a newline too.
        byte[] body = [.. JsonSerializer.SerializeToUtf8Bytes(value, type), (byte)'\n'];
        return BytesAsync(status, ErrorResponses.JsonType, body);
    }

    public Task TextAsync(string text) => BytesAsync(StatusCodes.Status200OK, "text/plain; charset=utf-8", System.Text.Encoding.UTF8.GetBytes(text));

    public Task StatusAsync(int status)
    {
        Http.Response.StatusCode = status;
        if (status is not (StatusCodes.Status204NoContent or StatusCodes.Status304NotModified))
        {
            Http.Response.ContentLength = 0;
        }

        return Task.CompletedTask;
    }

    public Task NoContentAsync() => StatusAsync(StatusCodes.Status204NoContent);

    /// <summary>Sends the head at once; the body comes bit by bit.</summary>
    public async Task BeginStreamAsync(string contentType)
    {
        Http.Response.StatusCode = StatusCodes.Status200OK;
        Http.Response.ContentType = contentType;
        await Http.Response.StartAsync(Aborted);
        await Http.Response.Body.FlushAsync(Aborted);
    }

    /// <summary>One line of JSON, sent at once.</summary>
    public async Task LineAsync<T>(T value, JsonTypeInfo<T> type)
    {
        byte[] line = [.. JsonSerializer.SerializeToUtf8Bytes(value, type), (byte)'\r', (byte)'\n'];
        await Http.Response.Body.WriteAsync(line, Aborted);
        await Http.Response.Body.FlushAsync(Aborted);
    }

    private Task BytesAsync(int status, string contentType, byte[] body)
    {
        Http.Response.StatusCode = status;
        Http.Response.ContentType = contentType;
        Http.Response.ContentLength = body.Length;
        return HttpMethods.IsHead(Http.Request.Method) ? Task.CompletedTask : Http.Response.Body.WriteAsync(body, Aborted).AsTask();
    }
}
