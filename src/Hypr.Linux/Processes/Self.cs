using System.Runtime.InteropServices;
using Hypr.Linux.Libc;

namespace Hypr.Linux.Processes;

/// <summary>What a process does to itself before it becomes another program.</summary>
public static unsafe class Self
{
    /// <summary>Groups first: after the user changed they could not be (setresgid(2), setresuid(2)). glibc does it for all threads.</summary>
    public static void Become(uint user, uint group, ReadOnlySpan<uint> supplementary)
    {
        fixed (uint* groups = supplementary)
        {
            if (LibC.SetGroups((nuint)supplementary.Length, groups) != 0 || LibC.SetGroup(group, group, group) != 0 || LibC.SetUser(user, user, user) != 0)
                throw LinuxException.Last("become user", $"{user}:{group}");
        }
    }

    /// <summary>
    /// Takes all other capabilities from what this thread executes, for good: root's set after execve(2) is the bounding set (capabilities(7)). Of the thread alone, which is
    /// what execve leaves. Before <see cref="Become"/>: it needs CAP_SETPCAP.
    /// </summary>
    /// <param name="capabilities">A bit each; those that this kernel does not know are none.</param>
    public static void KeepCapabilities(ulong capabilities)
    {
        for (nint capability = 0; capability < 64; capability++)
        {
            if ((capabilities >> (int)capability & 1) == 0 && LibC.ProcessControl(LibC.PR_CAPBSET_DROP, capability, 0, 0, 0) != 0
                && Marshal.GetLastPInvokeError() != Errno.EINVAL)
                throw LinuxException.Last("drop capability", $"{capability}");
        }
    }

    /// <summary>Nothing that this thread executes gets more rights by its file.</summary>
    public static void RefuseNewPrivileges()
    {
        if (LibC.ProcessControl(LibC.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
            throw LinuxException.Last("set", "no_new_privs");
    }

    /// <param name="resource">RLIMIT_...</param>
    public static void Limit(int resource, ulong soft, ulong hard)
    {
        var limit = stackalloc ulong[] { soft, hard };
        if (LibC.SetLimit(resource, limit) != 0)
            throw LinuxException.Last("set the limit of resource", $"{resource} to {soft}:{hard}");
    }

    /// <summary>The owner of an open file; false when its file system has no owners.</summary>
    public static bool TryGive(int fd, uint user) => LibC.ChangeOwner(fd, user, uint.MaxValue) == 0;

    /// <summary>The file in place of what the descriptor was.</summary>
    public static void Redirect(string path, int fd)
    {
        using var file = Files.Descriptor.Open(path, Files.Descriptor.ReadWrite);
        if (LibC.Dup2((int)file.DangerousGetHandle(), fd) < 0)
            throw LinuxException.Last("redirect to", path);
    }

    /// <summary>A copy under another number, which the next program gets.</summary>
    public static void Move(int from, int to)
    {
        if (LibC.Dup2(from, to) < 0)
            throw LinuxException.Last("copy", "a descriptor");
    }

    /// <summary>A capability that this process has (capability.h: CAP_*).</summary>
    public static bool HasCapability(int number)
    {
        const string effective = "CapEff:";
        foreach (var line in (Files.FileTree.TryRead("/proc/self/status") ?? "").Split('\n'))
        {
            if (line.StartsWith(effective, StringComparison.Ordinal)
                && ulong.TryParse(line.AsSpan(effective.Length).Trim(), System.Globalization.NumberStyles.HexNumber, null, out var set))
            {
                return (set >> number & 1) != 0;
            }
        }

        return false;
    }

    public static void Enter(string folder)
    {
        if (LibC.ChangeDirectory(folder) != 0)
            throw LinuxException.Last("enter", folder);
    }

    /// <summary>May this process's effective... real user run the file? (access(2) X_OK)</summary>
    public static bool CanExecute(string path) => LibC.Access(path, 1) == 0;

    /// <summary>Returns only when it failed.</summary>
    public static int Execute(string path, IReadOnlyList<string> arguments, IReadOnlyList<string> environment)
    {
        // .NET ignores SIGPIPE, and what is ignored stays so over exec; posix_spawn that started this process put everything back before the runtime began.
        NativeSignals.RestoreDefault(13);
        using var argv = new CStringArray(arguments);
        using var envp = new CStringArray(environment);
        var name = Marshal.StringToCoTaskMemUTF8(path);
        LibC.Execute((byte*)name, argv.Pointer, envp.Pointer);
        var errno = Marshal.GetLastPInvokeError();
        Marshal.FreeCoTaskMem(name);
        return errno;
    }

    /// <summary>The calling thread, and every process that it starts from now on, lets others go first: setpriority(2) on Linux is of a thread.</summary>
    public static void LowerPriority(int nice)
    {
        if (LibC.SetPriority(0, 0, nice) != 0)
            throw LinuxException.Last("lower", "a thread's priority");
    }

    /// <summary>Ends at once: nothing of the runtime's runs.</summary>
    public static void Exit(int code) => LibC.Exit(code);
}
