using System.Text.Json.Serialization;

namespace Hypr.Api.Contracts;

/// <summary>A line of GET /events. <see cref="Status"/>, <see cref="Id"/> and <see cref="From"/> are for clients below API 1.52, of containers and images only.</summary>
public sealed record EventMessage
{
    [JsonPropertyName("status")]
    public string? Status { get; set; }

    [JsonPropertyName("id")]
    public string? Id { get; set; }

    [JsonPropertyName("from")]
    public string? From { get; set; }
    public string Type { get; set; } = "";
    public string Action { get; set; } = "";
    public EventActor Actor { get; set; } = new();

    [JsonPropertyName("scope")]
    public string Scope { get; set; } = "local";

    /// <summary>Unix seconds.</summary>
    [JsonPropertyName("time")]
    public long Time { get; set; }

    [JsonPropertyName("timeNano")]
    public long TimeNano { get; set; }
}

public sealed record EventActor
{
    [JsonPropertyName("ID")]
    public string Id { get; set; } = "";
    public Dictionary<string, string> Attributes { get; set; } = [];
}
