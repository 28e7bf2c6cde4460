using Hypr.Guest;
using Hypr.Guest.Boot;
using Hypr.Guest.Loop;
using Hypr.Guest.Spawning;
using Hypr.Linux;
using Hypr.Linux.Files;
using Hypr.Linux.Power;

if (args is ["spawn" or "spawn-later"])
    return SpawnedChild.Run(waits: args[0] == "spawn-later");

if (args is ["-q", "--", var alias])
    return ModuleRequest.Run(alias);

if (Environment.ProcessId != 1)
{
    Console.Error.WriteLine("hypr-guest is PID 1 of a HYPR machine and does nothing elsewhere");
    return 2;
}

try
{
    Startup.MountKernelFileSystems();
    Startup.InsertPortModules();
    var loop = new EventLoop();
    var agent = new Agent(loop, Startup.OpenPort());
    FileTree.Write("/proc/self/oom_score_adj", "-1000");
    // After the hello: the host is busy with its answer meanwhile.
    loop.After(TimeSpan.Zero, () =>
    {
        Startup.InsertDeviceModules();
        agent.Prepare();
    });
    loop.Run();
}
catch (Exception e)
{
    // The console is what the host shows of a machine that never said hello. A PID 1 that ends is a kernel panic: the machine ends in order instead.
    using var console = Descriptor.Open("/dev/console", Descriptor.WriteOnly | Descriptor.NoControllingTerminal);
    ThisMachine.Console(console, $"hypr-guest: {e}");
    Shutdown.Run();
}

return 1;

/// <summary>The agent.</summary>
internal static partial class Program
{
    public const string Version = "0.1.0";
}
