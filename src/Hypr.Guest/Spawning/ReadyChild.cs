using System.Runtime.InteropServices;
using Hypr.Linux.Files;
using Microsoft.Win32.SafeHandles;

namespace Hypr.Guest.Spawning;

/// <summary>
/// The child that becomes the image's process, started before it is known which that is: what its runtime takes to start is then done when a machine goes on
/// from a saved guest. It waits for a byte; the end of that pipe ends it. With pipes only: a process with a terminal gets a child of its own.
/// </summary>
internal sealed class ReadyChild
{
    private readonly SafeFileHandle _go;
    private readonly SafeFileHandle _order;
    private readonly SafeFileHandle _stdin;
    private readonly SafeFileHandle _stdout;
    private readonly SafeFileHandle _stderr;
    private readonly SafeFileHandle _failure;

    public ReadyChild()
    {
        var given = new List<SafeFileHandle>();
        try
        {
            var descriptors = new Dictionary<int, SafeHandle>();
            _stdin = Launcher.Give(descriptors, given, 0, agentReads: false);
            _stdout = Launcher.Give(descriptors, given, 1, agentReads: true);
            _stderr = Launcher.Give(descriptors, given, 2, agentReads: true);
            _failure = Launcher.Give(descriptors, given, SpawnedChild.FailureFd, agentReads: true);
            _go = Launcher.Give(descriptors, given, SpawnedChild.GoFd, agentReads: false);
            _order = Descriptor.MemoryFile([]);
            descriptors[SpawnedChild.OrderFd] = _order;
            Pid = Launcher.Spawn(descriptors, null, "spawn-later");
        }
        finally
        {
            foreach (var fd in given)
                fd.Dispose();
        }
    }

    public int Pid { get; }

    /// <summary>Tells it what to become.</summary>
    public Launched Use(SpawnOrder order)
    {
        Descriptor.WriteAll(_order, order.Encode());
        _order.Dispose();
        Descriptor.WriteAll(_go, [1]);
        _go.Dispose();
        // Its end of a pipe that nobody writes to it closes itself, for /dev/null.
        var hasStdin = order.Process.OpenStdin;
        if (!hasStdin)
            _stdin.Dispose();
        return new Launched(Pid, hasStdin ? _stdin : null, _stdout, _stderr, _failure, IsTerminal: false);
    }

    /// <summary>It is not needed.</summary>
    public void End()
    {
        foreach (var fd in (ReadOnlySpan<SafeFileHandle>)[_go, _order, _stdin, _stdout, _stderr, _failure])
            fd.Dispose();
    }
}
