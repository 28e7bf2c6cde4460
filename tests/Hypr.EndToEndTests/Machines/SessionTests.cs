using System.Text;
using Hypr.Machines;
using Hypr.Primitives;

namespace Hypr.EndToEndTests.Machines;

/// <summary>Streams into and out of real VMs, and a hyprd that goes and comes back.</summary>
public sealed class SessionTests(GuestFiles guest) : IClassFixture<GuestFiles>
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task An_exec_has_stdin_with_a_half_close_both_outputs_and_an_exit_code()
    {
        await using var lab = new MachineLab(guest);
        var machine = await lab.StartAsync(lab.Spec("sleep", "600"));
        await using (var exec = await machine.ExecAsync(new GuestProcess { Args = ["sh", "-c", "cat; echo done >&2; exit 5"], OpenStdin = true }, CancellationToken.None))
        {
            await exec.Stdin!.WriteAsync("to and fro\n"u8.ToArray());
            await exec.CloseStdinAsync();
            Assert.Equal("to and fro\n", await ReadAsync(exec.Stdout));
            Assert.Equal("done\n", await ReadAsync(exec.Stderr));
            Assert.Equal(5, await exec.ExitCode.WaitAsync(Patience));
        }

        var error = await Assert.ThrowsAsync<HyprException>(() => machine.ExecAsync(new GuestProcess { Args = ["nothing-here"] }, CancellationToken.None));
        Assert.Contains("executable file not found in $PATH", error.Message, StringComparison.Ordinal);

        await using (var user = await machine.ExecAsync(new GuestProcess { Args = ["id", "-u"], User = "web" }, CancellationToken.None))
            Assert.Equal("33\n", await ReadAsync(user.Stdout));

        // One who does not read stalls nobody else.
        await using var flood = await machine.ExecAsync(new GuestProcess { Args = ["yes"] }, CancellationToken.None);
        await using (var other = await machine.ExecAsync(new GuestProcess { Args = ["echo", "here"] }, CancellationToken.None))
            Assert.Equal("here\n", await ReadAsync(other.Stdout));
        await machine.KillAsync();
        await Assert.ThrowsAnyAsync<IOException>(() => flood.ExitCode.WaitAsync(Patience));
    }

    [Fact]
    public async Task Who_attaches_before_the_process_misses_nothing_and_several_may()
    {
        await using var lab = new MachineLab(guest);
        IGuestSession? first = null, second = null;
        var spec = lab.Spec(new GuestProcess { Args = ["sh", "-c", "echo begin; cat; exit 4"], OpenStdin = true }) with
        {
            BeforeProcess = async (machine, cancel) =>
            {
                first = await machine.AttachAsync(cancel);
                second = await machine.AttachAsync(cancel);
            },
        };
        var machine = await lab.StartAsync(spec);
        await first!.Stdin!.WriteAsync("one\n"u8.ToArray());
        await second!.Stdin!.WriteAsync("two\n"u8.ToArray());
        await first.CloseStdinAsync();
        Assert.Equal("begin\none\ntwo\n", await ReadAsync(first.Stdout));
        Assert.Equal("begin\none\ntwo\n", await ReadAsync(second.Stdout));
        await first.DisposeAsync();
        await second.DisposeAsync();
        Assert.Equal(4, await first.ExitCode.WaitAsync(Patience));
        Assert.Equal(4, (await machine.Exited.WaitAsync(Patience)).Code);
    }

    [Fact]
    public async Task Who_is_attached_and_does_not_read_delays_no_exit()
    {
        await using var lab = new MachineLab(guest);
        var spec = lab.Spec("sh", "-c", "yes | head -c 3000000; exit 6") with
        {
            BeforeProcess = async (machine, cancel) => await machine.AttachAsync(cancel),
        };
        var machine = await lab.StartAsync(spec);
        // Its init ignores other signals, as every pid namespace's does.
        await machine.SignalAsync(9, CancellationToken.None);
        Assert.Equal(137, (await machine.Exited.WaitAsync(Patience)).Code);
    }

    [Fact]
    public async Task A_terminal_has_its_size_and_can_be_resized()
    {
        await using var lab = new MachineLab(guest);
        var machine = await lab.StartAsync(lab.Spec("sleep", "600"));
        await using var exec = await machine.ExecAsync(
            new GuestProcess { Args = ["sh", "-c", "stty size; read x; stty size"], Tty = true, OpenStdin = true, Rows = 30, Columns = 100 }, CancellationToken.None);
        var reader = new StreamReader(exec.Stdout);
        Assert.Equal("30 100", await reader.ReadLineAsync().WaitAsync(Patience));
        await exec.ResizeAsync(40, 120, CancellationToken.None);
        await exec.Stdin!.WriteAsync("\n"u8.ToArray());
        Assert.Contains("40 120", await reader.ReadToEndAsync().WaitAsync(Patience), StringComparison.Ordinal);
        await machine.KillAsync();
    }

    [Fact]
    public async Task A_new_hyprd_finds_the_machine_again_and_its_log_has_neither_gap_nor_double()
    {
        await using var lab = new MachineLab(guest);
        var spec = lab.Spec("sh", "-c", "i=0; while [ $i -lt 400 ]; do echo line $i; i=$((i+1)); done; echo half; printf open; cat /proc/sys/kernel/hostname >/dev/null; sleep 1; echo ' closed'; sleep 1; echo last; exit 9");
        var machine = await lab.StartAsync(spec);
        await lab.SeesAsync(spec.Id, "line 20");
        await machine.DisposeAsync();

        var host = lab.NewHost();
        Assert.Null(host.Adopt(machine.Handle with { StartTime = machine.Handle.StartTime + 1 }, null, isPaused: false));
        await host.SweepAsync([spec.Id], CancellationToken.None);
        var adopted = lab.Keep(host.Adopt(machine.Handle, null, isPaused: false)!);
        var exit = await adopted.Exited.WaitAsync(Patience);
        Assert.Equal((9, null), (exit.Code, exit.Error));
        var expected = string.Concat(Enumerable.Range(0, 400).Select(i => $"line {i}\n")) + "half\nopen closed\nlast\n";
        Assert.Equal(expected, await lab.LogAsync(spec.Id));
    }

    [Fact]
    public async Task A_process_that_ended_while_no_hyprd_was_there_tells_its_exit_code_and_output_to_the_next()
    {
        await using var lab = new MachineLab(guest);
        var spec = lab.Spec("sh", "-c", "echo before; sleep 2; echo after; exit 11");
        var machine = await lab.StartAsync(spec);
        await lab.SeesAsync(spec.Id, "before");
        await machine.DisposeAsync();
        // Nothing tells from outside that the process has ended: time is what the next hyprd would have, too.
        await Task.Delay(TimeSpan.FromSeconds(4));
        var host = lab.NewHost();
        var adopted = lab.Keep(host.Adopt(machine.Handle, null, isPaused: false)!);
        Assert.Equal(11, (await adopted.Exited.WaitAsync(Patience)).Code);
        Assert.Equal("before\nafter\n", await lab.LogAsync(spec.Id));
        Assert.Equal(11, host.LastExit(spec.Id)!.Code);
    }

    [Fact]
    public async Task A_sweep_ends_a_VMM_that_nobody_knows()
    {
        await using var lab = new MachineLab(guest);
        var machine = await lab.StartAsync(lab.Spec("sleep", "600"));
        await machine.DisposeAsync();
        var host = lab.NewHost();
        await host.SweepAsync([], CancellationToken.None);
        Assert.Null(host.Adopt(machine.Handle, null, isPaused: false));
        Assert.Empty(Directory.GetDirectories(Path.Combine(lab.Settings.RuntimeDirectory, "machines")));
    }

    [Fact]
    public async Task A_paused_machine_stands_still_until_it_is_resumed()
    {
        await using var lab = new MachineLab(guest);
        var machine = await lab.StartAsync(lab.Spec("sleep", "600"));
        await machine.PauseAsync(CancellationToken.None);
        using (var moment = new CancellationTokenSource(TimeSpan.FromSeconds(1)))
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => machine.ExecAsync(new GuestProcess { Args = ["true"] }, moment.Token));
        await machine.ResumeAsync(CancellationToken.None);
        await using var exec = await machine.ExecAsync(new GuestProcess { Args = ["echo", "on"] }, CancellationToken.None);
        Assert.Equal("on\n", await ReadAsync(exec.Stdout));
        await machine.KillAsync();
    }

    [Fact]
    public async Task A_new_hyprd_pauses_what_is_to_be_paused_and_greets_it_when_it_is_resumed()
    {
        await using var lab = new MachineLab(guest);
        var machine = await lab.StartAsync(lab.Spec("sleep", "600"));
        await machine.DisposeAsync();

        // The earlier hyprd was killed between its word and the deed.
        var adopted = lab.Keep(lab.NewHost().Adopt(machine.Handle, null, isPaused: true)!);
        using (var moment = new CancellationTokenSource(TimeSpan.FromSeconds(5)))
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => adopted.ExecAsync(new GuestProcess { Args = ["true"] }, moment.Token));
        Assert.Empty(lab.Logs.Warnings);
        await adopted.ResumeAsync(CancellationToken.None);
        await using var exec = await adopted.ExecAsync(new GuestProcess { Args = ["echo", "on"] }, CancellationToken.None);
        Assert.Equal("on\n", await ReadAsync(exec.Stdout));
        await adopted.KillAsync();
    }

    [Fact]
    public async Task A_flood_of_output_stays_within_the_logs_bound()
    {
        await using var lab = new MachineLab(guest, settings => settings with { LogFileBytes = 200_000, LogFiles = 2 });
        var spec = lab.Spec("sh", "-c", "yes 'a line of a flood' | head -c 2000000; echo; echo end");
        var machine = await lab.StartAsync(spec);
        await machine.Exited.WaitAsync(Patience);
        var files = Directory.GetFiles(Path.Combine(lab.Settings.DataDirectory, "machines", spec.Id), "log.json*");
        Assert.Equal(2, files.Length);
        Assert.All(files, file => Assert.InRange(new FileInfo(file).Length, 1, 200_000));
        Assert.EndsWith("end\n", await lab.LogAsync(spec.Id, new LogQuery(true, true, 1, null, null, false)), StringComparison.Ordinal);
    }

    private static async Task<string> ReadAsync(Stream stream)
    {
        using var limit = new CancellationTokenSource(Patience);
        using var reader = new StreamReader(stream, Encoding.UTF8, leaveOpen: true);
        return await reader.ReadToEndAsync(limit.Token);
    }
}
