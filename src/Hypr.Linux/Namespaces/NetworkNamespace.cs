using System.Runtime.ExceptionServices;
using Hypr.Linux.Libc;
using Microsoft.Win32.SafeHandles;

namespace Hypr.Linux.Namespaces;

/// <summary>
/// A network namespace, held by a descriptor. setns(2) is per thread: <see cref="Run{T}"/> gives the action a thread of its own that ends with it, so
/// that no pool thread ever stays in a foreign namespace. Sockets opened inside belong to it for ever, whoever uses them.
/// </summary>
public sealed class NetworkNamespace : IDisposable
{
    private const int CloneNewNet = 0x40000000;

    private NetworkNamespace(SafeFileHandle handle, string name)
    {
        Handle = handle;
        Name = name;
    }

    public SafeFileHandle Handle { get; }

    /// <summary>The path it was opened by, for messages.</summary>
    public string Name { get; }

    /// <summary>One of iproute2's, under /run/netns.</summary>
    public static NetworkNamespace OpenNamed(string name) => Open($"/run/netns/{name}");

    public static NetworkNamespace OfProcess(int pid) => Open($"/proc/{pid}/ns/net");

    /// <summary>The calling thread's own.</summary>
    public static NetworkNamespace Current() => Open($"/proc/self/task/{LibC.GetTid()}/ns/net");

    public static NetworkNamespace Open(string path)
    {
        var handle = LibC.Open(path, LibC.O_RDONLY | LibC.O_CLOEXEC, 0);
        if (!handle.IsInvalid)
            return new NetworkNamespace(handle, path);
        var failure = LinuxException.Last("open network namespace", path);
        handle.Dispose();
        throw failure;
    }

    /// <summary>A new one without a name: it lives as long as this handle or anything in it. <c>unshare --net</c></summary>
    public static NetworkNamespace Create() => OnThread(() =>
        LibC.Unshare(CloneNewNet) == 0 ? Current() : throw LinuxException.Last("create", "network namespace"));

    /// <summary>Whether the process runs in the machine's own network (pid 1's). False too where pid 1 may not be looked at.</summary>
    public static bool IsHostNetwork()
    {
        try
        {
            return IdentityOf("/proc/self/ns/net") == IdentityOf("/proc/1/ns/net");
        }
        catch (UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>Runs <paramref name="action"/> in the namespace and returns its result or throws what it threw. No <c>await</c> inside: it would leave the thread.</summary>
    public T Run<T>(Func<T> action) => OnThread(() =>
    {
        Enter();
        return action();
    });

    /// <summary>Moves the calling thread into the namespace for good. Only for a thread of the caller's own that ends there: never one of the pool.</summary>
    public void Enter()
    {
        // setns(2) asks for CAP_SYS_ADMIN even to stay, and a daemon that never leaves its own namespace need not have that.
        if (IdentityOf($"/proc/self/fd/{Handle.DangerousGetHandle()}") == IdentityOf($"/proc/self/task/{LibC.GetTid()}/ns/net"))
            return;
        if (LibC.SetNs(Handle, CloneNewNet) != 0)
            throw LinuxException.Last("enter network namespace", Name);
    }

    public void Run(Action action) => Run<object?>(() =>
    {
        action();
        return null;
    });

    public void Dispose() => Handle.Dispose();

    /// <summary><c>net:[INODE]</c> (namespaces(7)).</summary>
    private static string IdentityOf(string path) =>
        File.ResolveLinkTarget(path, returnFinalTarget: false)?.Name ?? throw new IOException($"{path} is no link");

    private static T OnThread<T>(Func<T> action)
    {
        T result = default!;
        ExceptionDispatchInfo? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                result = action();
            }
            catch (Exception e)
            {
                failure = ExceptionDispatchInfo.Capture(e);
            }
        })
        { IsBackground = true, Name = "netns" };
        thread.Start();
        thread.Join();
        failure?.Throw();
        return result;
    }
}
