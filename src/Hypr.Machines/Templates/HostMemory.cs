using System.Globalization;

namespace Hypr.Machines.Templates;

internal static class HostMemory
{
    /// <summary>What the host's kernel thinks can be given out without swapping (MemAvailable of /proc/meminfo); null: it does not say.</summary>
    public static long? Available()
    {
        const string key = "MemAvailable:";
        var line = File.ReadLines("/proc/meminfo").FirstOrDefault(static l => l.StartsWith(key, StringComparison.Ordinal));
        return long.TryParse(line?[key.Length..].Replace("kB", "", StringComparison.Ordinal).Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var kilobytes)
            ? kilobytes << 10
            : null;
    }
}
