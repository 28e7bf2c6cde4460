using Hypr.Guest.Loop;
using Hypr.Linux;
using Hypr.Linux.Events;
using Hypr.Linux.Files;
using Microsoft.Win32.SafeHandles;

namespace Hypr.Guest.Processes;

/// <summary>Where a process's output goes.</summary>
internal interface IOutputSink
{
    /// <summary>How many bytes are welcome now; 0: wait for <see cref="OutputReader.Resume"/>.</summary>
    int Room { get; }

    void Take(ReadOnlySpan<byte> bytes);

    void End();
}

/// <summary>Reads a process's stdout, stderr or terminal as far as its sink has room, so that the process waits for a slow reader and nobody else does.</summary>
internal sealed class OutputReader
{
    private readonly SafeFileHandle _from;
    private readonly EventLoop.Watch _watch;
    private readonly byte[] _buffer = new byte[16 * 1024];
    private bool _processEnded;

    public OutputReader(EventLoop loop, SafeFileHandle from, IOutputSink sink)
    {
        _from = from;
        Sink = sink;
        _watch = loop.Add(from, PollEvents.Read, _ => Read());
    }

    public IOutputSink Sink { get; }

    public bool IsEnded { get; private set; }

    /// <summary>The sink has room again.</summary>
    public void Resume()
    {
        if (!IsEnded)
            Read();
    }

    /// <summary>What is there is still read; a child of the process that goes on holding the other end is not waited for.</summary>
    public void ProcessEnded()
    {
        _processEnded = true;
        Resume();
    }

    private void Read()
    {
        // A bounded number of rounds: others have their turn.
        for (var i = 0; i < 16 && !IsEnded; i++)
        {
            var room = Math.Min(_buffer.Length, Sink.Room);
            if (room <= 0)
            {
                _watch.Want(PollEvents.None);
                return;
            }

            var count = Descriptor.Read(_from, _buffer.AsSpan(0, room));
            if (count == -Errno.EAGAIN && !_processEnded)
                break;
            if (count > 0)
                Sink.Take(_buffer.AsSpan(0, count));
            else
                Finish();
        }

        if (!IsEnded)
            _watch.Want(PollEvents.Read);
    }

    /// <summary>End of file; EIO of a terminal that no process has open any more; nothing more from a process that has ended.</summary>
    private void Finish()
    {
        IsEnded = true;
        _watch.Remove();
        _from.Dispose();
        Sink.End();
    }
}
