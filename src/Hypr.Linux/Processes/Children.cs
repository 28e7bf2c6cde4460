using System.Runtime.InteropServices;
using Hypr.Linux.Libc;

namespace Hypr.Linux.Processes;

/// <summary>For an init: waiting for any child, its own and those it inherits. Not beside <see cref="LinuxProcess"/> in one program.</summary>
public static unsafe class Children
{
    private const int AllProcesses = 0;
    private const int WExited = 4;
    private const int WNoWait = 0x01000000;
    private const int WNoHang = 1;

    /// <summary>Starts a program and gives its pid; who calls this reaps it.</summary>
    public static int Start(ProcessStart start) => Spawn.Start(start);

    /// <summary>Blocks until a child has ended, and leaves it to be reaped. False: there is no child.</summary>
    public static bool Await()
    {
        var info = stackalloc int[32];
        while (LibC.WaitId(AllProcesses, 0, info, WExited | WNoWait) != 0)
        {
            if (Marshal.GetLastPInvokeError() != Errno.EINTR)
                return false;
        }

        return true;
    }

    /// <summary>Reaps one child that has ended; null: none has.</summary>
    public static (int Pid, ProcessExit Exit)? Reap()
    {
        int status;
        Marshal.SetLastPInvokeError(0);
        var pid = LibC.WaitPid(-1, &status, WNoHang);
        if (pid <= 0)
            return null;
        var signal = status & 0x7F;
        return (pid, signal == 0 ? new ProcessExit((status >> 8) & 0xFF, 0) : new ProcessExit(128 + signal, signal));
    }

    /// <summary>Reaps all that have ended; true: no child is left.</summary>
    public static bool HaveEnded()
    {
        while (Reap() is not null)
        {
        }

        return Marshal.GetLastPInvokeError() == Errno.ECHILD;
    }

    /// <summary>Safe for a child that was not reaped: its number is its own until then. False: there is none.</summary>
    public static bool Signal(int pid, int signal)
    {
        if (LibC.Kill(pid, signal) == 0)
            return true;
        return Marshal.GetLastPInvokeError() == Errno.ESRCH ? false : throw LinuxException.Last($"send signal {signal} to process", $"{pid}");
    }
}
