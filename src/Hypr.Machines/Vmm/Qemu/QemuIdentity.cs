using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Hypr.Guest.Protocol.Messages;

namespace Hypr.Machines.Vmm.Qemu;

/// <summary>What runs guests here, to the bit: a guest saved by anything else is not loaded.</summary>
internal static class QemuIdentity
{
    private static readonly ConcurrentDictionary<(string Path, long Length, long Written), string> Known = new();

    /// <summary>It stays while this process runs, and /proc/cpuinfo is costly to read.</summary>
    private static readonly Lazy<string> TheCpu = new(Cpu);

    /// <summary>One line. Files that did not change are not read again.</summary>
    public static string Of(MachineHostSettings settings, HypervisorInfo hypervisor)
    {
        var qemu = new FileInfo(Tool.Find(settings.Qemu) ?? settings.Qemu);
        var size = qemu.Exists ? string.Create(CultureInfo.InvariantCulture, $"{qemu.Length} {qemu.LastWriteTimeUtc.Ticks}") : "missing";
        return $"{hypervisor.Vmm} {size} {hypervisor.Accelerator}; cpu {TheCpu.Value}; protocol {Hello.CurrentProtocol}; "
            + $"kernel {Content(settings.Kernel)}; initramfs {Content(settings.Initramfs)}";
    }

    private static string Content(string path)
    {
        var file = new FileInfo(path);
        if (!file.Exists)
            return "missing";
        return Known.GetOrAdd((path, file.Length, file.LastWriteTimeUtc.Ticks), static key =>
        {
            using var stream = File.OpenRead(key.Path);
            return Convert.ToHexStringLower(SHA256.HashData(stream));
        });
    }

    /// <summary>
    /// The host's first CPU and, for KVM, its kernel: what a guest may find and what its saved registers mean. Frequencies change from one look
    /// to the next and are left out.
    /// </summary>
    private static string Cpu()
    {
        var lines = File.ReadLines("/proc/cpuinfo").TakeWhile(line => line.Length > 0).Where(line =>
            line.StartsWith("model name", StringComparison.Ordinal) || line.StartsWith("flags", StringComparison.Ordinal)
            || line.StartsWith("microcode", StringComparison.Ordinal) || line.StartsWith("Features", StringComparison.Ordinal));
        var all = string.Join('\n', lines.Append(File.ReadAllText("/proc/sys/kernel/osrelease")));
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(all)))[..16];
    }
}
