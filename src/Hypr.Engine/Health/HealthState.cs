namespace Hypr.Engine.Health;

public enum HealthStatus
{
    Starting,
    Healthy,
    Unhealthy,
}

/// <summary>What a machine's check has found; replaced whole.</summary>
/// <param name="FailingStreak">Failures that count, since the last success.</param>
/// <param name="Log">The last five.</param>
public sealed record HealthState(HealthStatus Status, int FailingStreak, IReadOnlyList<ProbeResult> Log);

/// <param name="ExitCode">0: healthy. -1: it did not start, or not end in time.</param>
/// <param name="Output">At most 4096 bytes of UTF-8.</param>
public sealed record ProbeResult(DateTimeOffset Start, DateTimeOffset End, int ExitCode, string Output);
