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
}
