using System.Globalization;
using Hypr.Images;
using Hypr.Primitives;

namespace Hypr.Engine.Health;

/// <summary>What Docker's HEALTHCHECK means, without clock or machine (moby: daemon/health.go, daemon/commit.go, daemon/container.go).</summary>
internal static class HealthRules
{
    private const int KeptResults = 5;
    private const int DefaultRetries = 3;
    private const long NanosecondsPerMillisecond = 1_000_000;
    private static readonly TimeSpan DefaultInterval = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan DefaultStartInterval = TimeSpan.FromSeconds(5);

    /// <summary>Timers go no further.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromDays(24);

    /// <summary>The machine's own over the image's, field by field; null where there is nothing to run.</summary>
    public static HealthCheck? Of(HealthCheck? own, HealthCheck? image)
    {
        var merged = own is null || image is null ? own ?? image : new HealthCheck
        {
            Test = own.Test.Count > 0 ? own.Test : image.Test,
            Interval = own.Interval != 0 ? own.Interval : image.Interval,
            Timeout = own.Timeout != 0 ? own.Timeout : image.Timeout,
            StartPeriod = own.StartPeriod != 0 ? own.StartPeriod : image.StartPeriod,
            StartInterval = own.StartInterval != 0 ? own.StartInterval : image.StartInterval,
            Retries = own.Retries != 0 ? own.Retries : image.Retries,
        };
        return merged is { Test: ["CMD" or "CMD-SHELL", _, ..] } ? merged : null;
    }

    /// <summary>Docker's sentences; that a test is of no known kind Docker tells its log only.</summary>
    public static void Check(HealthCheck? check)
    {
        if (check is null)
        {
            return;
        }

        AtLeastAMillisecond("Interval", check.Interval);
        AtLeastAMillisecond("Timeout", check.Timeout);
        AtLeastAMillisecond("StartPeriod", check.StartPeriod);
        AtLeastAMillisecond("StartInterval", check.StartInterval);
        if (check.Retries < 0)
        {
            throw HyprException.Invalid("Retries in Healthcheck cannot be negative");
        }

        if (check.Test is not ([] or ["NONE"] or ["CMD" or "CMD-SHELL", _, ..]))
        {
            throw HyprException.Invalid($"Test in Healthcheck is [{string.Join(", ", check.Test)}]: "
                + "it is [\"NONE\"], or \"CMD\" with a program and its arguments, or \"CMD-SHELL\" with a line of shell");
        }
    }

    public static IReadOnlyList<string> Command(HealthCheck check, IReadOnlyList<string>? shell) =>
        check.Test[0] == "CMD-SHELL" ? [.. shell ?? ["/bin/sh", "-c"], .. check.Test.Skip(1)] : [.. check.Test.Skip(1)];

    public static TimeSpan Timeout(HealthCheck check) => Duration(check.Timeout, DefaultTimeout);

    /// <summary>Until the next look: within the start period a machine that was never healthy is looked at more often.</summary>
    public static TimeSpan Pause(HealthCheck check, HealthStatus status, TimeSpan sinceStart) =>
        status == HealthStatus.Starting && sinceStart < StartPeriod(check)
            ? Duration(check.StartInterval, DefaultStartInterval)
            : Duration(check.Interval, DefaultInterval);

    /// <param name="sinceStart">Of the machine, when the probe began.</param>
    public static HealthState Next(HealthState before, HealthCheck check, ProbeResult result, TimeSpan sinceStart)
    {
        IReadOnlyList<ProbeResult> log = [.. before.Log.TakeLast(KeptResults - 1), result];
        if (result.ExitCode == 0)
        {
            return new HealthState(HealthStatus.Healthy, 0, log);
        }

        if (before.Status == HealthStatus.Starting && sinceStart < StartPeriod(check))
        {
            return before with { Log = log };
        }

        var streak = before.FailingStreak + 1;
        return new HealthState(streak >= (check.Retries > 0 ? check.Retries : DefaultRetries) ? HealthStatus.Unhealthy : before.Status, streak, log);
    }

    /// <summary>Go's words for a duration: <c>500ms</c>, <c>30s</c>, <c>1m30s</c>.</summary>
    public static string Words(TimeSpan span) => span < TimeSpan.FromSeconds(1)
        ? string.Create(CultureInfo.InvariantCulture, $"{span.TotalMilliseconds}ms")
        : string.Create(CultureInfo.InvariantCulture,
            $"{(span.TotalHours >= 1 ? $"{(long)span.TotalHours}h" : "")}{(span.TotalMinutes >= 1 ? $"{span.Minutes}m" : "")}{span.TotalSeconds % 60:0.######}s");

    private static TimeSpan StartPeriod(HealthCheck check) => Duration(check.StartPeriod, TimeSpan.Zero);

    private static TimeSpan Duration(long nanoseconds, TimeSpan unset)
    {
        var span = nanoseconds == 0 ? unset : TimeSpan.FromTicks(nanoseconds / TimeSpan.NanosecondsPerTick);
        return span < Longest ? span : Longest;
    }

    private static void AtLeastAMillisecond(string name, long nanoseconds)
    {
        if (nanoseconds != 0 && nanoseconds < NanosecondsPerMillisecond)
        {
            throw HyprException.Invalid($"{name} in Healthcheck cannot be less than 1ms");
        }
    }
}
