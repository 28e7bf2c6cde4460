using System.Globalization;
using Hypr.Linux.Files;

namespace Hypr.Guest.Tools;

/// <summary>A process by /proc (proc_pid_stat(5)).</summary>
internal sealed record ProcessFacts
{
    /// <summary>USER_HZ, the same on every architecture of ours.</summary>
    private const double Ticks = 100;
    private const int PageKiB = 4;

    public required int Pid { get; init; }
    public required string User { get; init; }
    public required int Parent { get; init; }
    public required int Group { get; init; }
    public required int Session { get; init; }
    public required string Terminal { get; init; }
    public required string State { get; init; }
    public required int Nice { get; init; }
    public required int Threads { get; init; }
    public required TimeSpan CpuTime { get; init; }
    public required DateTimeOffset Started { get; init; }
    public required TimeSpan Age { get; init; }
    public required long VirtualKiB { get; init; }
    public required long ResidentKiB { get; init; }
    public required double MemoryPercent { get; init; }
    public required string Name { get; init; }
    public required string CommandLine { get; init; }

    public double CpuPercent => Age.TotalSeconds > 0 ? Math.Min(100.0 * Environment.ProcessorCount, 100 * CpuTime.TotalSeconds / Age.TotalSeconds) : 0;

    /// <summary>In order of their pids.</summary>
    public static List<ProcessFacts> All(int but)
    {
        var up = double.Parse((FileTree.TryRead("/proc/uptime") ?? "0").Split(' ')[0], CultureInfo.InvariantCulture);
        var memory = MemoryKiB();
        var users = Users();
        var pids = FileTree.Names("/proc").Select(static n => int.TryParse(n, NumberStyles.None, CultureInfo.InvariantCulture, out var pid) ? pid : 0)
            .Where(pid => pid > 0 && pid != but).Order();
        return [.. pids.Select(pid => TryRead(pid, up, memory, users)).OfType<ProcessFacts>()];
    }

    private static ProcessFacts? TryRead(int pid, double up, long memory, Dictionary<string, string> users)
    {
        var stat = FileTree.TryRead($"/proc/{pid}/stat");
        var status = FileTree.TryRead($"/proc/{pid}/status");
        // It ended meanwhile.
        if (stat is null || status is null || stat.LastIndexOf(')') is not (> 0 and var close))
            return null;
        var name = stat[(stat.IndexOf('(', StringComparison.Ordinal) + 1)..close];
        var f = stat[(close + 2)..].Split(' ');
        if (f.Length < 22)
            return null;
        var started = double.Parse(f[19], CultureInfo.InvariantCulture) / Ticks;
        var line = FileTree.TryRead($"/proc/{pid}/cmdline")?.TrimEnd('\0').Replace('\0', ' ');
        var uid = status.Split('\n').FirstOrDefault(static l => l.StartsWith("Uid:", StringComparison.Ordinal))?.Split('\t').ElementAtOrDefault(2) ?? "0";
        var age = TimeSpan.FromSeconds(Math.Max(0, up - started));
        var resident = Number(f[21]) * PageKiB;
        return new ProcessFacts
        {
            Pid = pid,
            User = users.GetValueOrDefault(uid, uid),
            State = f[0],
            Parent = (int)Number(f[1]),
            Group = (int)Number(f[2]),
            Session = (int)Number(f[3]),
            Terminal = TerminalName((int)Number(f[4])),
            CpuTime = TimeSpan.FromSeconds((Number(f[11]) + Number(f[12])) / Ticks),
            Nice = (int)Number(f[16]),
            Threads = (int)Number(f[17]),
            Age = age,
            Started = DateTimeOffset.UtcNow - age,
            VirtualKiB = Number(f[20]) / 1024,
            ResidentKiB = resident,
            MemoryPercent = memory > 0 ? 100.0 * resident / memory : 0,
            Name = name,
            CommandLine = string.IsNullOrEmpty(line) ? $"[{name}]" : line,
        };
    }

    private static long Number(string text) => long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : 0;

    /// <summary>Majors 136 to 143 are the slaves of pseudo terminals (Documentation/admin-guide/devices.txt); the minor's bits 8 to 19 stand above the major's.</summary>
    private static string TerminalName(int device)
    {
        var (major, minor) = ((device >> 8) & 0xFFF, (device & 0xFF) | ((device >> 12) & 0xFFF00));
        return major is >= 136 and <= 143 ? $"pts/{((major - 136) << 8) + minor}" : "?";
    }

    private static long MemoryKiB()
    {
        var line = (FileTree.TryRead("/proc/meminfo") ?? "").Split('\n').FirstOrDefault(static l => l.StartsWith("MemTotal:", StringComparison.Ordinal));
        return line is null ? 0 : Number(line["MemTotal:".Length..].Replace("kB", "", StringComparison.Ordinal).Trim());
    }

    /// <summary>By number; the image's own names.</summary>
    private static Dictionary<string, string> Users()
    {
        var users = new Dictionary<string, string>();
        foreach (var line in (FileTree.TryRead("/etc/passwd") ?? "").Split('\n'))
        {
            if (line.Split(':') is [{ Length: > 0 } name, _, var uid, ..])
                users.TryAdd(uid, name);
        }

        return users;
    }
}
