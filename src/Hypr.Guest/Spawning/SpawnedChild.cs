using Hypr.Guest.Protocol;
using Hypr.Guest.Protocol.Messages;
using Hypr.Guest.Protocol.Wire;
using Hypr.Guest.Root;
using Hypr.Guest.Tools;
using Hypr.Linux;
using Hypr.Linux.Files;
using Hypr.Linux.Mounts;
using Hypr.Linux.Processes;
using Hypr.Linux.Terminals;
using Microsoft.Win32.SafeHandles;

namespace Hypr.Guest.Spawning;

/// <summary>
/// The program's other self, <c>/init spawn</c>: started by posix_spawn in a session and pid namespace of its own, it becomes a process of the image. So no managed
/// code ever runs between fork and exec. Descriptors: 0 to 2 are the process's, 3 holds the order, 4 takes the failure and closes on success, 5 is the container's
/// mount namespace for all but the first, 6 tells one that waits to go on.
/// </summary>
internal static class SpawnedChild
{
    public const int OrderFd = 3;
    public const int FailureFd = 4;
    public const int NamespaceFd = 5;
    public const int GoFd = 6;
    private const string DefaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    /// <param name="waits">For the agent's byte: it was started ahead, and knows then only what it becomes.</param>
    public static int Run(bool waits)
    {
        foreach (var fd in (ReadOnlySpan<int>)[OrderFd, FailureFd, NamespaceFd, GoFd])
            Descriptor.SetCloseOnExec(fd);
        Failure failure;
        try
        {
            ContainerMounts.Ready? ready = null;
            if (waits)
            {
                ready = EnterAsFirst("/hypr/ahead");
                if (!IsWanted())
                    return 0;
            }

            var order = SpawnOrder.Decode(ReadOrder());
            if (order.Process.IsTool)
                return RunTool(order.Process.Args);
            if (waits && !order.Process.OpenStdin)
                Self.Redirect("/dev/null", 0);
            Become(order, ready);
            return 0;
        }
        catch (SpawnFailure e)
        {
            failure = new Failure(e.Code, e.Message);
        }
        catch (Exception e) when (e is LinuxException or ProtocolException or IOException or UnauthorizedAccessException)
        {
            failure = new Failure(0, e.Message);
        }

        var w = new WireWriter();
        failure.Encode(w);
        using var report = new SafeFileHandle(FailureFd, ownsHandle: true);
        Descriptor.WriteAll(report, w.Written);
        return 1;
    }

    /// <summary>The agent's own work on the container's files and processes: at the report's end it has started, as a program would have.</summary>
    private static int RunTool(IReadOnlyList<string> args)
    {
        ContainerCgroup.Enter();
        new SafeFileHandle(FailureFd, ownsHandle: true).Dispose();
        return ToolProgram.Run(args, static () => Mount.EnterNamespace(new SafeFileHandle(NamespaceFd, ownsHandle: false)));
    }

    /// <summary>All of the way into the container that is the same for every machine.</summary>
    private static ContainerMounts.Ready EnterAsFirst(string place)
    {
        EnterCgroup();
        return ContainerMounts.Prepare(place);
    }

    /// <summary>The oom killer spares the agent; what it starts is fair game.</summary>
    private static void EnterCgroup()
    {
        FileTree.Write("/proc/self/oom_score_adj", "0");
        ContainerCgroup.Enter();
    }

    private static void Become(SpawnOrder order, ContainerMounts.Ready? ready)
    {
        var process = order.Process;

        // 1. Into the container.
        if (order.IsFirst)
        {
            ContainerMounts.Make(order, ready ?? EnterAsFirst("/hypr/now"));
        }
        else if (!order.IsInside)
        {
            EnterCgroup();
            Mount.EnterNamespace(new SafeFileHandle(NamespaceFd, ownsHandle: false));
        }

        if (order.IsFirst && process.HasInit)
            Self.Exit(ContainerInit.Run(order));

        // 2. Terminal; the process may open its own stdout by name (/dev/stdout), whoever it is (runc does the same).
        if (process.Tty)
            PseudoTerminal.MakeControlling(0);
        var user = UserLookup.Find(process.User, process.Rights.Groups);
        for (var fd = 0; fd < 3 && user.User != 0; fd++)
        {
            if (fd > 0 || process.OpenStdin || process.Tty)
                Self.TryGive(fd, user.User);
        }

        // 3. Working folder, made by root as Docker does; then the user's rights decide.
        var folder = process.WorkingDir is "" ? "/" : process.WorkingDir;
        FileTree.MakeFolders(folder);
        foreach (var limit in process.Rights.Limits)
            Self.Limit(limit.Resource, limit.Soft, limit.Hard);
        Self.KeepCapabilities(process.Rights.Capabilities);
        Self.Become(user.User, user.Group, user.Supplementary);
        try
        {
            Self.Enter(folder);
        }
        catch (LinuxException e)
        {
            throw new SpawnFailure(126, $"chdir to cwd (\"{folder}\") set in config.json failed: {Words(e.Errno)}");
        }

        // 4. The program.
        if (process.Rights.NoNewPrivileges)
            Self.RefuseNewPrivileges();
        var environment = EnvironmentOf(order, user.Home, out var path);
        var program = ProgramLookup.Find(process.Args[0], path);
        var errno = Self.Execute(program, process.Args, environment);
        throw new SpawnFailure(errno == Errno.ENOENT ? 127 : 126, $"exec {program}: {Words(errno)}");
    }

    /// <summary>Docker's environment: PATH, HOSTNAME, TERM and HOME where the image and the person say nothing.</summary>
    private static List<string> EnvironmentOf(SpawnOrder order, string home, out string path)
    {
        var environment = new List<string>(order.Process.Env.Count + 4);
        path = Value("PATH") ?? DefaultPath;
        AddMissing("PATH", path);
        AddMissing("HOSTNAME", order.Hostname);
        if (order.Process.Tty)
            AddMissing("TERM", "xterm");
        environment.AddRange(order.Process.Env);
        AddMissing("HOME", home);
        return environment;

        string? Value(string key) =>
            order.Process.Env.LastOrDefault(e => e.Length > key.Length && e[key.Length] == '=' && e.StartsWith(key, StringComparison.Ordinal))?[(key.Length + 1)..];

        void AddMissing(string key, string value)
        {
            if (Value(key) is null)
                environment.Add($"{key}={value}");
        }
    }

    private static string Words(int errno) => errno switch
    {
        Errno.ENOENT => "no such file or directory",
        Errno.EACCES or Errno.EPERM => "permission denied",
        Errno.ENOTDIR => "not a directory",
        8 => "exec format error",
        7 => "argument list too long",
        Errno.ENOMEM => "cannot allocate memory",
        _ => Errno.Name(errno),
    };

    private static bool IsWanted()
    {
        using var go = new SafeFileHandle(GoFd, ownsHandle: true);
        return Descriptor.Read(go, stackalloc byte[1]) == 1;
    }

    private static byte[] ReadOrder()
    {
        using var order = new SafeFileHandle(OrderFd, ownsHandle: true);
        var bytes = new byte[RandomAccess.GetLength(order)];
        var read = 0;
        while (read < bytes.Length && RandomAccess.Read(order, bytes.AsSpan(read), read) is var count and > 0)
            read += count;
        return bytes;
    }
}
