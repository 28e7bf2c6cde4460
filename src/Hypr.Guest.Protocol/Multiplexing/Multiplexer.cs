using System.Buffers.Binary;
using System.Security.Cryptography;
using Hypr.Guest.Protocol.Frames;

namespace Hypr.Guest.Protocol.Multiplexing;

/// <summary>
/// One connection as a state machine without any input or output of its own: bytes that came go into <see cref="Receive"/>, bytes to send come out of
/// <see cref="Fill"/>. It is for one thread at a time. Streams have one direction each; the host chooses their numbers in its requests.
/// Order of sending: credit and control first, then the streams in turn, each as far as its credit goes; so nothing that a stream does holds up control.
/// </summary>
public sealed class Multiplexer
{
    /// <summary>Bytes that a sender may have on the way per stream (as HTTP/2's flow control window, RFC 9113 section 5.2).</summary>
    public const int Window = 256 * 1024;

    /// <summary>Bytes of a stream that wait here to be sent.</summary>
    public const int SendBuffer = 64 * 1024;

    /// <summary>The largest message to the guest: arguments and environment may have 2 MiB (execve(2)).</summary>
    public const int MaxMessageToGuest = 4 * 1024 * 1024;

    /// <summary>The largest message to the host.</summary>
    public const int MaxMessageToHost = 64 * 1024;

    /// <summary>Control bytes that wait here to be sent, beyond which <see cref="IsCongested"/> asks to read no further.</summary>
    private const int MaxControl = 256 * 1024;

    /// <summary>What an earlier connection may have left on its way to the host.</summary>
    private const long MaxLeftover = 16 * 1024 * 1024;

    private readonly IMultiplexerHandler _handler;
    private readonly bool _isHost;
    private readonly FrameParser _parser;
    private readonly ByteQueue _control = new();
    private readonly ByteQueue _message = new();
    private readonly Dictionary<uint, OutgoingStream> _outgoing = [];
    private readonly Dictionary<uint, IncomingStream> _incoming = [];
    private readonly List<OutgoingStream> _turns = [];
    private readonly byte[] _awaited = new byte[Frame.HeaderLength + Frame.NonceLength + 1];
    private int _matched;
    private long _leftover;
    private int _nextTurn;

    private Multiplexer(IMultiplexerHandler handler, bool isHost)
    {
        _handler = handler;
        _isHost = isHost;
        _parser = new FrameParser(lenient: !isHost);
    }

    /// <summary>A connection stands: resets went both ways.</summary>
    public bool IsConnected { get; private set; }

    /// <summary>So much control waits to be sent that no more should be received before it is (the other side asks and does not read the answers).</summary>
    public bool IsCongested => _control.Length > MaxControl;

    /// <summary>The guest's end: waits for the host's reset, as often as one comes.</summary>
    public static Multiplexer ForGuest(IMultiplexerHandler handler) => new(handler, isHost: false);

    /// <summary>The host's end, for one connection.</summary>
    /// <param name="freshGuest">
    /// The guest has never been spoken to. Otherwise zeros go before the reset, as many as fill up a frame that an earlier connection left half sent.
    /// </param>
    public static Multiplexer ForHost(IMultiplexerHandler handler, bool freshGuest)
    {
        var host = new Multiplexer(handler, isHost: true);
        Span<byte> nonce = stackalloc byte[Frame.NonceLength];
        RandomNumberGenerator.Fill(nonce);
        if (!freshGuest)
            host._control.Write(new byte[Frame.MaxLength]);
        host.Queue(FrameType.Reset, 0, nonce);
        Frame.Write(host._awaited, FrameType.ResetAcknowledged, 0, nonce);
        return host;
    }

    /// <summary>Takes bytes that came and calls the handler for what is complete.</summary>
    /// <exception cref="ProtocolException">At the host only: the connection is of no more use.</exception>
    public void Receive(ReadOnlySpan<byte> bytes)
    {
        if (_isHost && !IsConnected && !FindAcknowledgement(ref bytes))
            return;
        while (_parser.TryRead(ref bytes))
        {
            try
            {
                Take(_parser.Type, _parser.Stream, _parser.Payload);
            }
            catch (ProtocolException) when (!_isHost)
            {
                Disconnect();
            }
        }
    }

    /// <summary>At the guest: the host is gone. All streams end, everything is dropped up to the next reset.</summary>
    public void Disconnect()
    {
        Clear();
        _parser.Lose();
    }

    /// <summary>Queues a control message.</summary>
    public void Send(ReadOnlySpan<byte> message)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(message.Length, _isHost ? MaxMessageToGuest : MaxMessageToHost);
        while (message.Length > Frame.MaxPayload)
        {
            Queue(FrameType.ControlPart, 0, message[..Frame.MaxPayload]);
            message = message[Frame.MaxPayload..];
        }

        Queue(FrameType.Control, 0, message);
    }

    /// <summary>A stream that this side sends. The other side knows its number by a request.</summary>
    public OutgoingStream OpenOutgoing(uint id)
    {
        var stream = new OutgoingStream(this, id);
        return _outgoing.TryAdd(id, stream) ? stream : throw new ProtocolException($"stream {id} is open already");
    }

    /// <summary>A stream that this side receives.</summary>
    public void OpenIncoming(uint id)
    {
        if (!_incoming.TryAdd(id, new IncomingStream()))
            throw new ProtocolException($"stream {id} is open already");
    }

    /// <summary>So many received bytes are used up: the sender may send as many more. Nothing happens when the stream has ended.</summary>
    public void Consumed(uint id, int count)
    {
        if (!_incoming.TryGetValue(id, out var stream) || (stream.Unreported += count) < Window / 2)
            return;
        Span<byte> credit = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(credit, stream.Unreported);
        stream.Allowed += stream.Unreported;
        stream.Unreported = 0;
        Queue(FrameType.Credit, id, credit);
    }

    /// <summary>No more bytes of this stream are wanted.</summary>
    public void StopIncoming(uint id)
    {
        if (_incoming.Remove(id))
            Queue(FrameType.Stop, id, default);
    }

    /// <summary>Moves what is to be sent next into <paramref name="to"/>, as much as fits; returns the count, 0: nothing is to be sent.</summary>
    /// <param name="to">At least <see cref="Frame.MaxLength"/> bytes.</param>
    public int Fill(Span<byte> to)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(to.Length, Frame.MaxLength);
        // Whole frames are queued, and read in any pieces: what is left of one goes before everything else.
        var filled = _control.Read(to);
        while (_control.Length == 0 && to.Length - filled >= Frame.MaxLength && NextReady() is { } stream)
        {
            filled += stream.Fill(to[filled..]);
            if (stream.IsFinished)
                Forget(stream);
        }

        return filled;
    }

    /// <summary>Whether <see cref="Fill"/> would give something.</summary>
    public bool HasOutput => _control.Length > 0 || _turns.Exists(static s => s.IsReady);

    internal void Join(OutgoingStream stream)
    {
        if (!_turns.Contains(stream))
            _turns.Add(stream);
    }

    internal void Forget(OutgoingStream stream)
    {
        if (_outgoing.TryGetValue(stream.Id, out var known) && known == stream)
            _outgoing.Remove(stream.Id);
        var turn = _turns.IndexOf(stream);
        if (turn < 0)
            return;
        _turns.RemoveAt(turn);
        if (turn < _nextTurn)
            _nextTurn--;
    }

    internal void Wake(OutgoingStream stream) => _handler.Writable(stream.Id);

    private OutgoingStream? NextReady()
    {
        for (var i = 0; i < _turns.Count; i++)
        {
            var turn = (_nextTurn + i) % _turns.Count;
            if (_turns[turn].IsReady)
            {
                _nextTurn = turn + 1;
                return _turns[turn];
            }
        }

        return null;
    }

    private void Take(FrameType type, uint id, ReadOnlySpan<byte> payload)
    {
        switch (type)
        {
            case FrameType.Reset when !_isHost && payload.Length == Frame.NonceLength:
                Clear();
                IsConnected = true;
                Queue(FrameType.ResetAcknowledged, 0, payload);
                _handler.Connected();
                break;
            case FrameType.ControlPart or FrameType.Control when IsConnected:
                TakeControl(payload, isLast: type == FrameType.Control);
                break;
            case FrameType.Data when IsConnected:
                TakeData(id, payload);
                break;
            case FrameType.End when IsConnected:
                if (_incoming.Remove(id))
                    _handler.End(id);
                break;
            case FrameType.Credit when IsConnected && payload.Length == 4:
                if (_outgoing.TryGetValue(id, out var paid))
                    paid.AddCredit(BinaryPrimitives.ReadInt32LittleEndian(payload));
                break;
            case FrameType.Stop when IsConnected:
                if (_outgoing.TryGetValue(id, out var stopped))
                {
                    stopped.Abandon();
                    _handler.Stopped(id);
                }

                break;
            default:
                throw new ProtocolException($"a frame of type {(byte)type} with {payload.Length} bytes is not expected here");
        }
    }

    private void TakeControl(ReadOnlySpan<byte> part, bool isLast)
    {
        if (_message.Length + part.Length > (_isHost ? MaxMessageToHost : MaxMessageToGuest))
            throw new ProtocolException("a message is longer than allowed");
        if (isLast && _message.Length == 0)
        {
            _handler.Control(part);
            return;
        }

        _message.Write(part);
        if (!isLast)
            return;
        var whole = new byte[_message.Length];
        _message.Read(whole);
        _message.Clear();
        _handler.Control(whole);
    }

    private void TakeData(uint id, ReadOnlySpan<byte> payload)
    {
        // Bytes that were on their way when the stream was stopped belong to nobody.
        if (!_incoming.TryGetValue(id, out var stream))
            return;
        if (payload.Length > stream.Allowed)
            throw new ProtocolException($"stream {id} sent more than its credit");
        stream.Allowed -= payload.Length;
        _handler.Data(id, payload);
    }

    /// <summary>Skips what an earlier connection left, up to the answer to this connection's reset: nobody else can know its 16 random bytes.</summary>
    private bool FindAcknowledgement(ref ReadOnlySpan<byte> bytes)
    {
        for (var i = 0; i < bytes.Length; i++)
        {
            // The marker occurs in the sought bytes at their start and by chance in the random ones: a mismatch looks for the longest start that still fits.
            while (_matched > 0 && bytes[i] != _awaited[_matched])
                _matched = LongestStart(_matched);
            if (bytes[i] == _awaited[_matched])
                _matched++;
            if (_matched == _awaited.Length)
            {
                bytes = bytes[(i + 1)..];
                IsConnected = true;
                _handler.Connected();
                return true;
            }
        }

        _leftover += bytes.Length;
        return _leftover <= MaxLeftover ? false : throw new ProtocolException("the agent does not answer the reset");
    }

    private int LongestStart(int matched)
    {
        for (var length = matched - 1; length > 0; length--)
        {
            if (_awaited.AsSpan(0, length).SequenceEqual(_awaited.AsSpan(matched - length, length)))
                return length;
        }

        return 0;
    }

    private void Queue(FrameType type, uint stream, ReadOnlySpan<byte> payload)
    {
        Span<byte> frame = stackalloc byte[Frame.HeaderLength + payload.Length + 1];
        Frame.Write(frame, type, stream, payload);
        _control.Write(frame);
    }

    private void Clear()
    {
        var was = IsConnected;
        IsConnected = false;
        _control.Clear();
        _message.Clear();
        foreach (var stream in _outgoing.Values)
            stream.Detach();
        _outgoing.Clear();
        _incoming.Clear();
        _turns.Clear();
        _nextTurn = 0;
        if (was)
            _handler.Disconnected();
    }

    private sealed class IncomingStream
    {
        public int Allowed { get; set; } = Window;

        public int Unreported { get; set; }
    }
}
