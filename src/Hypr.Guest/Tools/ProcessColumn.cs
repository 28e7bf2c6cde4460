using System.Globalization;

namespace Hypr.Guest.Tools;

/// <summary>A column of ps(1).</summary>
/// <param name="Names">ps's words for it; the first is the one of its title.</param>
internal sealed record ProcessColumn(string[] Names, Func<ProcessFacts, string> Value, string? Heading = null)
{
    public static readonly ProcessColumn[] All =
    [
        new(["user", "uid", "euser", "uname"], static p => p.User, null),
        new(["pid"], static p => Text(p.Pid)),
        new(["ppid"], static p => Text(p.Parent)),
        new(["pgid", "pgrp"], static p => Text(p.Group)),
        new(["sid", "session", "sess"], static p => Text(p.Session)),
        new(["c"], static p => Text((long)p.CpuPercent)),
        new(["%cpu", "pcpu"], static p => p.CpuPercent.ToString("0.0", CultureInfo.InvariantCulture)),
        new(["%mem", "pmem"], static p => p.MemoryPercent.ToString("0.0", CultureInfo.InvariantCulture)),
        new(["vsz", "vsize"], static p => Text(p.VirtualKiB)),
        new(["rss", "rssize", "rsz"], static p => Text(p.ResidentKiB)),
        new(["stime", "start", "start_time", "bsdstart"], static p => p.Started.ToString(p.Age < TimeSpan.FromDays(1) ? "HH:mm" : "MMMdd", CultureInfo.InvariantCulture)),
        new(["etime", "elapsed"], static p => Span(p.Age)),
        new(["etimes"], static p => Text((long)p.Age.TotalSeconds), "ELAPSED"),
        new(["tty", "tt", "tname"], static p => p.Terminal),
        new(["time", "cputime"], static p => $"{(long)p.CpuTime.TotalHours:00}:{p.CpuTime.Minutes:00}:{p.CpuTime.Seconds:00}"),
        new(["stat"], static p => p.State + (p.Session == p.Pid ? "s" : "") + (p.Threads > 1 ? "l" : "")),
        new(["s", "state"], static p => p.State),
        new(["nlwp", "thcount"], static p => Text(p.Threads)),
        new(["ni", "nice"], static p => Text(p.Nice)),
        new(["comm", "ucmd", "ucomm"], static p => p.Name, "COMMAND"),
        new(["cmd", "command", "args"], static p => p.CommandLine),
    ];

    /// <summary>By the word that it was asked for with: ps prints UID and USER, CMD and COMMAND, STIME and START.</summary>
    public string Title(string asked) => Heading ?? (asked == "args" ? "COMMAND" : asked).ToUpperInvariant();

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Span(TimeSpan age) =>
        (age.Days > 0 ? $"{age.Days}-" : "") + (age.TotalHours >= 1 ? $"{age.Hours:00}:" : "") + $"{age.Minutes:00}:{age.Seconds:00}";
}
