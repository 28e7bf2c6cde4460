namespace Hypr.Engine.Machines;

/// <summary>The kernel's id of this boot (random(4)): pids of another boot mean nothing.</summary>
internal static class BootId
{
    public static string Current { get; } = File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim();
}
