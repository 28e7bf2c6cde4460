using Hypr.Guest.Loop;
using Hypr.Linux.Events;
using Hypr.Linux.Files;
using Hypr.Linux.Processes;
using Microsoft.Win32.SafeHandles;

namespace Hypr.Guest.Processes;

/// <summary>
/// Waits for every child, those that PID 1 inherits too. A thread waits without reaping and tells the loop, which reaps: so a pid that the loop knows cannot have become
/// another process's.
/// </summary>
internal sealed class Reaper
{
    private readonly SafeFileHandle _proceed;
    private readonly SafeFileHandle _told;
    private readonly Action<int, ProcessExit> _ended;
    private SafeFileHandle? _proceedReader;
    private SafeFileHandle? _tell;

    public Reaper(EventLoop loop, Action<int, ProcessExit> ended)
    {
        _ended = ended;
        (_told, _tell) = Descriptor.Pipe();
        (_proceedReader, _proceed) = Descriptor.Pipe();
        Descriptor.SetNonBlocking(_told);
        Descriptor.SetNonBlocking(_proceed);
        loop.Add(_told, PollEvents.Read, _ => ReapAll());
    }

    /// <summary>After a child was started.</summary>
    public void Proceed()
    {
        if (_proceedReader is { } reader && _tell is { } tell)
        {
            (_proceedReader, _tell) = (null, null);
            new Thread(() => Wait(reader, tell), 128 * 1024) { IsBackground = true }.Start();
        }

        Descriptor.Write(_proceed, [1]);
    }

    private static void Wait(SafeFileHandle proceed, SafeFileHandle tell)
    {
        Span<byte> one = stackalloc byte[1];
        while (true)
        {
            if (Children.Await())
                Descriptor.Write(tell, [1]);
            // No child, or one that the loop is about to reap: either way there is nothing to wait for before it says so.
            Descriptor.Read(proceed, one);
        }
    }

    private void ReapAll()
    {
        Span<byte> some = stackalloc byte[64];
        Descriptor.Read(_told, some);
        while (Children.Reap() is var (pid, exit))
            _ended(pid, exit);
        Descriptor.Write(_proceed, [1]);
    }
}
