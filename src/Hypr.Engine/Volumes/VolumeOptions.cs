using System.Globalization;
using Hypr.Primitives;

namespace Hypr.Engine.Volumes;

/// <summary>What a volume's name and options may be.</summary>
internal static class VolumeOptions
{
    public const string Driver = "local";
    private const string Size = "size";
    private const int LongestName = 200;

    /// <summary>Where ext4 with blocks of 4 KiB ends without the 64bit feature; and more than that nobody asks for by intention.</summary>
    private const long Most = 16L << 40;

    /// <summary>Docker's sentence (volume/local).</summary>
    public static string CheckedName(string name)
    {
        if (name.Length < 2 || !char.IsAsciiLetterOrDigit(name[0]) || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '.' or '-'))
        {
            throw HyprException.Invalid(name.Length == 1
                ? "volume name is too short, names should be at least two alphanumeric characters"
                : $"\"{name}\" includes invalid characters for a local volume name, only \"[a-zA-Z0-9][a-zA-Z0-9_.-]\" are allowed. If you intended to pass a host directory, use absolute path");
        }

        return name.Length <= LongestName ? name : throw HyprException.Invalid($"the volume's name has {name.Length} characters: {LongestName} are the most");
    }

    /// <summary>Not NotFound: while a machine is made a client would take that for a missing image and pull it.</summary>
    public static void CheckDriver(string driver)
    {
        if (driver is not ("" or Driver))
        {
            throw HyprException.Invalid($"error looking up volume plugin {driver}: plugin \"{driver}\" not found: HYPR's volumes are of the driver local");
        }
    }

    /// <summary>The size in bytes, of whole MiB.</summary>
    public static long SizeOf(IReadOnlyDictionary<string, string> options, long usual, long least)
    {
        foreach (var key in options.Keys.Where(k => k != Size))
        {
            throw HyprException.Invalid(
                $"invalid option: \"{key}\": a volume is an ext4 file system of its own and takes size=10g alone; what type, o and device mount on a host is not there in a VM");
        }

        if (!options.TryGetValue(Size, out var text))
        {
            return usual;
        }

        var bytes = Bytes(text) ?? throw HyprException.Invalid($"invalid size: '{text}': a number with k, m, g or t behind it is due, such as size=10g");
        bytes = (bytes + (1 << 20) - 1) >> 20 << 20;
        if (bytes < least || bytes > Most)
        {
            throw HyprException.Invalid($"invalid size: '{text}': a volume has from {least >> 20}m to {Most >> 40}t");
        }

        return bytes;
    }

    /// <summary>go-units' RAMInBytes: powers of 1024, in any case, with an i, a b or both behind.</summary>
    private static long? Bytes(string text)
    {
        var digits = text.TakeWhile(c => char.IsAsciiDigit(c) || c == '.').Count();
        var unit = text[digits..].Trim().ToLowerInvariant();
        unit = unit.EndsWith("ib", StringComparison.Ordinal) ? unit[..^2] : unit.EndsWith('b') ? unit[..^1] : unit;
        var power = unit.Length == 0 ? 0 : unit.Length == 1 ? "kmgt".IndexOf(unit[0], StringComparison.Ordinal) + 1 : -1;
        if (power < 0 || (unit.Length == 1 && power == 0) || !decimal.TryParse(text[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number))
        {
            return null;
        }

        const long beyondAll = 1L << 60;
        var scale = 1L << (10 * power);
        return number < beyondAll / scale ? (long)(number * scale) : beyondAll;
    }
}
