using System.Text.Json;
using Hypr.Api.Contracts;
using Hypr.Primitives;
using Microsoft.AspNetCore.Http;

namespace Hypr.Daemon.Http;

/// <summary>The one place where a failure becomes a status and a body.</summary>
internal static class ErrorResponses
{
    /// <summary>Exactly so: with <c>; charset=utf-8</c> docker prints the raw JSON.</summary>
    public const string JsonType = "application/json";

    public static (int Status, string Message) Of(Exception failure) => failure switch
    {
        HyprException e => (StatusOf(e.Kind), e.Message),
        BadHttpRequestException e => (e.StatusCode, e.Message),
        JsonException e => (StatusCodes.Status400BadRequest, $"the request's body is not the JSON that is due: {e.Message}"),
        _ => (StatusCodes.Status500InternalServerError, $"internal error: {failure.Message}"),
    };

    public static int StatusOf(ErrorKind kind) => kind switch
    {
        ErrorKind.InvalidParameter => StatusCodes.Status400BadRequest,
        ErrorKind.NotFound => StatusCodes.Status404NotFound,
        ErrorKind.Conflict => StatusCodes.Status409Conflict,
        ErrorKind.Unauthorized => StatusCodes.Status401Unauthorized,
        ErrorKind.Forbidden => StatusCodes.Status403Forbidden,
        ErrorKind.NotModified => StatusCodes.Status304NotModified,
        ErrorKind.Unavailable => StatusCodes.Status503ServiceUnavailable,
        ErrorKind.NotImplemented => StatusCodes.Status501NotImplemented,
        _ => StatusCodes.Status500InternalServerError,
    };

    public static byte[] Body(string message) =>
        [.. JsonSerializer.SerializeToUtf8Bytes(new ErrorMessage { Message = message }, HyprJson.Wire.ErrorMessage), (byte)'\n'];
}
