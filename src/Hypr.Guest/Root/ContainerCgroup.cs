using System.Globalization;
using Hypr.Guest.Protocol.Messages;
using Hypr.Linux.Files;
using Hypr.Linux.Mounts;

namespace Hypr.Guest.Root;

/// <summary>
/// The cgroup (version 2) of the image's processes. Its bound leaves the agent some memory: without it a container that fills a tmpfs leaves a machine in which
/// nobody can be killed any more and nothing runs.
/// </summary>
internal static class ContainerCgroup
{
    private const string Root = "/hypr/cgroup";
    public const string Folder = Root + "/container";
    private const long Reserve = 12 * 1024 * 1024;
    private const long Least = 8 * 1024 * 1024;

    public static void Make()
    {
        FileTree.MakeFolders(Root);
        Mount.Add("cgroup", Root, "cgroup2", MountFlags.NoSuid | MountFlags.NoDev | MountFlags.NoExec);
        FileTree.Write(Root + "/cgroup.subtree_control", "+memory +pids +cpu");
        FileTree.MakeFolders(Folder);
    }

    /// <summary>By what is available when nothing of the image runs. Its file systems, mounted later, are for the reserve.</summary>
    public static void Limit()
    {
        if (Available() is { } bytes)
            FileTree.Write(Folder + "/memory.max", Math.Max(Least, bytes - Reserve).ToString(CultureInfo.InvariantCulture));
    }

    /// <summary>The calling process, and what it becomes, is in it.</summary>
    public static void Enter() => FileTree.Write(Folder + "/cgroup.procs", "0");

    /// <summary>How many of its processes the kernel killed for want of memory (memory.events).</summary>
    public static long OomKills() => Number(FileTree.TryRead(Folder + "/memory.events"), "oom_kill ") ?? 0;

    public static GuestUsage Usage() => new(
        Value("memory.current"), Number(FileTree.TryRead(Folder + "/memory.stat"), "inactive_file ") ?? 0, Value("memory.max"), Value("pids.current"));

    /// <summary>0 for what is not there, and for <c>max</c>.</summary>
    private static long Value(string file) =>
        long.TryParse(FileTree.TryRead($"{Folder}/{file}"), NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out var value) ? value : 0;

    /// <summary>What the kernel thinks can be given out now, with agent and kernel in place.</summary>
    private static long? Available() => Number(FileTree.TryRead("/proc/meminfo"), "MemAvailable:") * 1024;

    private static long? Number(string? text, string key)
    {
        foreach (var line in (text ?? "").Split('\n'))
        {
            if (line.StartsWith(key, StringComparison.Ordinal)
                && long.TryParse(line.AsSpan(key.Length).Trim().TrimEnd("kB "), NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            {
                return number;
            }
        }

        return null;
    }
}
