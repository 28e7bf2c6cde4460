namespace Hypr.Api.Contracts;

/// <summary>Whether database, kernel, files and processes agree: <c>GET /hypr/check</c>.</summary>
public sealed record ConsistencyState
{
    /// <summary>What disagrees, a sentence each; empty: nothing.</summary>
    public List<string> Faults { get; set; } = [];

    /// <summary>What was looked at.</summary>
    public int Machines { get; set; }

    public int Running { get; set; }

    public int Networks { get; set; }

    public int Images { get; set; }
}
