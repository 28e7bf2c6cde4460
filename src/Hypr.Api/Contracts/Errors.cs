using System.Text.Json.Serialization;

namespace Hypr.Api.Contracts;

/// <summary>The body of every failure, with <c>Content-Type: application/json</c> exactly.</summary>
public sealed record ErrorMessage
{
    [JsonPropertyName("message")]
    public string Message { get; set; } = "";
}
