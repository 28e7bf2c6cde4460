using System.Globalization;
using Hypr.Primitives;

namespace Hypr.Cli.Output;

/// <summary>Durations and times as people give them to Docker: Go's <c>1h30m</c>, RFC 3339, Unix seconds.</summary>
internal static class Durations
{
    /// <summary>Nanoseconds of Go's <c>1h2m3.5s</c>, <c>300ms</c> (time.ParseDuration).</summary>
    /// <exception cref="HyprException">It is no duration.</exception>
    public static long Nanoseconds(string option, string text) =>
        TryParse(text, out decimal nanoseconds)
            ? (long)nanoseconds
            : throw HyprException.Invalid($"{option} \"{text}\": not a duration. Write a number and a unit, as 30s, 1m30s or 500ms");

    private static bool TryParse(string text, out decimal nanoseconds)
    {
        nanoseconds = 0;
        if (text == "0")
            return true;
        int at = 0;
        while (at < text.Length)
        {
            int start = at;
            while (at < text.Length && (char.IsAsciiDigit(text[at]) || text[at] == '.'))
                at++;
            if (!decimal.TryParse(text.AsSpan(start, at - start), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture,
                out decimal number))
                return false;
            start = at;
            while (at < text.Length && !char.IsAsciiDigit(text[at]) && text[at] != '.')
                at++;
            decimal unit = text[start..at] switch
            {
                "ns" => 1,
                "us" or "µs" => 1_000,
                "ms" => 1_000_000,
                "s" => 1_000_000_000,
                "m" => 60_000_000_000,
                "h" => 3_600_000_000_000,
                _ => 0,
            };
            if (unit == 0 || number > long.MaxValue / unit || (nanoseconds += number * unit) > long.MaxValue)
                return false;
        }
        return text.Length > 0;
    }

    /// <summary>
    /// What the API takes for <c>--since</c> and <c>--until</c>: Unix seconds with nanoseconds. Given as that, as a date, or as a duration
    /// before now.
    /// </summary>
    /// <exception cref="HyprException">It is none of them.</exception>
    public static string Moment(string option, string text, DateTimeOffset now)
    {
        if (text.Length > 0 && decimal.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out _))
            return text;
        DateTimeOffset time;
        if (TryParse(text, out decimal ago))
            time = now.AddTicks(-(long)(ago / 100));
        else if (!DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeLocal, out time))
            throw HyprException.Invalid(
                $"{option} \"{text}\": not a time. Write 2026-01-31T12:00:00Z, Unix seconds, or a duration before now as 10m");
        long ticks = time.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks;
        return string.Create(CultureInfo.InvariantCulture,
            $"{ticks / TimeSpan.TicksPerSecond}.{ticks % TimeSpan.TicksPerSecond * 100:000000000}");
    }
}
