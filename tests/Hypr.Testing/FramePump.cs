using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Hypr.Testing;

/// <summary>Moves frames between two TAP queues, as a VMM does between the host's TAP and the guest's NIC. Both have virtio-net headers of the same size.</summary>
public sealed unsafe partial class FramePump : IDisposable
{
    private const short PollIn = 1;
    private readonly SafeFileHandle _left;
    private readonly SafeFileHandle _right;
    private readonly SafeFileHandle _stop;
    private readonly Thread _thread;

    /// <summary>Takes both queues over and closes them on disposal.</summary>
    public FramePump(SafeFileHandle left, SafeFileHandle right)
    {
        (_left, _right) = (left, right);
        _stop = EventFd(0, 0x80000);
        _thread = new Thread(Run) { IsBackground = true, Name = "frames" };
        _thread.Start();
    }

    public void Dispose()
    {
        ulong one = 1;
        _ = Write(_stop, &one, sizeof(ulong));
        _thread.Join();
        _stop.Dispose();
        _left.Dispose();
        _right.Dispose();
    }

    private void Run()
    {
        var buffer = new byte[70_000];
        var fds = stackalloc PollFd[3];
        while (true)
        {
            fds[0] = new PollFd { Fd = (int)_stop.DangerousGetHandle(), Events = PollIn };
            fds[1] = new PollFd { Fd = (int)_left.DangerousGetHandle(), Events = PollIn };
            fds[2] = new PollFd { Fd = (int)_right.DangerousGetHandle(), Events = PollIn };
            if (Poll(fds, 3, -1) < 0)
                continue;
            if (fds[0].Revents != 0)
                return;
            Move(_left, _right, buffer);
            Move(_right, _left, buffer);
            // A TAP that was deleted under us polls as an error for ever (POLLERR): nothing is left to move.
            if (((fds[1].Revents | fds[2].Revents) & ~PollIn) != 0 && ((fds[1].Revents | fds[2].Revents) & PollIn) == 0)
                Thread.Sleep(20);
        }
    }

    private static void Move(SafeFileHandle from, SafeFileHandle to, byte[] buffer)
    {
        fixed (byte* p = buffer)
        {
            // Both are non-blocking: an empty queue and a link that is down answer with an error, and a frame that is not taken is lost as on a wire.
            for (nint got; (got = Read(from, p, (nuint)buffer.Length)) > 0;)
                _ = Write(to, p, (nuint)got);
        }
    }

    // Pointers are to memory pinned or on the stack for the length of each call; the handles are held by this object until the thread has ended.
    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    private static partial int Poll(PollFd* fds, nuint count, int timeoutMilliseconds);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    private static partial nint Read(SafeFileHandle fd, void* buffer, nuint length);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    private static partial nint Write(SafeFileHandle fd, void* buffer, nuint length);

    [LibraryImport("libc", EntryPoint = "eventfd", SetLastError = true)]
    private static partial SafeFileHandle EventFd(uint initial, int flags);

    [StructLayout(LayoutKind.Sequential)]
    private struct PollFd
    {
        public int Fd;
        public short Events;
        public short Revents;
    }
}
