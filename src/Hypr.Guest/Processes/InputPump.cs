using Hypr.Guest.Loop;
using Hypr.Guest.Protocol.Multiplexing;
using Hypr.Linux;
using Hypr.Linux.Events;
using Hypr.Linux.Files;
using Microsoft.Win32.SafeHandles;

namespace Hypr.Guest.Processes;

/// <summary>From a stream of the host to a process's stdin. Holds at most one window.</summary>
internal sealed class InputPump(EventLoop loop, Multiplexer multiplexer, SafeFileHandle to, bool isTerminal) : IDisposable
{
    private readonly ByteQueue _queue = new();
    private EventLoop.Watch? _watch;
    private bool _isEnding;
    private bool _isClosed;
    private bool _isWaiting;

    /// <summary>The stream that feeds it; 0: none at present.</summary>
    public uint Stream { get; private set; }

    /// <summary>Another stream feeds it from now on (a host that came back); what the last one brought stays.</summary>
    public void Attach(uint stream)
    {
        if (Stream != 0)
            multiplexer.StopIncoming(Stream);
        Stream = stream;
        if (_isClosed)
            multiplexer.StopIncoming(stream);
    }

    /// <summary>The connection ended; the process's stdin stays open.</summary>
    public void Detach() => Stream = 0;

    public void Deliver(ReadOnlySpan<byte> bytes)
    {
        if (_isClosed)
            return;
        _queue.Write(bytes);
        Pump();
    }

    /// <summary>The process reads its end of input after what is queued. A terminal has none: it is not closed by one side.</summary>
    public void End()
    {
        Stream = 0;
        _isEnding = !isTerminal;
        Pump();
    }

    public void Dispose()
    {
        if (_isClosed)
            return;
        _isClosed = true;
        _watch?.Remove();
        _queue.Clear();
        if (Stream != 0)
            multiplexer.StopIncoming(Stream);
        Stream = 0;
        if (!isTerminal)
            to.Dispose();
    }

    private void TryAgain()
    {
        if (_isWaiting)
            return;
        _isWaiting = true;
        loop.After(TimeSpan.FromMilliseconds(20), () =>
        {
            _isWaiting = false;
            Pump();
        });
    }

    private void Pump()
    {
        while (_queue.Length > 0 && !_isClosed)
        {
            var count = Descriptor.Write(to, _queue.Peek());
            if (count == -Errno.EAGAIN)
            {
                // A terminal's master is watched for reading already; its own copy is not needed for the rare full input queue: try again shortly.
                if (isTerminal)
                    TryAgain();
                else if (_watch is null)
                    _watch = loop.Add(to, PollEvents.Write, _ => Pump());
                else
                    _watch.Want(PollEvents.Write);
                return;
            }

            if (count <= 0)
            {
                Dispose();
                return;
            }

            _queue.Skip(count);
            if (Stream != 0)
                multiplexer.Consumed(Stream, count);
        }

        _watch?.Want(PollEvents.None);
        if (_isEnding)
            Dispose();
    }
}
