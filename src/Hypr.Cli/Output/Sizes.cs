using System.Globalization;
using Hypr.Primitives;

namespace Hypr.Cli.Output;

/// <summary>Sizes as Docker writes and reads them (docker/go-units, size.go).</summary>
internal static class Sizes
{
    private static readonly string[] Decimal = ["B", "kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"];
    private static readonly string[] Binary = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB"];

    /// <summary>In powers of 1000: <c>187MB</c>, <c>4.26MB</c>.</summary>
    public static string Human(double bytes, int digits = 3) => Write(bytes, 1000, Decimal, digits);

    /// <summary>In powers of 1024: <c>1.944GiB</c>.</summary>
    public static string HumanBinary(double bytes) => Write(bytes, 1024, Binary, 4);

    private static string Write(double bytes, double step, string[] units, int digits)
    {
        int unit = 0;
        for (; bytes >= step && unit < units.Length - 1; unit++)
            bytes /= step;
        return Significant(bytes, digits) + units[unit];
    }

    /// <summary>Go's %.Ng for numbers below 10^N: N significant digits, without trailing zeros.</summary>
    private static string Significant(double number, int digits)
    {
        if (number == 0)
            return "0";
        int before = (int)Math.Floor(Math.Log10(Math.Abs(number))) + 1;
        string text = Math.Round(number, Math.Clamp(digits - before, 0, 15), MidpointRounding.ToEven)
            .ToString($"F{Math.Clamp(digits - before, 0, 15)}", CultureInfo.InvariantCulture);
        if (before > digits)
        {
            double scale = Math.Pow(10, before - digits);
            text = (Math.Round(number / scale) * scale).ToString("E" + (digits - 1), CultureInfo.InvariantCulture);
            string mantissa = text[..text.IndexOf('E')];
            return (mantissa.Contains('.') ? mantissa.TrimEnd('0').TrimEnd('.') : mantissa) + $"e+{before - 1:00}";
        }
        return text.Contains('.') ? text.TrimEnd('0').TrimEnd('.') : text;
    }

    /// <summary>Bytes of <c>512m</c>, <c>1g</c>, <c>1.5GiB</c>; a bare number counts in <paramref name="bare"/> bytes.</summary>
    /// <exception cref="HyprException">It is no size.</exception>
    public static long Parse(string option, string text, long bare = 1)
    {
        int at = 0;
        while (at < text.Length && (char.IsAsciiDigit(text[at]) || text[at] == '.'))
            at++;
        string unit = text[at..].Trim().ToLowerInvariant();
        long? factor = unit switch
        {
            "" => bare,
            "b" => 1,
            "k" or "kb" or "kib" => 1L << 10,
            "m" or "mb" or "mib" => 1L << 20,
            "g" or "gb" or "gib" => 1L << 30,
            "t" or "tb" or "tib" => 1L << 40,
            _ => null,
        };
        if (factor is null
            || !decimal.TryParse(text.AsSpan(0, at), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out decimal number))
            throw HyprException.Invalid($"{option} \"{text}\": not a size. Write a number and a unit, as 512m or 1g");
        decimal bytes = number <= long.MaxValue / 2m ? number * factor.Value : decimal.MaxValue;
        return bytes <= long.MaxValue ? (long)bytes : throw HyprException.Invalid($"{option} \"{text}\": too large");
    }
}
