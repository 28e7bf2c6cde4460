using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Hypr.Linux.Files;
using Hypr.Linux.Processes;
using Hypr.Primitives;

namespace Hypr.Machines.Vmm.Qemu;

/// <summary>What was found out, and for which host.</summary>
internal sealed record ProbeRecord(string Key, string Vmm, string Accelerator, string? Note);

/// <summary>
/// Whether KVM runs guests here: /dev/kvm may exist and not do it (nested hosts, containers, missing rights), so a guest is run.
/// </summary>
internal sealed class QemuProbe(MachineHostSettings settings)
{
    private const string KvmDevice = "/dev/kvm";

    // isa-debug-exit ends QEMU with (value << 1) | 1 (hw/misc/debugexit.c).
    private const byte Word = 0x2a;
    private const int WordExit = (Word << 1) | 1;
    private const int FirmwareBytes = 64 * 1024;
    private const string Hint = "install it with: apt-get install qemu-system-x86";
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(5);

    private readonly string _cache = Path.Combine(settings.DataDirectory, "hypervisor.json");

    public async Task<HypervisorInfo> RunAsync(CancellationToken cancel)
    {
        var qemu = Tool.Find(settings.Qemu) ?? throw HyprException.Unavailable($"{settings.Qemu} is missing: {Hint}");
        var key = Key(qemu);
        var record = Read();
        if (record?.Key != key)
        {
            record = await ProbeAsync(qemu, key, cancel);
            Write(record);
        }

        return new HypervisorInfo(record.Vmm, record.Accelerator, record.Note, GuestKernel.Version(settings.Kernel));
    }

    /// <summary>Groups that the unprivileged user needs beside its own: that of /dev/kvm.</summary>
    public static IEnumerable<string> Privileges(MachineHostSettings settings, uint user, bool kvm)
    {
        var group = kvm && FileStatus.Find(KvmDevice)?.Group is { } gid and > 0 ? $"--groups={gid}" : "--clear-groups";
        return
        [
            $"--reuid={user}", $"--regid={settings.Gid}", group,
            "--no-new-privs", "--bounding-set=-all", "--inh-caps=-all", "--",
        ];
    }

    /// <summary>Changes when QEMU, the host's kernel or /dev/kvm do: the answer is then found anew.</summary>
    private string Key(string qemu)
    {
        var file = new FileInfo(qemu);
        var kvm = File.Exists(KvmDevice)
            ? $"{(int)File.GetUnixFileMode(KvmDevice)} {FileStatus.Find(KvmDevice)?.Group}"
            : "none";
        var kernel = File.ReadAllText("/proc/sys/kernel/osrelease").Trim();
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{qemu} {file.Length} {file.LastWriteTimeUtc.Ticks} {kernel} kvm {kvm} uid {settings.Uid}");
    }

    private async Task<ProbeRecord> ProbeAsync(string qemu, string key, CancellationToken cancel)
    {
        var version = await Tool.RunAsync(new ProcessStart { Program = qemu, Arguments = ["--version"] }, Hint, Deadline, cancel);
        if (version.Code != 0)
            throw HyprException.Unavailable($"{qemu} --version fails: {LastWords.Printable(version.Output, 3, 300)}");
        var vmm = "qemu " + Version(version.Output);
        if (!File.Exists(KvmDevice))
            return new ProbeRecord(key, vmm, "tcg", $"there is no {KvmDevice}: guests are emulated, which is slower");
        var failure = await RunGuestAsync(qemu, "kvm", cancel);
        return failure is null
            ? new ProbeRecord(key, vmm, "kvm", null)
            : new ProbeRecord(key, vmm, "tcg", $"{KvmDevice} exists but runs no guest ({failure}): guests are emulated, which is slower");
    }

    /// <summary>Runs a guest of a few instructions with the rights that machines have; null: it ran.</summary>
    internal async Task<string?> RunGuestAsync(string qemu, string accelerator, CancellationToken cancel)
    {
        var path = Path.Combine(settings.DataDirectory, $".probe-{Environment.ProcessId}-{Guid.NewGuid():n}");
        Directory.CreateDirectory(settings.DataDirectory);
        await File.WriteAllBytesAsync(path, Firmware(), cancel);
        try
        {
            // QEMU opens it anew through /proc/self/fd, so the unprivileged user must be allowed to read the file, whatever its folder.
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
            using var file = File.OpenHandle(path);
            var result = await Tool.RunAsync(
                new ProcessStart
                {
                    Program = "setpriv",
                    Arguments =
                    [
                        .. Privileges(settings, settings.Uid, accelerator == "kvm"), qemu,
                        "-nodefaults", "-no-user-config", "-no-reboot", "-display", "none", "-m", "16M",
                        "-machine", $"microvm,accel={accelerator},isa-serial=off", "-bios", "/proc/self/fd/3",
                        "-device", "isa-debug-exit,iobase=0xf4,iosize=4",
                    ],
                    Environment = [$"PATH={Tool.Path}", "LC_ALL=C"],
                    Descriptors = new Dictionary<int, SafeHandle> { [3] = file },
                },
                "install it with: apt-get install util-linux", Deadline, cancel);
            return result.Code switch
            {
                WordExit => null,
                -1 => $"the probe did not end within {Deadline.TotalSeconds:0} s",
                _ when LastWords.Printable(result.Output, 2, 200) is { Length: > 0 } words => words,
                _ => $"QEMU ended with {result.Code}",
            };
        }
        finally
        {
            File.Delete(path);
        }
    }

    /// <summary>
    /// The reset vector is 16 bytes below 4 GiB, the end of the firmware: mov al, 0x2a; out 0xf4, al; hlt; jmp to the hlt.
    /// </summary>
    private static byte[] Firmware()
    {
        var image = new byte[FirmwareBytes];
        ReadOnlySpan<byte> code = [0xb0, Word, 0xe6, 0xf4, 0xf4, 0xeb, 0xfd];
        code.CopyTo(image.AsSpan(FirmwareBytes - 16));
        return image;
    }

    /// <summary><c>QEMU emulator version 7.2.22 (Debian ...)</c></summary>
    private static string Version(string output)
    {
        var words = output.Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries);
        var at = Array.IndexOf(words, "version");
        return at >= 0 && at + 1 < words.Length ? words[at + 1] : "of unknown version";
    }

    private ProbeRecord? Read()
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(_cache), MachinesJson.Default.ProbeRecord);
        }
        catch (Exception e) when (e is IOException or JsonException)
        {
            return null;
        }
    }

    private void Write(ProbeRecord record)
    {
        var unfinished = _cache + $".{Guid.NewGuid():n}";
        File.WriteAllText(unfinished, JsonSerializer.Serialize(record, MachinesJson.Default.ProbeRecord), new UTF8Encoding(false));
        File.Move(unfinished, _cache, overwrite: true);
    }
}
