using System.Runtime.InteropServices;
using Hypr.Linux.Libc;
using Microsoft.Win32.SafeHandles;

namespace Hypr.Linux.Events;

/// <summary>include/uapi/linux/eventpoll.h</summary>
[Flags]
public enum PollEvents : uint
{
    None = 0,
    Read = 1,
    Write = 4,
    Error = 8,
    HangUp = 0x10,

    /// <summary>One report per change, not as long as it lasts.</summary>
    EdgeTriggered = 1u << 31,
}

/// <summary>epoll(7). Descriptors are named by a number of the caller's choice.</summary>
public sealed unsafe class EventPoll : IDisposable
{
    private const int MaxEvents = 64;
    private readonly SafeFileHandle _epoll = LibC.EpollCreate(LibC.O_CLOEXEC);
    private readonly byte[] _events = new byte[MaxEvents * 16];

    // struct epoll_event is packed on x86-64 only (EPOLL_PACKED): 12 bytes there, 16 elsewhere.
    private static int Size => RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 12 : 16;

    public void Add(SafeHandle fd, PollEvents events, ulong name) => Control(1, fd, events, name);

    public void Change(SafeHandle fd, PollEvents events, ulong name) => Control(3, fd, events, name);

    public void Remove(SafeHandle fd) => Control(2, fd, PollEvents.None, 0);

    /// <summary>Waits and reports; -1 waits without end.</summary>
    /// <returns>How many were reported.</returns>
    public int Wait(int timeoutMilliseconds, Span<(ulong Name, PollEvents Events)> to)
    {
        fixed (byte* events = _events)
        {
            var count = LibC.EpollWait(_epoll, events, Math.Min(MaxEvents, to.Length), timeoutMilliseconds);
            if (count < 0)
                return Marshal.GetLastPInvokeError() == Errno.EINTR ? 0 : throw LinuxException.Last("wait for", "events");
            for (var i = 0; i < count; i++)
            {
                var e = events + (i * Size);
                to[i] = (Marshal.ReadInt64((nint)(e + Size - 8)) is var name ? (ulong)name : 0, (PollEvents)(uint)Marshal.ReadInt32((nint)e));
            }

            return count;
        }
    }

    public void Dispose() => _epoll.Dispose();

    private void Control(int operation, SafeHandle fd, PollEvents events, ulong name)
    {
        var change = stackalloc byte[16];
        *(uint*)change = (uint)events;
        *(ulong*)(change + Size - 8) = name;
        if (LibC.EpollControl(_epoll, operation, fd, change) != 0)
            throw LinuxException.Last("watch", "a descriptor");
    }
}
