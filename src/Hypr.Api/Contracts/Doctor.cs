namespace Hypr.Api.Contracts;

/// <summary>One thing that was looked at: <c>GET /hypr/doctor?machine=VM&amp;target=VM:PORT</c>.</summary>
public sealed record FindingState
{
    /// <summary><c>ok</c>, <c>problem</c> or <c>note</c>.</summary>
    public string Kind { get; set; } = "";

    /// <summary><c>host</c>, <c>network NAME</c>, a VM's name, or <c>VM to VM</c>.</summary>
    public string Subject { get; set; } = "";

    public string Text { get; set; } = "";

    /// <summary>What mends it; of problems only.</summary>
    public string? Remedy { get; set; }
}
