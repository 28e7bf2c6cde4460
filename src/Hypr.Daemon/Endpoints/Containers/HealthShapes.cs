using Hypr.Api.Contracts;
using Hypr.Engine.Health;
using Hypr.Images;

namespace Hypr.Daemon.Endpoints.Containers;

/// <summary>Health checks and what they find, in Docker's shapes and words.</summary>
internal static class HealthShapes
{
    /// <summary>Docker's word where there is no check.</summary>
    public const string None = "none";

    public static readonly string[] Words = [None, "starting", "healthy", "unhealthy"];

    public static string Word(HealthState? health) => health?.Status switch
    {
        null => None,
        HealthStatus.Starting => "starting",
        HealthStatus.Healthy => "healthy",
        _ => "unhealthy",
    };

    /// <summary>In brackets after <c>Up 3 seconds</c>.</summary>
    public static string Brackets(HealthState? health) => health?.Status switch
    {
        null => "",
        HealthStatus.Starting => " (health: starting)",
        _ => $" ({Word(health)})",
    };

    public static Health? Of(HealthState? health) => health is null ? null : new Health
    {
        Status = Word(health),
        FailingStreak = health.FailingStreak,
        Log = [.. health.Log.Select(r => new HealthLog
        {
            Start = Timestamps.Rfc3339(r.Start),
            End = Timestamps.Rfc3339(r.End),
            ExitCode = r.ExitCode,
            Output = r.Output,
        })],
    };

    public static HealthConfig? Of(HealthCheck? check) => check is null ? null : new HealthConfig
    {
        Test = check.Test.Count > 0 ? [.. check.Test] : null,
        Interval = check.Interval,
        Timeout = check.Timeout,
        StartPeriod = check.StartPeriod,
        StartInterval = check.StartInterval,
        Retries = check.Retries,
    };

    public static HealthCheck? Asked(HealthConfig? check) => check is null ? null : new HealthCheck
    {
        Test = check.Test ?? [],
        Interval = check.Interval,
        Timeout = check.Timeout,
        StartPeriod = check.StartPeriod,
        StartInterval = check.StartInterval,
        Retries = check.Retries,
    };
}
