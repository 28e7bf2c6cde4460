using Hypr.Linux.Processes;

namespace Hypr.KernelTests.Linux;

public sealed class LinuxProcessTests
{
    [Fact]
    public async Task An_exit_code_is_told()
    {
        using var process = LinuxProcess.Start(new ProcessStart { Program = "/bin/sh", Arguments = ["-c", "exit 7"] });
        Assert.Equal(new ProcessExit(7, 0), await process.Exited);
    }

    [Fact]
    public async Task A_killed_process_is_told_with_its_signal_and_its_pid_is_not_adopted_with_another_start_time()
    {
        using var process = LinuxProcess.Start(new ProcessStart { Program = "/bin/sleep", Arguments = ["600"] });
        Assert.Null(LinuxProcess.Adopt(process.Pid, process.StartTime + 1));
        Assert.True(process.Kill());
        Assert.Equal(9, (await process.Exited)!.Value.Signal);
    }
}
