using System.Globalization;

namespace Hypr.Compose.Load;

/// <summary>Times and sizes as the Compose Specification writes them ("Specifying durations", "Specifying byte values").</summary>
internal static class Quantities
{
    private static readonly Dictionary<string, double> Milliseconds = new(StringComparer.Ordinal)
    {
        ["us"] = 0.001,
        ["ms"] = 1,
        ["s"] = 1000,
        ["m"] = 60_000,
        ["h"] = 3_600_000,
    };

    public static bool TryDuration(string text, out TimeSpan time)
    {
        time = TimeSpan.Zero;
        if (text == "0")
        {
            return true;
        }

        double total = 0;
        var i = 0;
        while (i < text.Length)
        {
            var number = i;
            while (i < text.Length && (char.IsAsciiDigit(text[i]) || text[i] == '.'))
            {
                i++;
            }

            var unit = i;
            while (i < text.Length && char.IsAsciiLetter(text[i]))
            {
                i++;
            }

            if (!double.TryParse(text.AsSpan(number, unit - number), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value)
                || !Milliseconds.TryGetValue(text[unit..i], out var factor))
            {
                return false;
            }

            total += value * factor;
        }

        if (text.Length == 0 || total > TimeSpan.MaxValue.TotalMilliseconds / 2)
        {
            return false;
        }

        time = TimeSpan.FromMilliseconds(total);
        return true;
    }

    /// <summary><c>b</c>, <c>k</c>/<c>kb</c>, <c>m</c>/<c>mb</c>, <c>g</c>/<c>gb</c>, <c>t</c>/<c>tb</c>, powers of 1,024; bytes without a unit.</summary>
    public static bool TryBytes(string text, out long bytes)
    {
        bytes = 0;
        var trimmed = text.Trim().ToLowerInvariant();
        var unit = trimmed.Length;
        while (unit > 0 && char.IsAsciiLetter(trimmed[unit - 1]))
        {
            unit--;
        }

        var shift = trimmed[unit..] switch
        {
            "" or "b" => 0,
            "k" or "kb" or "kib" => 10,
            "m" or "mb" or "mib" => 20,
            "g" or "gb" or "gib" => 30,
            "t" or "tb" or "tib" => 40,
            _ => -1,
        };
        if (shift < 0 || !double.TryParse(trimmed[..unit].Trim(), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value)
            || value * (1L << shift) >= long.MaxValue)
        {
            return false;
        }

        bytes = (long)(value * (1L << shift));
        return true;
    }
}
