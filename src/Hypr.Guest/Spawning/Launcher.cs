using System.Runtime.InteropServices;
using Hypr.Guest.Protocol.Messages;
using Hypr.Linux.Files;
using Hypr.Linux.Mounts;
using Hypr.Linux.Processes;
using Hypr.Linux.Terminals;
using Microsoft.Win32.SafeHandles;

namespace Hypr.Guest.Spawning;

/// <summary>A child on its way to become a process.</summary>
/// <param name="Stdin">What the agent writes to; the terminal; null: /dev/null.</param>
/// <param name="Stdout">What the agent reads; with a terminal the same as stdin.</param>
/// <param name="Failure">At its end the program runs; otherwise it holds the <see cref="Protocol.Messages.Failure"/>.</param>
internal sealed record Launched(int Pid, SafeFileHandle? Stdin, SafeFileHandle Stdout, SafeFileHandle? Stderr, SafeFileHandle Failure, bool IsTerminal);

/// <summary>Starts processes of the image: the first in a new pid namespace, the others in the first one's.</summary>
internal static class Launcher
{
    /// <param name="containerPids">The container's pid namespace; null for the first process.</param>
    public static Launched Start(SpawnOrder order, SafeFileHandle? containerPids, SafeFileHandle? containerMounts)
    {
        var process = order.Process;
        var given = new List<SafeFileHandle>();
        try
        {
            var descriptors = new Dictionary<int, SafeHandle>();
            SafeFileHandle? stdin = null, stderr = null;
            SafeFileHandle stdout;
            if (process.Tty)
            {
                var terminal = PseudoTerminal.Open(Root.ContainerRoot.Terminals);
                given.Add(terminal.Slave);
                PseudoTerminal.Resize(terminal.Master, process.Rows, process.Columns);
                for (var fd = 0; fd < 3; fd++)
                    descriptors[fd] = terminal.Slave;
                stdin = stdout = terminal.Master;
                order = order with { Terminal = order.IsFirst ? $"/dev/pts/{terminal.Number}" : null };
            }
            else
            {
                if (process.OpenStdin)
                    stdin = Give(descriptors, given, 0, agentReads: false);
                stdout = Give(descriptors, given, 1, agentReads: true);
                stderr = Give(descriptors, given, 2, agentReads: true);
            }

            var failure = Give(descriptors, given, SpawnedChild.FailureFd, agentReads: true);
            var content = Descriptor.MemoryFile(order.Encode());
            given.Add(content);
            descriptors[SpawnedChild.OrderFd] = content;
            if (containerMounts is not null)
                descriptors[SpawnedChild.NamespaceFd] = containerMounts;

            var pid = Spawn(descriptors, containerPids, "spawn");
            return new Launched(pid, stdin, stdout, stderr, failure, process.Tty);
        }
        finally
        {
            foreach (var fd in given)
                fd.Dispose();
        }
    }

    /// <summary>A pipe of which the child has one end as its descriptor; gives the other, non-blocking.</summary>
    /// <param name="given">What is closed here when the child has it.</param>
    public static SafeFileHandle Give(Dictionary<int, SafeHandle> descriptors, List<SafeFileHandle> given, int fd, bool agentReads)
    {
        var (reader, writer) = Descriptor.Pipe();
        var (own, child) = agentReads ? (reader, writer) : (writer, reader);
        Descriptor.SetNonBlocking(own);
        descriptors[fd] = child;
        given.Add(child);
        return own;
    }

    /// <param name="containerPids">Null: a new pid namespace.</param>
    public static int Spawn(Dictionary<int, SafeHandle> descriptors, SafeFileHandle? containerPids, string word)
    {
        using var own = Descriptor.Open("/proc/self/ns/pid", Descriptor.ReadOnly);
        Mount.ChildrenInPidNamespace(containerPids);
        try
        {
            return Children.Start(new ProcessStart
            {
                Program = "/proc/self/exe",
                Arguments = [word],
                Environment = [],
                Descriptors = descriptors,
                NewSession = true,
            });
        }
        finally
        {
            Mount.ChildrenInPidNamespace(own);
        }
    }
}
