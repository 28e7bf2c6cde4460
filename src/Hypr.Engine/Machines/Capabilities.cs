using Hypr.Primitives;

namespace Hypr.Engine.Machines;

/// <summary>Docker's <c>--cap-add</c>, <c>--cap-drop</c> and <c>--privileged</c>. A VM's kernel is its own: root begins with all of its capabilities, not with Docker's fourteen.</summary>
internal static class Capabilities
{
    private const string All = "ALL";
    private const string Prefix = "CAP_";

    /// <summary>By their numbers (include/uapi/linux/capability.h).</summary>
    private static readonly string[] Names =
    [
        "CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID", "SETPCAP", "LINUX_IMMUTABLE", "NET_BIND_SERVICE", "NET_BROADCAST",
        "NET_ADMIN", "NET_RAW", "IPC_LOCK", "IPC_OWNER", "SYS_MODULE", "SYS_RAWIO", "SYS_CHROOT", "SYS_PTRACE", "SYS_PACCT", "SYS_ADMIN", "SYS_BOOT", "SYS_NICE",
        "SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "MKNOD", "LEASE", "AUDIT_WRITE", "AUDIT_CONTROL", "SETFCAP", "MAC_OVERRIDE", "MAC_ADMIN", "SYSLOG", "WAKE_ALARM",
        "BLOCK_SUSPEND", "AUDIT_READ", "PERFMON", "BPF", "CHECKPOINT_RESTORE",
    ];

    /// <summary>What is left, a bit each; privileged keeps all, whatever is dropped (Docker, daemon/pkg/oci/caps).</summary>
    /// <exception cref="HyprException">A name is none.</exception>
    public static ulong Of(MachineConfig config)
    {
        var (add, drop) = (Bits("--cap-add", config.CapAdd), Bits("--cap-drop", config.CapDrop));
        var dropsAll = config.CapDrop.Any(c => Bare(c) == All);
        return config.Privileged ? ulong.MaxValue : config.CapAdd.Any(c => Bare(c) == All) ? ~(dropsAll ? 0 : drop) : dropsAll ? add : ~drop | add;
    }

    private static ulong Bits(string option, IEnumerable<string> names)
    {
        var bits = 0UL;
        foreach (var name in names)
        {
            var number = Array.IndexOf(Names, Bare(name));
            bits |= Bare(name) == All ? ulong.MaxValue
                : number >= 0 ? 1UL << number
                : throw HyprException.Invalid($"{option} {name}: unknown capability. capabilities(7) has their names, such as NET_ADMIN; or ALL");
        }

        return bits;
    }

    private static string Bare(string name)
    {
        var upper = name.ToUpperInvariant();
        return upper.StartsWith(Prefix, StringComparison.Ordinal) ? upper[Prefix.Length..] : upper;
    }
}
