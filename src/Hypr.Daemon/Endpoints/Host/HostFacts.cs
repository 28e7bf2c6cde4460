using System.Globalization;

namespace Hypr.Daemon.Endpoints.Host;

/// <summary>What /proc and /etc say of the host.</summary>
internal static class HostFacts
{
    public static string MachineId { get; } = File.Exists("/etc/machine-id") ? File.ReadAllText("/etc/machine-id").Trim() : "";

    public static (string Name, string Version) OperatingSystem { get; } = ReadOsRelease();

    /// <summary>MemTotal of /proc/meminfo, in KiB there.</summary>
    public static long MemoryBytes { get; } = long.Parse(
        File.ReadLines("/proc/meminfo").First(l => l.StartsWith("MemTotal:", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1],
        CultureInfo.InvariantCulture) * 1024;

    public static bool IsForwarding => File.ReadAllText("/proc/sys/net/ipv4/ip_forward").Trim() == "1";

    public static int OpenDescriptors => Directory.GetFileSystemEntries("/proc/self/fd").Length;

    /// <summary>What all CPUs together have spent, idle too: user to softirq of /proc/stat, in ticks of 10 ms there.</summary>
    public static long CpuNanoseconds =>
        File.ReadLines("/proc/stat").First().Split(' ', StringSplitOptions.RemoveEmptyEntries)[1..8].Sum(n => long.Parse(n, CultureInfo.InvariantCulture)) * 10_000_000;

    private static (string, string) ReadOsRelease()
    {
        var fields = File.Exists("/etc/os-release")
            ? File.ReadLines("/etc/os-release").Select(l => l.Split('=', 2)).Where(p => p.Length == 2).ToDictionary(p => p[0], p => p[1].Trim('"'))
            : [];
        return (fields.GetValueOrDefault("PRETTY_NAME", "Linux"), fields.GetValueOrDefault("VERSION_ID", ""));
    }
}
