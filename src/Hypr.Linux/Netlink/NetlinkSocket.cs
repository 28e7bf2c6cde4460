using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Hypr.Linux.Libc;
using Microsoft.Win32.SafeHandles;

namespace Hypr.Linux.Netlink;

/// <summary>Reads one message of a dump into a value; null leaves it out.</summary>
internal delegate T? MessageParser<T>(NetlinkMessage message)
    where T : class;

/// <summary>Failures on purpose: what of a request does not come about. Null where nothing is tested.</summary>
public interface INetlinkFaults
{
    /// <summary>The next request is refused (ENOMEM), and the kernel never sees it.</summary>
    bool Refuses();

    /// <summary>The next request is done, and its acknowledgement lost (ENOBUFS).</summary>
    bool LosesReply();
}

/// <summary>
/// A netlink socket of requests and replies. It belongs to the network namespace of the thread that opened it, whoever uses it later. Safe for
/// several threads: one request is under way at a time.
/// </summary>
internal sealed unsafe partial class NetlinkSocket : IDisposable
{
    public const int Route = 0;
    public const int Netfilter = 12;

    private const int MsgTrunc = 0x20;
    private const int MsgDontWait = 0x40;
    private const int DumpAttempts = 32;

    private readonly SafeFileHandle _fd;
    private readonly Lock _gate = new();
    private byte[] _receive = new byte[64 * 1024];
    private uint _sequence;
    private readonly INetlinkFaults? _faults;
    private int _sendBuffer;

    private NetlinkSocket(SafeFileHandle fd, INetlinkFaults? faults) => (_fd, _faults) = (fd, faults);

    public SafeFileHandle Handle => _fd;

    /// <summary>The socket's own netlink port.</summary>
    public uint Port { get; private set; }

    /// <summary>Sends one message and waits for its acknowledgement.</summary>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    public void Execute(NetlinkWriter message, string operation, string subject) => Execute(message, operation, subject, null);

    /// <summary>As <see cref="Execute(NetlinkWriter,string,string)"/>, and gives each reply that is not the acknowledgement to <paramref name="reply"/>.</summary>
    public void Execute(NetlinkWriter message, string operation, string subject, Action<NetlinkMessage>? reply)
    {
        lock (_gate)
        {
            var sequence = Send(message.Written, NetlinkFlags.Request | NetlinkFlags.Ack, operation, subject);
            while (true)
            {
                ReadOnlySpan<byte> datagram = Receive(operation, subject);
                while (NetlinkMessage.TryTake(ref datagram, out var m))
                {
                    if (m.Sequence != sequence)
                        continue;
                    if (m.Type == NetlinkMessage.Error)
                    {
                        var error = m.ReadError();
                        if (error.Errno != 0)
                            throw new LinuxException(operation, subject, error.Errno, error.Text);
                        if (_faults?.LosesReply() == true)
                            throw new LinuxException(operation, subject, Errno.ENOBUFS);
                        return;
                    }

                    reply?.Invoke(m);
                }
            }
        }
    }

    /// <summary>
    /// Sends several messages in one piece and waits for the last one's acknowledgement. The kernel does them one after another, each whatever became of those
    /// before (netlink_rcv_skb, net/netlink/af_netlink.c).
    /// </summary>
    /// <param name="operations">What each message does, for the refusal's text.</param>
    /// <exception cref="LinuxException">The kernel's first refusal.</exception>
    public void ExecuteAll(NetlinkWriter messages, ReadOnlySpan<string> operations, string subject)
    {
        lock (_gate)
        {
            var (first, last) = Number(messages.Written);
            SendRaw(messages.Written, operations[0], subject);
            LinuxException? refusal = null;
            while (true)
            {
                ReadOnlySpan<byte> datagram = Receive(operations[0], subject);
                while (NetlinkMessage.TryTake(ref datagram, out var m))
                {
                    if (m.Type != NetlinkMessage.Error || m.Sequence - first > last - first)
                        continue;
                    var error = m.ReadError();
                    if (error.Errno != 0)
                        refusal ??= new LinuxException(operations[(int)(m.Sequence - first)], subject, error.Errno, error.Text);
                    if (m.Sequence != last)
                        continue;
                    if (refusal is null && _faults?.LosesReply() == true)
                        refusal = new LinuxException(operations[^1], subject, Errno.ENOBUFS);
                    if (refusal is not null)
                        throw refusal;
                    return;
                }
            }
        }
    }

    /// <summary>
    /// A dump. One that the kernel marks as interrupted by a change (NLM_F_DUMP_INTR) is taken again from the start, so that what is returned is one state.
    /// </summary>
    public List<T> Dump<T>(NetlinkWriter message, string operation, string subject, MessageParser<T> parse)
        where T : class
    {
        lock (_gate)
        {
            for (var attempt = 1; ; attempt++)
            {
                var found = new List<T>();
                if (TryDump(message.Written, operation, subject, parse, found) || attempt == DumpAttempts)
                    return found;
            }
        }
    }

    /// <summary>Sends a batch of nfnetlink messages in one piece and returns every error, by sequence number. The sender numbers the messages.</summary>
    public void SendBatch(ReadOnlySpan<byte> batch, string operation, string subject, Action<uint, NetlinkError> onError)
    {
        lock (_gate)
        {
            // netlink_sendmsg refuses (EMSGSIZE) what is longer than the send buffer less 32 bytes; the kernel doubles what is asked for.
            if (batch.Length > _sendBuffer)
            {
                Option(SolSocket, SoSndBufForce, batch.Length, required: true);
                _sendBuffer = batch.Length;
            }

            SendRaw(batch, operation, subject);

            // nfnetlink works within sendmsg: when it returns, all errors are queued and no message means success.
            while (TryReceive(operation, subject, wait: false, out var length, out var overrun))
            {
                if (overrun)
                {
                    onError(0, new NetlinkError(Errno.ENOBUFS, "more errors than the receive buffer holds", 0));
                    continue;
                }

                ReadOnlySpan<byte> datagram = _receive.AsSpan(0, length);
                while (NetlinkMessage.TryTake(ref datagram, out var m))
                {
                    if (m.Type == NetlinkMessage.Error && m.ReadError() is { Errno: not 0 } error)
                        onError(m.Sequence, error);
                }
            }
        }
    }

    /// <summary>Waits for a datagram; false with <paramref name="overrun"/> set when notifications were lost (ENOBUFS).</summary>
    public ReadOnlySpan<byte> ReceiveNotifications(string subject, out bool overrun) =>
        TryReceive("receive notifications of", subject, wait: false, out var length, out overrun) && !overrun
            ? _receive.AsSpan(0, length)
            : default;

    public void Dispose() => _fd.Dispose();

    private bool TryDump<T>(Span<byte> message, string operation, string subject, MessageParser<T> parse, List<T> found)
        where T : class
    {
        var sequence = Send(message, NetlinkFlags.Request | NetlinkFlags.Dump, operation, subject);
        var consistent = true;
        while (true)
        {
            ReadOnlySpan<byte> datagram = Receive(operation, subject);
            while (NetlinkMessage.TryTake(ref datagram, out var m))
            {
                if (m.Sequence != sequence)
                    continue;
                consistent &= (m.Flags & NetlinkFlags.DumpInterrupted) == 0;
                switch (m.Type)
                {
                    case NetlinkMessage.Error or NetlinkMessage.Done:
                        var error = m.ReadError();
                        // nf_tables ends a dump that a commit overtook with EINTR.
                        if (error.Errno == Errno.EINTR)
                            return false;
                        if (error.Errno != 0)
                            throw new LinuxException(operation, subject, error.Errno, error.Text);
                        return consistent;
                    case NetlinkMessage.Overrun:
                        return false;
                    case NetlinkMessage.Noop:
                        break;
                    default:
                        if (parse(m) is { } value)
                            found.Add(value);
                        break;
                }
            }
        }
    }

    private uint Send(Span<byte> message, NetlinkFlags flags, string operation, string subject)
    {
        var sequence = ++_sequence == 0 ? ++_sequence : _sequence;
        BinaryPrimitives.WriteUInt16LittleEndian(message[6..], (ushort)((NetlinkFlags)BinaryPrimitives.ReadUInt16LittleEndian(message[6..]) | flags));
        BinaryPrimitives.WriteUInt32LittleEndian(message[8..], sequence);
        SendRaw(message, operation, subject);
        return sequence;
    }

    /// <summary>Numbers the messages on and asks for an acknowledgement of the last; what is refused is told unasked.</summary>
    private (uint First, uint Last) Number(Span<byte> messages)
    {
        // None of them has the number 0, which notifications have.
        if (_sequence > uint.MaxValue - 64)
            _sequence = 0;
        var first = _sequence + 1;
        while (messages.Length > 0)
        {
            var length = BinaryPrimitives.ReadInt32LittleEndian(messages);
            var rest = messages[((length + 3) & ~3)..];
            var flags = (NetlinkFlags)BinaryPrimitives.ReadUInt16LittleEndian(messages[6..]) | NetlinkFlags.Request;
            BinaryPrimitives.WriteUInt16LittleEndian(messages[6..], (ushort)(rest.Length == 0 ? flags | NetlinkFlags.Ack : flags));
            BinaryPrimitives.WriteUInt32LittleEndian(messages[8..], ++_sequence);
            messages = rest;
        }

        return (first, _sequence);
    }

    private void SendRaw(ReadOnlySpan<byte> bytes, string operation, string subject)
    {
        if (_faults?.Refuses() == true)
            throw new LinuxException(operation, subject, Errno.ENOMEM);
        var kernel = new SockAddrNl { Family = AfNetlink };
        fixed (byte* p = bytes)
        {
            while (LibC.SendTo(_fd, p, (nuint)bytes.Length, 0, &kernel, (uint)sizeof(SockAddrNl)) < 0)
            {
                if (Marshal.GetLastPInvokeError() != Errno.EINTR)
                    throw LinuxException.Last(operation, subject);
            }
        }
    }

    private Span<byte> Receive(string operation, string subject)
    {
        TryReceive(operation, subject, wait: true, out var length, out var overrun);
        // A reply that did not fit into the queue is lost: the request's outcome is unknown, and that is the caller's to know.
        return overrun ? throw new LinuxException(operation, subject, Errno.ENOBUFS) : _receive.AsSpan(0, length);
    }

    private bool TryReceive(string operation, string subject, bool wait, out int length, out bool overrun)
    {
        length = 0;
        overrun = false;
        while (true)
        {
            var from = default(SockAddrNl);
            var fromLength = (uint)sizeof(SockAddrNl);
            nint got;
            fixed (byte* p = _receive)
            {
                got = LibC.RecvFrom(_fd, p, (nuint)_receive.Length, MsgTrunc | (wait ? 0 : MsgDontWait), &from, &fromLength);
            }

            if (got < 0)
            {
                switch (Marshal.GetLastPInvokeError())
                {
                    case Errno.EINTR:
                        continue;
                    case Errno.EAGAIN when !wait:
                        return false;
                    case Errno.ENOBUFS:
                        overrun = true;
                        return true;
                    default:
                        throw LinuxException.Last(operation, subject);
                }
            }

            // Anybody may send to a netlink port: only the kernel's own (port 0) counts.
            if (from.Port != 0)
                continue;
            if (got > _receive.Length)
            {
                // The datagram is gone; the next ones will fit, and the loss is told as such.
                _receive = new byte[(int)got];
                overrun = true;
                return true;
            }

            length = (int)got;
            return true;
        }
    }
}
