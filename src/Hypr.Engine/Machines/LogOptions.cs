using System.Globalization;
using Hypr.Machines;
using Hypr.Primitives;

namespace Hypr.Engine.Machines;

/// <summary>Docker's <c>--log-driver</c> and <c>--log-opt</c>: a VM's log is a json-file that rotates.</summary>
internal static class LogOptions
{
    private const string Driver = "json-file";
    private const int DefaultFiles = 3;
    private const long DefaultBytes = 10_000_000;

    /// <summary>Null: nothing was said of it.</summary>
    /// <exception cref="HyprException">What HYPR does not have.</exception>
    public static LogBounds? Bounds(MachineConfig config)
    {
        if (config.LogDriver is not ("" or Driver))
        {
            throw HyprException.Invalid($"--log-driver {config.LogDriver}: HYPR keeps the log of a VM itself, as {Driver}. Read it with: hypr logs -f");
        }

        if (config.LogOptions.Keys.FirstOrDefault(k => k is not ("max-size" or "max-file")) is { } unknown)
        {
            throw HyprException.Invalid($"--log-opt {unknown}: HYPR knows max-size and max-file of {Driver}");
        }

        return config.LogOptions.Count == 0 ? null : new LogBounds(Size(config.LogOptions), Files(config.LogOptions));
    }

    private static long Size(IReadOnlyDictionary<string, string> options)
    {
        if (!options.TryGetValue("max-size", out var text))
        {
            return DefaultBytes;
        }

        // docker/go-units, size.go: powers of 1024, the unit's letter with or without b or ib.
        var letters = text.AsSpan().TrimStart("0123456789.").ToString().ToLowerInvariant();
        var shift = letters switch { "" or "b" => 0, "k" or "kb" or "kib" => 10, "m" or "mb" or "mib" => 20, "g" or "gb" or "gib" => 30, _ => -1 };
        return shift >= 0 && decimal.TryParse(text[..^letters.Length], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
            && number * (1L << shift) is >= 1 and < long.MaxValue and var bytes
            ? (long)bytes
            : throw HyprException.Invalid($"--log-opt max-size={text}: a size above nothing is due, such as 10m");
    }

    private static int Files(IReadOnlyDictionary<string, string> options) =>
        !options.TryGetValue("max-file", out var text) ? DefaultFiles
            : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var files) && files is > 0 and <= 1000 ? files
            : throw HyprException.Invalid($"--log-opt max-file={text}: a number from 1 to 1000 is due");
}
