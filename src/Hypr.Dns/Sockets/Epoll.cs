using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Hypr.Dns.Sockets;

/// <summary>An epoll set whose events carry a number of ours. Waiting is for one thread; adding and removing for any.</summary>
internal sealed unsafe class Epoll : IDisposable
{
    public const uint In = 1;
    public const uint Out = 4;
    public const uint Error = 8;
    public const uint HangUp = 16;

    private const int Capacity = 128;

    // struct epoll_event is packed on x86-64 only (sys/epoll.h: __EPOLL_PACKED).
    private static readonly int EventSize = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 12 : 16;
    private static readonly int DataOffset = EventSize - 8;

    private readonly Descriptor descriptor = new(Check(Libc.epoll_create1(0x80000), "epoll_create1"));
    private readonly byte* events = (byte*)NativeMemory.AllocZeroed((nuint)(Capacity * EventSize));

    public void Add(Descriptor target, uint interest, int slot) => Control(1, target, interest, slot);

    public void Change(Descriptor target, uint interest, int slot) => Control(3, target, interest, slot);

    public void Remove(Descriptor target)
    {
        var unused = stackalloc byte[16];
        _ = Libc.epoll_ctl(descriptor.Number, 2, target.Number, unused);
    }

    public int Wait(int milliseconds)
    {
        var count = Libc.epoll_wait(descriptor.Number, events, Capacity, milliseconds);
        return count < 0 && Marshal.GetLastPInvokeError() == Libc.EIntr ? 0 : Check(count, "epoll_wait");
    }

    public uint Events(int index) => *(uint*)(events + (index * EventSize));

    public int Slot(int index) => *(int*)(events + (index * EventSize) + DataOffset);

    public void Dispose()
    {
        descriptor.Dispose();
        NativeMemory.Free(events);
    }

    public static int Check(int result, string operation) =>
        result >= 0 ? result : throw new Win32Exception(Marshal.GetLastPInvokeError(),
            $"{operation}: {Marshal.GetLastPInvokeErrorMessage()}");

    private void Control(int operation, Descriptor target, uint interest, int slot)
    {
        var change = stackalloc byte[16];
        *(uint*)change = interest;
        *(long*)(change + DataOffset) = slot;
        _ = Check(Libc.epoll_ctl(descriptor.Number, operation, target.Number, change), "epoll_ctl");
    }
}

/// <summary>Wakes a thread that waits in epoll.</summary>
internal sealed unsafe class Wake : IDisposable
{
    public Descriptor Descriptor { get; } = new(Epoll.Check(Libc.eventfd(0, Libc.NonBlockCloseExec), "eventfd"));

    public void Set()
    {
        ulong one = 1;
        _ = Libc.write(Descriptor.Number, &one, 8);
    }

    public void Clear()
    {
        ulong count;
        _ = Libc.read(Descriptor.Number, &count, 8);
    }

    public void Dispose() => Descriptor.Dispose();
}
