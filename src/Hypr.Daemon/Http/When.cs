using System.Globalization;
using Hypr.Api.Contracts;
using Hypr.Primitives;

namespace Hypr.Daemon.Http;

/// <summary>Docker's times in queries (<c>since</c>, <c>until</c>): unix seconds with a fraction, RFC 3339, or a span back from now such as <c>10m</c>.</summary>
internal static class When
{
    public static DateTimeOffset? Parse(string key, string? text, DateTimeOffset now)
    {
        if (string.IsNullOrEmpty(text) || text == "0")
        {
            return null;
        }

        if (decimal.TryParse(text, NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var seconds)
            && Math.Abs(seconds) < 200_000_000_000)
        {
            return DateTimeOffset.UnixEpoch.AddTicks((long)(seconds * TimeSpan.TicksPerSecond));
        }

        return GoDuration(text) is { } span ? now - span : Timestamps.Parse(text) ?? throw HyprException.Invalid(
            $"invalid value for {key}: \"{text}\": unix seconds, a time such as 2024-01-15T10:30:00Z or a span such as 10m is due");
    }

    /// <summary>Go's time.ParseDuration, as far as people write it: <c>1h30m</c>, <c>90s</c>, <c>1.5h</c>, <c>200ms</c>.</summary>
    private static TimeSpan? GoDuration(string text)
    {
        var total = 0m;
        var rest = text.AsSpan();
        while (rest.Length > 0)
        {
            var digits = 0;
            while (digits < rest.Length && (char.IsAsciiDigit(rest[digits]) || rest[digits] == '.'))
            {
                digits++;
            }

            if (digits == 0 || !decimal.TryParse(rest[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number))
            {
                return null;
            }

            rest = rest[digits..];
            var (unit, length) = rest switch
            {
                ['m', 's', ..] => (0.001m, 2),
                ['h', ..] => (3600m, 1),
                ['m', ..] => (60m, 1),
                ['s', ..] => (1m, 1),
                _ => (0m, 0),
            };
            if (length == 0)
            {
                return null;
            }

            total += number * unit;
            rest = rest[length..];
        }

        return total < 1_000_000_000 ? TimeSpan.FromSeconds((double)total) : null;
    }
}
