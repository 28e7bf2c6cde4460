using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Hypr.Linux.Files;
using Hypr.Machines;
using Hypr.Machines.Templates;
using Hypr.Machines.Vmm;
using Hypr.Primitives;
using Hypr.Testing;
using Microsoft.Win32.SafeHandles;

namespace Hypr.EndToEndTests.Machines;

/// <summary>Templates that are not what they were: the machine starts all the same, cold, with a line in the log, and the template goes.</summary>
public sealed class TemplateFaultTests(GuestFiles guest) : IClassFixture<GuestFiles>, IDisposable
{
    private const long Memory = 256L << 20;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);
    private readonly string _folder = Directory.CreateTempSubdirectory("hypr-templates-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    public static TheoryData<string> Faults => ["cut short", "empty", "a bit changed", "of another size", "of another QEMU", "no template at all", "a guest that dies", "a guest that panics"];

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task A_template_that_is_damaged_is_not_used_and_removed(string fault)
    {
        await using var lab = new MachineLab(guest, settings => MachineLab.Warm(settings) with { TemplateDirectory = _folder });
        var path = await CopyAsync(lab);
        Damage(path, fault);
        var isWhole = fault is "a guest that dies" or "a guest that panics";

        // A machine that fails warm and runs cold, and the next one, for which there is no template yet.
        var machine = await lab.StartAsync(lab.Spec("sh", "-c", "echo ran; exit 3"));
        Assert.False(machine.IsWarm);
        Assert.Equal(3, (await machine.Exited.WaitAsync(Patience)).Code);
        Assert.Equal("ran\n", await lab.LogAsync(machine.Handle.MachineId));
        var line = Assert.Single(lab.Logs.Warnings);
        Assert.Contains(isWhole ? "eager-fox is started cold, for it did not start warm: eager-fox did not start: it died while resuming" : path, line, StringComparison.Ordinal);
        if (fault == "a guest that panics")
            Assert.Contains("Kernel panic - not syncing: Attempted to kill init!", line, StringComparison.Ordinal);

        // Another is made in its place.
        Assert.True(
            await Task.Run(() => Probe.Until(() => lab.Host.Templates().Any(t => t.MemoryBytes == Memory && t.IsLoaded), Patience)),
            string.Join("\n", lab.Logs.Warnings));
        var next = await lab.StartAsync(lab.Spec("true"));
        Assert.True(next.IsWarm);
        Assert.Equal(0, (await next.Exited.WaitAsync(Patience)).Code);
        Assert.Single(lab.Logs.Warnings);
    }

    [Fact]
    public async Task A_guest_that_says_no_hello_in_its_deadline_is_not_waited_for_longer()
    {
        await using var lab = new MachineLab(guest, settings => MachineLab.Warm(settings) with { TemplateDirectory = _folder, WarmDeadline = TimeSpan.FromSeconds(3) });
        var path = await CopyAsync(lab);

        // jmp to itself
        Change(path, template => template with { Guest = template.Guest with { Memory = WithoutAgent(template.Guest.Memory, [0xEB, 0xFE]) } });
        var machine = await lab.StartAsync(lab.Spec("true"));
        Assert.False(machine.IsWarm);
        Assert.Equal(0, (await machine.Exited.WaitAsync(Patience)).Code);
        var line = Assert.Single(lab.Logs.Warnings, line => line.Contains("is started cold", StringComparison.Ordinal));
        Assert.Contains("its agent did not say hello within 3 s", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_full_disk_costs_a_line_in_the_log_and_leaves_no_half_template()
    {
        using var disk = TestDisk.Mount(_folder, "size=4m");
        await using var lab = new MachineLab(guest, settings => MachineLab.Warm(settings) with { TemplateDirectory = _folder });
        Assert.Equal(0, (await (await lab.StartAsync(lab.Spec("true"))).Exited.WaitAsync(Patience)).Code);
        Assert.True(await Task.Run(() => Probe.Until(() => lab.Logs.Warnings.Count > 0, Patience)));
        Assert.Contains("No space left on device", Assert.Single(lab.Logs.Warnings), StringComparison.Ordinal);
        Assert.Equal([".lock"], Directory.GetFiles(_folder).Select(f => Path.GetFileName(f)));

        // It is in memory.
        var machine = await lab.StartAsync(lab.Spec("true"));
        Assert.True(machine.IsWarm);
        await machine.Exited.WaitAsync(Patience);
    }

    [Fact]
    public async Task A_template_on_a_read_only_file_system_is_used_and_none_is_made_there()
    {
        using var disk = TestDisk.Mount(_folder, "size=200m");
        await using var lab = new MachineLab(guest, settings => MachineLab.Warm(settings) with { TemplateDirectory = _folder });
        await CopyAsync(lab);
        disk.SetReadOnly();
        var machine = await lab.StartAsync(lab.Spec("true"));
        Assert.True(machine.IsWarm);
        await machine.Exited.WaitAsync(Patience);

        var other = await lab.StartAsync(lab.Spec("true") with { MemoryBytes = 128 << 20 });
        Assert.False(other.IsWarm);
        Assert.Equal(0, (await other.Exited.WaitAsync(Patience)).Code);
        Assert.True(await Task.Run(() => Probe.Until(() => lab.Logs.Warnings.Count > 0, Patience)));
        Assert.Contains("VMs of this size start cold: Read-only file system", Assert.Single(lab.Logs.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_machine_that_does_not_start_cold_either_leaves_the_template_to_the_others()
    {
        await using var lab = new MachineLab(guest, settings => MachineLab.Warm(settings) with { TemplateDirectory = _folder });
        var path = await CopyAsync(lab);
        var sysctls = new Dictionary<string, string> { ["net.ipv4.no_such_setting"] = "1" };
        var spec = lab.Spec("true");
        await Assert.ThrowsAsync<HyprException>(() => lab.StartAsync(spec with { Guest = spec.Guest with { Sysctls = sysctls } }));
        Assert.Contains("is started cold, for it did not start warm", Assert.Single(lab.Logs.Warnings), StringComparison.Ordinal);
        Assert.True(File.Exists(path));
        var machine = await lab.StartAsync(lab.Spec("true"));
        Assert.True(machine.IsWarm);
        await machine.Exited.WaitAsync(Patience);
    }

    /// <summary>A sound template of the tests' own folder, under the name that it has everywhere.</summary>
    private async Task<string> CopyAsync(MachineLab lab)
    {
        await using var source = new MachineLab(guest, MachineLab.Warm);
        var template = await source.Host.WarmAsync(1, Memory, CancellationToken.None);
        var path = Path.Combine(lab.Settings.TemplateDirectory!, template.Name + ".template");
        File.Copy(Path.Combine(source.Settings.TemplateDirectory!, template.Name + ".template"), path);
        return path;
    }

    private void Damage(string path, string fault)
    {
        switch (fault)
        {
            case "cut short":
                using (var file = File.OpenWrite(path))
                    file.SetLength(file.Length - 100_000);
                break;
            case "empty":
                File.WriteAllText(path, "");
                break;
            case "no template at all":
                File.WriteAllText(path, new string('x', 100_000));
                break;
            case "a bit changed":
                using (var file = File.Open(path, FileMode.Open))
                {
                    file.Position = file.Length / 2;
                    var value = file.ReadByte();
                    file.Position--;
                    file.WriteByte((byte)(value ^ 1));
                }

                break;
            case "of another size":
                Change(path, template => template with { Header = template.Header with { Shape = template.Header.Shape.Replace("-m\n256M", "-m\n512M", StringComparison.Ordinal) } });
                break;
            case "of another QEMU":
                Change(path, template => template with { Header = template.Header with { Shape = "qemu 0.0" + template.Header.Shape[template.Header.Shape.IndexOf(' ')..] } });
                break;
            case "a guest that dies":
                // All is as it was, only that there is nothing in its memory: the CPU's first fault has no handler.
                Change(path, template =>
                {
                    var empty = SealedMemory.Make(template.Header.MemoryBytes);
                    SealedMemory.Seal(empty);
                    return template with { Guest = new SavedGuest(empty, template.Guest.State) };
                });
                break;
            case "a guest that panics":
                Change(path, template => template with { Guest = template.Guest with { Memory = WithoutAgent(template.Guest.Memory, [0xCC]) } });
                break;
        }
    }

    /// <summary>
    /// The saved memory with an instruction of ours all over each page of the agent's program. At int3 PID 1 dies, of which the kernel panics.
    /// </summary>
    private SafeFileHandle WithoutAgent(SafeFileHandle memory, ReadOnlySpan<byte> instruction)
    {
        const int Page = 4096;
        var program = InitramfsFile("init");
        var pages = Enumerable.Range(0, program.Length / Page).Select(i => Hash(program.Span.Slice(i * Page, Page))).ToHashSet();
        var instructions = new byte[Page];
        for (var i = 0; i < Page; i += instruction.Length)
            instruction.CopyTo(instructions.AsSpan(i));
        var changed = SealedMemory.Make(RandomAccess.GetLength(memory));
        var (page, replaced) = (new byte[Page], 0);
        for (long at = 0; RandomAccess.Read(memory, page, at) == Page; at += Page)
        {
            if (!page.AsSpan().ContainsAnyExcept((byte)0))
                continue;
            var isAgent = pages.Contains(Hash(page));
            replaced += isAgent ? 1 : 0;
            RandomAccess.Write(changed, isAgent ? instructions : page, at);
        }

        Assert.True(replaced > 100, $"{replaced} pages of the agent are in the saved memory");
        SealedMemory.Seal(changed);
        return changed;
    }

    private static string Hash(ReadOnlySpan<byte> page) => Convert.ToHexStringLower(SHA256.HashData(page));

    /// <summary>cpio's newc: 13 numbers of eight hex digits behind the magic, name and content each filled up to four bytes (cpio(5)).</summary>
    private ReadOnlyMemory<byte> InitramfsFile(string wanted)
    {
        var archive = File.ReadAllBytes(guest.Initramfs);
        for (var at = 0; ;)
        {
            int Number(int index) => int.Parse(Encoding.ASCII.GetString(archive, at + 6 + (8 * index), 8), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            var (length, nameLength) = (Number(6), Number(11));
            var content = (at + 110 + nameLength + 3) / 4 * 4;
            var name = Encoding.ASCII.GetString(archive, at + 110, nameLength - 1);
            if (name == wanted)
                return archive.AsMemory(content, length);
            Assert.NotEqual("TRAILER!!!", name);
            at = (content + length + 3) / 4 * 4;
        }
    }

    private static void Change(string path, Func<Template, Template> change)
    {
        Template template;
        using (var file = File.OpenRead(path))
            template = TemplateFile.Read(file);
        using (var file = File.Create(path))
            TemplateFile.Write(file, change(template));
        template.Guest.Memory.Dispose();
    }
}
