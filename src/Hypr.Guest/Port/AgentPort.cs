using System.Diagnostics;
using Hypr.Guest.Loop;
using Hypr.Guest.Protocol.Frames;
using Hypr.Guest.Protocol.Multiplexing;
using Hypr.Linux;
using Hypr.Linux.Events;
using Hypr.Linux.Files;
using Microsoft.Win32.SafeHandles;

namespace Hypr.Guest.Port;

/// <summary>
/// The virtio-serial port to the host. While the host has it closed, reads give 0 and writes EAGAIN (drivers/char/virtio_console.c: port_fops_read,
/// will_write_block), and poll reports a hang-up without end: so it is watched for changes only.
/// That the host has opened or closed it, the kernel knows later than it has the bytes that follow: the interrupt hands those over (in_intr), a work queue
/// takes the message (control_intr, handle_control_message), perhaps on another CPU. So behind the first bytes of a new connection a read may still give 0.
/// </summary>
internal sealed class AgentPort
{
    /// <summary>By far longer than the work queue takes on a busy host; for as long, what the guest writes for a host that has just left waits.</summary>
    private static readonly TimeSpan OpeningDeadline = TimeSpan.FromSeconds(3);

    private readonly SafeFileHandle _fd;
    private readonly EventLoop _loop;
    private readonly Multiplexer _multiplexer;
    private readonly byte[] _in = new byte[16 * 1024];
    private readonly byte[] _out = new byte[2 * Frame.MaxLength];
    private int _start;
    private int _end;
    private long _lastBytes;
    private bool _looksAgain;

    public AgentPort(SafeFileHandle fd, EventLoop loop, IMultiplexerHandler handler)
    {
        _fd = fd;
        _loop = loop;
        _multiplexer = Multiplexer.ForGuest(handler);
        loop.Add(fd, PollEvents.Read | PollEvents.Write | PollEvents.EdgeTriggered, _ => Receive());
    }

    public Multiplexer Multiplexer => _multiplexer;

    /// <summary>All that was queued is with the host.</summary>
    public bool IsFlushed => _start == _end && !_multiplexer.HasOutput;

    /// <summary>What was being sent belongs to a connection that is no more.</summary>
    public void DropOutput() => _start = _end = 0;

    /// <summary>Sends as much as the port takes.</summary>
    public void Flush()
    {
        while (true)
        {
            if (_start == _end)
            {
                _start = 0;
                _end = _multiplexer.Fill(_out);
                if (_end == 0)
                    return;
            }

            var count = Descriptor.Write(_fd, _out.AsSpan(_start, _end - _start));
            if (count <= 0)
                return;
            _start += count;
        }
    }

    private void Receive()
    {
        while (true)
        {
            // The host asks and does not take the answers: it is read again when it did (the port's room is an event).
            if (_multiplexer.IsCongested)
            {
                Flush();
                if (_multiplexer.IsCongested)
                    return;
            }

            var count = Descriptor.Read(_fd, _in);
            if (count == -Errno.EAGAIN)
                return;
            if (count <= 0)
            {
                Closed();
                return;
            }

            _multiplexer.Receive(_in.AsSpan(0, count));

            // From the end of what they asked for: on a busy host that alone may take seconds.
            _lastBytes = Stopwatch.GetTimestamp();
        }
    }

    /// <summary>
    /// The port is closed as far as the kernel knows. Bytes that came just now may be those of a connection of whose opening it will hear, which is an event:
    /// the answers, the reset's first, wait for that. Otherwise the host is gone.
    /// </summary>
    private void Closed()
    {
        var left = OpeningDeadline - Stopwatch.GetElapsedTime(_lastBytes);
        if (left <= TimeSpan.Zero)
        {
            DropOutput();
            _multiplexer.Disconnect();
        }
        else if (!_looksAgain)
        {
            _looksAgain = true;
            _loop.After(left, () =>
            {
                _looksAgain = false;
                Receive();
            });
        }
    }
}
