using System.Runtime.InteropServices;

namespace Hypr.Linux.Processes;

/// <summary>How many files this process may have open: setrlimit(2).</summary>
public static partial class FileLimit
{
    /// <summary>RLIMIT_NOFILE, include/uapi/asm-generic/resource.h.</summary>
    private const int OpenFiles = 7;

    /// <summary>
    /// To the most that there is: what the process may have at most or, with CAP_SYS_RESOURCE, /proc/sys/fs/nr_open. Never lower than it is; what the kernel refuses
    /// stays as it is.
    /// </summary>
    public static void Raise()
    {
        if (Get(OpenFiles, out var now) != 0)
        {
            return;
        }

        var most = ulong.TryParse(File.ReadAllText("/proc/sys/fs/nr_open").Trim(), out var open) ? Math.Max(now.Most, open) : now.Most;
        if (Set(OpenFiles, new Limit { Now = most, Most = most }) != 0)
        {
            _ = Set(OpenFiles, new Limit { Now = now.Most, Most = now.Most });
        }
    }

    // struct rlimit of 64-bit Linux: two unsigned longs, written and read whole by the kernel.
    [LibraryImport("libc", EntryPoint = "getrlimit")]
    private static partial int Get(int resource, out Limit limit);

    [LibraryImport("libc", EntryPoint = "setrlimit")]
    private static partial int Set(int resource, in Limit limit);

    [StructLayout(LayoutKind.Sequential)]
    private struct Limit
    {
        public ulong Now;
        public ulong Most;
    }
}
