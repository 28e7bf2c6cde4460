using System.Text;
using Hypr.Linux.Processes;
using Hypr.Machines;
using Hypr.Primitives;

namespace Hypr.EndToEndTests.Machines;

/// <summary>Real VMs under QEMU.</summary>
public sealed class MachineTests(GuestFiles guest) : IClassFixture<GuestFiles>
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task A_process_runs_its_output_is_logged_and_its_exit_code_is_told()
    {
        await using var lab = new MachineLab(guest);
        var spec = lab.Spec("sh", "-c", "echo hello; echo oops >&2; hostname; exit 7");
        MachineHandle? spawned = null;
        var machine = await lab.StartAsync(spec with { Spawned = handle => spawned = handle });
        var exit = await machine.Exited.WaitAsync(Patience);

        Assert.Equal((7, false, null), (exit.Code, exit.OomKilled, exit.Error));
        Assert.Equal(machine.Handle, spawned);
        Assert.Equal("hello\noops\nfox\n", await lab.LogAsync(spec.Id));
        Assert.Equal("oops\n", await lab.LogAsync(spec.Id, new LogQuery(false, true, null, null, null, false)));
        Assert.Equal(exit, lab.NewHost().LastExit(spec.Id));
        Assert.Null(LinuxProcess.StartTimeOf(machine.Handle.Pid));
        Assert.False(Directory.Exists(Path.Combine(lab.Settings.RuntimeDirectory, "machines", spec.Id)));

        lab.Host.Delete(spec.Id);
        Assert.False(Directory.Exists(Path.Combine(lab.Settings.DataDirectory, "machines", spec.Id)));
    }

    [Fact]
    public async Task A_stop_by_signal_gives_the_processs_own_exit_code_and_its_files_outlive_it()
    {
        await using var lab = new MachineLab(guest);
        var spec = lab.Spec("sh", "-c", "cat /kept; trap 'echo bye; echo kept > /kept; exit 3' TERM; echo ready; while true; do sleep 1; done");
        var machine = await lab.StartAsync(spec);
        await lab.SeesAsync(spec.Id, "ready");
        await machine.StopAsync(15, Patience, CancellationToken.None);
        Assert.Equal(3, (await machine.Exited).Code);

        var again = await lab.StartAsync(spec with { Guest = spec.Guest with { Process = new GuestProcess { Args = ["cat", "/kept"] } } });
        Assert.Equal(0, (await again.Exited.WaitAsync(Patience)).Code);
        Assert.EndsWith("ready\nbye\nkept\n", await lab.LogAsync(spec.Id), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_process_that_ignores_its_signal_is_ended_after_the_grace()
    {
        await using var lab = new MachineLab(guest);
        var spec = lab.Spec("sh", "-c", "trap '' TERM; echo ready; while true; do sleep 1; done");
        var machine = await lab.StartAsync(spec);
        await lab.SeesAsync(spec.Id, "ready");
        await machine.StopAsync(15, TimeSpan.FromSeconds(1), CancellationToken.None);
        Assert.Equal(137, (await machine.Exited).Code);
    }

    [Fact]
    public async Task A_VMM_that_is_killed_from_outside_is_exit_code_255_with_the_reason()
    {
        await using var lab = new MachineLab(guest);
        var machine = await lab.StartAsync(lab.Spec("sleep", "600"));
        using (var vmm = LinuxProcess.Adopt(machine.Handle.Pid, machine.Handle.StartTime))
            vmm!.Kill();
        var exit = await machine.Exited.WaitAsync(Patience);
        Assert.Equal(255, exit.Code);
        Assert.Contains("signal 9", exit.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_kill_ends_the_VM_at_once_with_Dockers_code()
    {
        await using var lab = new MachineLab(guest);
        var machine = await lab.StartAsync(lab.Spec("sleep", "600"));
        await machine.KillAsync();
        Assert.Equal((137, null), ((await machine.Exited).Code, (await machine.Exited).Error));
    }

    [Theory]
    [InlineData("nowhere-to-be-found", "executable file not found in $PATH")]
    [InlineData("/etc/no-program", "permission denied")]
    public async Task A_command_that_does_not_start_is_told_in_Dockers_words_and_leaves_nothing(string command, string words)
    {
        await using var lab = new MachineLab(guest);
        MachineHandle? spawned = null;
        var spec = lab.Spec(command) with { Spawned = handle => spawned = handle };
        var error = await Assert.ThrowsAsync<HyprException>(() => lab.StartAsync(spec));
        Assert.Contains(words, error.Message, StringComparison.Ordinal);
        Assert.Null(LinuxProcess.Adopt(spawned!.Pid, spawned.StartTime));
        Assert.False(Directory.Exists(Path.Combine(lab.Settings.DataDirectory, "machines", spec.Id)));
    }

    [Fact]
    public async Task A_guest_that_dies_while_booting_is_an_error_with_the_end_of_its_console()
    {
        // An initramfs without a program: the kernel finds no init and panics.
        var empty = Path.Combine(Path.GetTempPath(), $"hypr-empty-{Guid.NewGuid():n}");
        await File.WriteAllBytesAsync(empty, new byte[512]);
        try
        {
            await using var lab = new MachineLab(guest, settings => settings with { Initramfs = empty });
            var error = await Assert.ThrowsAsync<HyprException>(() => lab.StartAsync(lab.Spec("true")));
            Assert.Contains("eager-fox did not start: it died while booting", error.Message, StringComparison.Ordinal);
            Assert.Contains("Kernel panic", error.Message, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(empty);
        }
    }

    [Fact]
    public async Task A_guest_that_never_says_hello_is_tried_twice_and_then_reported()
    {
        // A process that runs and is no VM: it holds the sockets and says nothing.
        var silent = Path.Combine(Path.GetTempPath(), $"hypr-silent-{Guid.NewGuid():n}");
        await File.WriteAllTextAsync(silent, "#!/bin/sh\nif [ \"$1\" = --version ]; then echo QEMU emulator version 0; exit 0; fi\necho no guest here\nexec sleep 600\n");
        using (var chmod = LinuxProcess.Start(new ProcessStart { Program = "chmod", Arguments = ["755", silent] }))
            await chmod.Exited;
        try
        {
            await using var lab = new MachineLab(guest, settings => settings with { Qemu = silent, BootDeadline = TimeSpan.FromSeconds(2) });
            var spawned = new List<MachineHandle>();
            var error = await Assert.ThrowsAsync<HyprException>(() => lab.StartAsync(lab.Spec("true") with { Spawned = spawned.Add }));
            Assert.Contains("did not say hello within 2 s, twice", error.Message, StringComparison.Ordinal);
            Assert.Contains("no guest here", error.Message, StringComparison.Ordinal);
            Assert.Equal(2, spawned.Count);
            Assert.All(spawned, handle => Assert.Null(LinuxProcess.Adopt(handle.Pid, handle.StartTime)));
        }
        finally
        {
            File.Delete(silent);
        }
    }

    [Fact]
    public async Task A_start_that_is_cancelled_leaves_nothing()
    {
        await using var lab = new MachineLab(guest);
        using var cancel = new CancellationTokenSource();
        MachineHandle? spawned = null;
        var spec = lab.Spec("true") with
        {
            Spawned = handle =>
            {
                spawned = handle;
                cancel.Cancel();
            },
        };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => lab.Host.StartAsync(spec, cancel.Token));
        Assert.Null(LinuxProcess.Adopt(spawned!.Pid, spawned.StartTime));
        Assert.False(Directory.Exists(Path.Combine(lab.Settings.DataDirectory, "machines", spec.Id)));
    }

    [Fact]
    public async Task CPUs_and_memory_are_as_asked_and_the_VMM_has_no_rights()
    {
        await using var lab = new MachineLab(guest);
        var spec = lab.Spec("sh", "-c", "nproc; free -m | head -2; sleep 600") with { Cpus = 2, MemoryBytes = lab.Host.MinimumMemoryBytes };
        var machine = await lab.StartAsync(spec);
        await lab.SeesAsync(spec.Id, "Mem:");
        var log = await lab.LogAsync(spec.Id);
        Assert.StartsWith("2\n", log, StringComparison.Ordinal);
        var total = int.Parse(log.Split("Mem:")[1].Split(' ', StringSplitOptions.RemoveEmptyEntries)[0], System.Globalization.CultureInfo.InvariantCulture);
        Assert.InRange(total, 1, (int)(lab.Host.MinimumMemoryBytes >> 20));

        var status = await File.ReadAllTextAsync($"/proc/{machine.Handle.Pid}/status");
        // Nobody's but this VM's: another's VMM may neither read its memory nor open its disks.
        var user = 0x7000_0000 + (Convert.ToUInt32(spec.Id[..7], 16) >> 1);
        Assert.Matches($"Uid:\t{user}\t{user}\t{user}\t", status);
        Assert.Matches($"Gid:\t{lab.Settings.Gid}\t", status);
        Assert.Matches("CapEff:\t0{16}", status);
        Assert.Matches("CapBnd:\t0{16}", status);
        Assert.Matches("NoNewPrivs:\t1", status);
        Assert.Matches("Seccomp:\t2", status);
        await machine.KillAsync();
    }
}
