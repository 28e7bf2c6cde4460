using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Hypr.Linux.Processes;

/// <summary>How a process ended.</summary>
/// <param name="Code">The exit status, 0 to 255; for a signal 128 + its number, as shells and Docker write it.</param>
/// <param name="Signal">The signal that ended it; 0: it exited by itself.</param>
public readonly record struct ProcessExit(int Code, int Signal);

/// <summary>
/// A process by pidfd: the number may be given to another process, the descriptor never means another. Disposing it lets go and leaves it running.
/// </summary>
public sealed unsafe partial class LinuxProcess : IDisposable
{
    private const int SysPidFdSendSignal = 424;
    private const int SysPidFdOpen = 434;
    private const int IdTypePidFd = 3;
    private const int WExited = 4;
    private const int CldExited = 1;

    private readonly SafeFileHandle _pidFd;
    private readonly bool _isChild;
    private readonly TaskCompletionSource<ProcessExit?> _exited = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private LinuxProcess(int pid, SafeFileHandle pidFd, ulong startTime, bool isChild)
    {
        Pid = pid;
        StartTime = startTime;
        _pidFd = pidFd;
        _isChild = isChild;
        PidFdWatcher.Watch(pidFd, () => _exited.TrySetResult(isChild ? Reap() : null));
    }

    public int Pid { get; }

    /// <summary>Clock ticks since boot (/proc/PID/stat, field 22): with the pid it names a process for good.</summary>
    public ulong StartTime { get; }

    /// <summary>For poll: readable when it has ended. Owned by this object.</summary>
    public SafeFileHandle PidFd => _pidFd;

    /// <summary>Completes when it has ended and, if it is our child, was reaped; the value is null for a process that is not our child: its status is its parent's.</summary>
    public Task<ProcessExit?> Exited => _exited.Task;

    /// <summary>Starts a program in the calling thread's network namespace.</summary>
    /// <exception cref="LinuxException">ENOENT, EACCES, ... with the program's name.</exception>
    public static LinuxProcess Start(ProcessStart start)
    {
        var pid = Spawn.Start(start);
        // Until it is reaped the pid stays ours, so this cannot open another process; only PID 1 with a waitpid(-1) loop must start under its lock.
        return new LinuxProcess(pid, OpenPidFd(pid), StartTimeOf(pid) ?? 0, isChild: true);
    }

    /// <summary>Finds a process that an earlier run of this program started. Null when it has ended or the pid is another process's by now.</summary>
    public static LinuxProcess? Adopt(int pid, ulong startTime)
    {
        SafeFileHandle? pidFd = null;
        try
        {
            pidFd = OpenPidFd(pid);
            // Compared after the open: a match then means that the descriptor is this process.
            if (StartTimeOf(pid) == startTime && !IsZombie(pid))
                return new LinuxProcess(pid, pidFd, startTime, isChild: false);
        }
        catch (LinuxException e) when (e.Errno is Errno.ESRCH or Errno.EINVAL)
        {
            return null;
        }

        pidFd.Dispose();
        return null;
    }

    /// <summary>Sends a signal; false when it has ended.</summary>
    public bool Signal(int signal)
    {
        if (Syscall(SysPidFdSendSignal, _pidFd, signal, 0, 0) == 0)
            return true;
        return Marshal.GetLastPInvokeError() == Errno.ESRCH ? false : throw LinuxException.Last($"send signal {signal} to process", $"{Pid}");
    }

    /// <summary>SIGKILL.</summary>
    public bool Kill() => Signal(9);

    /// <summary>Field 22 of /proc/PID/stat; null when there is no such process.</summary>
    public static ulong? StartTimeOf(int pid) =>
        StatFields(pid) is { } fields && ulong.TryParse(fields[19], CultureInfo.InvariantCulture, out var time) ? time : null;

    /// <summary>User and system time so far, all its threads' (fields 14 and 15 of /proc/PID/stat, in ticks of 10 ms); zero when it is gone.</summary>
    public TimeSpan CpuTime =>
        StatFields(Pid) is { } fields && long.TryParse(fields[11], CultureInfo.InvariantCulture, out var user) && long.TryParse(fields[12], CultureInfo.InvariantCulture, out var system)
            ? TimeSpan.FromMilliseconds(10 * (user + system)) : default;

    public void Dispose() => _pidFd.Dispose();

    private static bool IsZombie(int pid) => StatFields(pid) is { } fields && fields[0] is "Z" or "X";

    /// <summary>The fields from the third on: the second, the program's name in brackets, may hold spaces and brackets.</summary>
    private static string[]? StatFields(int pid)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{pid}/stat");
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return fields.Length > 19 ? fields : null;
        }
        catch (IOException)
        {
            // Not there, or gone while it was read (ESRCH).
            return null;
        }
    }

    private static SafeFileHandle OpenPidFd(int pid)
    {
        // pidfd_open(2), kernel 5.3; close-on-exec always. By number: glibc has a function for it since 2.36 only.
        var fd = Syscall(SysPidFdOpen, pid, 0);
        return fd >= 0 ? new SafeFileHandle((nint)fd, ownsHandle: true) : throw LinuxException.Last("open process", $"{pid}");
    }

    private ProcessExit? Reap()
    {
        // siginfo_t is 128 bytes: si_signo, si_errno, si_code, padding, si_pid, si_uid, si_status.
        var info = stackalloc int[32];
        while (WaitId(IdTypePidFd, _pidFd, info, WExited) != 0)
        {
            // ECHILD: somebody's waitpid(-1) was first.
            if (Marshal.GetLastPInvokeError() != Errno.EINTR)
                return null;
        }

        return info[2] == CldExited ? new ProcessExit(info[6], 0) : new ProcessExit(128 + info[6], info[6]);
    }

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial long Syscall(nint number, nint first, nint second);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial long Syscall(nint number, SafeFileHandle first, nint second, nint third, nint fourth);

    [LibraryImport("libc", EntryPoint = "waitid", SetLastError = true)]
    private static partial int WaitId(int idType, SafeFileHandle id, void* info, int options);
}
