using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Hypr.Linux.Libc;
using Microsoft.Win32.SafeHandles;

namespace Hypr.Linux.Processes;

/// <summary>Tells when processes end: one epoll and one thread for all of them, made at the first wait. A pidfd turns readable when its process has ended.</summary>
internal sealed unsafe partial class PidFdWatcher
{
    private const int EpollCloexec = 0x80000;
    private const int CtlAdd = 1;
    private const int CtlDel = 2;
    private const uint EpollIn = 1;
    private const uint EpollOneShot = 1u << 30;
    private const int Batch = 64;

    private static readonly Lock Gate = new();
    private static PidFdWatcher? _shared;

    private readonly SafeFileHandle _epoll;
    private readonly ConcurrentDictionary<ulong, Action> _waiting = new();
    private ulong _next;

    private PidFdWatcher()
    {
        _epoll = EpollCreate(EpollCloexec);
        if (_epoll.IsInvalid)
            throw LinuxException.Last("create", "epoll");
        new Thread(Loop) { IsBackground = true, Name = "process ends" }.Start();
    }

    /// <summary>Calls <paramref name="ended"/> once, on the watcher's thread (it must not block), when the process behind the pidfd has ended.</summary>
    public static void Watch(SafeFileHandle pidFd, Action ended)
    {
        PidFdWatcher watcher;
        lock (Gate)
            watcher = _shared ??= new PidFdWatcher();
        watcher.Add(pidFd, ended);
    }

    private void Add(SafeFileHandle pidFd, Action ended)
    {
        var token = Interlocked.Increment(ref _next);
        _waiting[token] = () =>
        {
            // A descriptor that the process handed on would stay in the epoll set after its close.
            if (!pidFd.IsClosed)
                EpollCtl(_epoll, CtlDel, pidFd, null);
            ended();
        };
        Span<byte> e = stackalloc byte[16];
        WriteEvent(e, EpollIn | EpollOneShot, token);
        fixed (byte* p = e)
        {
            if (EpollCtl(_epoll, CtlAdd, pidFd, p) == 0)
                return;
        }

        _waiting.TryRemove(token, out _);
        throw LinuxException.Last("watch", "process");
    }

    private void Loop()
    {
        var size = EventSize;
        var events = stackalloc byte[Batch * 16];
        while (true)
        {
            var count = EpollWait(_epoll, events, Batch, -1);
            for (var i = 0; i < count; i++)
            {
                var token = *(ulong*)(events + (i * size) + size - 8);
                if (_waiting.TryRemove(token, out var ended))
                    ended();
            }
        }
    }

    /// <summary>struct epoll_event is packed on x86-64 only.</summary>
    private static int EventSize => RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 12 : 16;

    private static void WriteEvent(Span<byte> to, uint events, ulong token)
    {
        to.Clear();
        MemoryMarshal.Write(to, events);
        MemoryMarshal.Write(to[(EventSize - 8)..], token);
    }

    [LibraryImport("libc", EntryPoint = "epoll_create1", SetLastError = true)]
    private static partial SafeFileHandle EpollCreate(int flags);

    [LibraryImport("libc", EntryPoint = "epoll_ctl", SetLastError = true)]
    private static partial int EpollCtl(SafeFileHandle epoll, int operation, SafeFileHandle fd, void* e);

    [LibraryImport("libc", EntryPoint = "epoll_wait", SetLastError = true)]
    private static partial int EpollWait(SafeFileHandle epoll, void* events, int max, int timeout);
}
