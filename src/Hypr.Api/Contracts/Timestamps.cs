using System.Globalization;

namespace Hypr.Api.Contracts;

/// <summary>Times as Go writes them: RFC 3339 in UTC with as many digits of a second as are needed.</summary>
public static class Timestamps
{
    /// <summary>Go's zero time, which stands for never.</summary>
    public const string Zero = "0001-01-01T00:00:00Z";

    /// <summary>Go's time.RFC3339Nano: trailing zeros of the fraction are left out.</summary>
    public static string Rfc3339(DateTimeOffset? time) =>
        time is { } t ? t.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture) : Zero;

    /// <summary>Nine digits always: what <c>logs --timestamps</c> writes before a line (jsonmessage.RFC3339NanoFixed).</summary>
    public static string Rfc3339Fixed(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'00Z'", CultureInfo.InvariantCulture);

    /// <summary>Null for text that is no time and for Go's zero time. Digits beyond a tenth of a microsecond are cut off.</summary>
    public static DateTimeOffset? Parse(string? text)
    {
        if (string.IsNullOrEmpty(text) || text.StartsWith("0001-01-01T00:00:00", StringComparison.Ordinal))
        {
            return null;
        }

        var dot = text.IndexOf('.');
        if (dot > 0)
        {
            var end = dot + 1;
            while (end < text.Length && char.IsAsciiDigit(text[end]))
            {
                end++;
            }

            text = end - dot - 1 > 7 ? text[..(dot + 8)] + text[end..] : text;
        }

        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time.ToUniversalTime() : null;
    }

    public static long UnixNanoseconds(DateTimeOffset time) => (time.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks) * 100;
}
