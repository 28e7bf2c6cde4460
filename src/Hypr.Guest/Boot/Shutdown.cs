using Hypr.Guest.Root;
using Hypr.Linux.Power;
using Hypr.Linux.Processes;

namespace Hypr.Guest.Boot;

/// <summary>The machine's orderly end.</summary>
internal static class Shutdown
{
    private static readonly TimeSpan ProcessDeadline = TimeSpan.FromSeconds(2);

    public static void Run()
    {
        // 1. Nobody writes any more. PID 1 is not among "all" (kill(2)).
        Children.Signal(-1, 9);
        var deadline = Environment.TickCount64 + (long)ProcessDeadline.TotalMilliseconds;
        while (Environment.TickCount64 < deadline && !Children.HaveEnded())
            Thread.Sleep(1);

        // 2. Disks clean.
        ThisMachine.Sync();
        ContainerRoot.Unmount();

        // 3. ACPI's power-off (microvm: the GED device's sleep register). Without ACPI it returns, and a restart ends a VMM that runs with -no-reboot.
        ThisMachine.PowerOff();
        ThisMachine.Restart();
    }
}
