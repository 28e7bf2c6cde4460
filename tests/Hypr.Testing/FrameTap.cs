using System.Diagnostics;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Hypr.Testing;

/// <summary>A TAP queue from the VMM's side: what is sent comes out of the TAP on the host, frame by frame, whatever is in it.</summary>
public sealed unsafe partial class FrameTap(SafeFileHandle queue) : IDisposable
{
    /// <summary>struct virtio_net_hdr, which TAPs with IFF_VNET_HDR put before each frame.</summary>
    private const int Header = 10;
    private const short PollIn = 1;
    private readonly byte[] _buffer = new byte[70_000];

    public void Send(ReadOnlySpan<byte> frame)
    {
        var bytes = new byte[Header + Math.Max(frame.Length, 60)];
        frame.CopyTo(bytes.AsSpan(Header));
        fixed (byte* p = bytes)
        {
            if (Write(queue, p, (nuint)bytes.Length) != bytes.Length)
                throw new IOException($"the TAP took no frame: errno {Marshal.GetLastPInvokeError()}");
        }
    }

    /// <summary>Reads until a frame is what is looked for; gives all that came before it. Null when it did not come.</summary>
    public List<byte[]>? ReceiveUntil(Func<byte[], bool> wanted, TimeSpan? patience = null)
    {
        var limit = patience ?? Probe.Patience;
        var before = new List<byte[]>();
        for (var clock = Stopwatch.StartNew(); clock.Elapsed < limit;)
        {
            var fd = new PollFd { Fd = (int)queue.DangerousGetHandle(), Events = PollIn };
            if (Poll(&fd, 1, 50) <= 0)
                continue;
            nint got;
            fixed (byte* p = _buffer)
                got = Read(queue, p, (nuint)_buffer.Length);
            if (got <= Header)
                continue;
            var frame = _buffer.AsSpan(Header, (int)got - Header).ToArray();
            if (wanted(frame))
                return before;
            before.Add(frame);
        }

        return null;
    }

    public void Dispose() => queue.Dispose();

    // Pointers are to memory pinned or on the stack for the length of each call; the queue is held by this object.
    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    private static partial int Poll(PollFd* fds, nuint count, int timeoutMilliseconds);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    private static partial nint Read(SafeFileHandle fd, void* buffer, nuint length);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    private static partial nint Write(SafeFileHandle fd, void* buffer, nuint length);

    [StructLayout(LayoutKind.Sequential)]
    private struct PollFd
    {
        public int Fd;
        public short Events;
        public short Revents;
    }
}
