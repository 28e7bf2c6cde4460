using System.Runtime.InteropServices;
using Hypr.Linux.Files;
using Hypr.Linux.Processes;
using Microsoft.Win32.SafeHandles;

namespace Hypr.Guest.Spawning;

/// <summary>
/// Docker's <c>--init</c>: the container's first process starts the image's as its child, hands on the signals that it gets, and reaps whatever loses its parent. It ends as
/// the image's process does, and all others with it (pid_namespaces(7)).
/// </summary>
internal static class ContainerInit
{
    /// <summary>
    /// All that a program may wait for; not those of faults, of children, those that nobody can catch, and not SIGRTMIN (34), with which NativeAOT's runtime halts its threads
    /// (PalInjectActivation).
    /// </summary>
    private static readonly int[] HandedOn = [1, 2, 3, 10, 12, 14, 15, 18, 20, 21, 22, 23, 28, 29, 30, .. Enumerable.Range(35, 30)];

    /// <summary>The mounts are made. Gives the exit code.</summary>
    public static int Run(SpawnOrder order)
    {
        var child = 0;
        var early = new List<int>();
        var gate = new Lock();
        var registrations = HandedOn.Select(signal => PosixSignalRegistration.Create((PosixSignal)signal, context =>
        {
            context.Cancel = true;
            lock (gate)
            {
                if (child != 0)
                    Children.Signal(child, signal);
                else
                    early.Add(signal);
            }
        })).ToList();

        var first = Start(order);
        lock (gate)
        {
            child = first;
            early.ForEach(signal => Children.Signal(first, signal));
        }

        while (Children.Await())
        {
            // Under the lock: a signal does not go to a number that was just given up.
            lock (gate)
            {
                while (Children.Reap() is var (pid, exit))
                {
                    if (pid != first)
                        continue;
                    GC.KeepAlive(registrations);
                    return exit.Code;
                }
            }
        }

        return 1;
    }

    /// <summary>The child has the process's streams and tells the agent of its start; this process keeps neither.</summary>
    private static int Start(SpawnOrder order)
    {
        using var content = Descriptor.MemoryFile((order with { IsFirst = false, IsInside = true, Process = order.Process with { HasInit = false } }).Encode());
        var descriptors = new Dictionary<int, SafeHandle> { [SpawnedChild.OrderFd] = content };
        foreach (var fd in (ReadOnlySpan<int>)[0, 1, 2, SpawnedChild.FailureFd])
            descriptors[fd] = new SafeFileHandle(fd, ownsHandle: false);
        var pid = Children.Start(new ProcessStart
        {
            Program = "/proc/self/exe",
            Arguments = ["spawn"],
            Environment = [],
            Descriptors = descriptors,
            NewSession = true,
        });
        new SafeFileHandle(SpawnedChild.FailureFd, ownsHandle: true).Dispose();
        for (var fd = 0; fd < 3; fd++)
            Self.Redirect("/dev/null", fd);
        return pid;
    }
}
