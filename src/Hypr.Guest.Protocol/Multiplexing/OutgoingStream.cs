using Hypr.Guest.Protocol.Frames;

namespace Hypr.Guest.Protocol.Multiplexing;

/// <summary>A stream that this side sends; made by <see cref="Multiplexer.OpenOutgoing"/>.</summary>
public sealed class OutgoingStream
{
    private readonly Multiplexer _owner;
    private readonly ByteQueue _queue = new();
    private int _credit = Multiplexer.Window;
    private bool _isEnding;
    private bool _isGone;
    private bool _wantsRoom;

    internal OutgoingStream(Multiplexer owner, uint id)
    {
        _owner = owner;
        Id = id;
    }

    public uint Id { get; }

    /// <summary>Bytes that <see cref="Write"/> takes at once. Nobody needs more of a stream whose receiver is gone: it takes all and drops it.</summary>
    public int Room => _isGone ? int.MaxValue : _isEnding ? 0 : Math.Max(0, Multiplexer.SendBuffer - _queue.Length);

    /// <summary>The receiver stopped it, or the connection ended.</summary>
    public bool IsGone => _isGone;

    /// <summary>All bytes and the end were given out.</summary>
    public bool IsFinished { get; private set; }

    internal bool IsReady => !_isGone && !IsFinished && ((_queue.Length > 0 && _credit > 0) || (_isEnding && _queue.Length == 0));

    /// <summary>Queues as many bytes as there is room for; returns how many. After fewer than all, the handler hears when there is room.</summary>
    public int Write(ReadOnlySpan<byte> bytes)
    {
        if (_isGone)
            return bytes.Length;
        var count = Math.Min(bytes.Length, Room);
        if (count > 0)
        {
            _queue.Write(bytes[..count]);
            _owner.Join(this);
        }

        _wantsRoom |= count < bytes.Length;
        return count;
    }

    /// <summary>No more bytes come (half-close): sent after what is queued.</summary>
    public void End()
    {
        if (_isGone || _isEnding)
            return;
        _isEnding = true;
        _owner.Join(this);
    }

    /// <summary>Asks for <see cref="IMultiplexerHandler.Writable"/> when there is room again.</summary>
    public void WantRoom() => _wantsRoom = true;

    internal int Fill(Span<byte> to)
    {
        if (_queue.Length == 0)
        {
            IsFinished = true;
            return Frame.Write(to, FrameType.End, Id, default);
        }

        var count = Math.Min(Math.Min(_queue.Length, _credit), Frame.MaxPayload);
        _queue.Read(to.Slice(Frame.HeaderLength, count));
        _credit -= count;
        var length = Frame.Seal(to, FrameType.Data, Id, count);
        if (_wantsRoom && Room >= Frame.MaxPayload)
        {
            _wantsRoom = false;
            _owner.Wake(this);
        }

        return length;
    }

    internal void AddCredit(int count)
    {
        if (count <= 0 || count > Multiplexer.Window - _credit)
            throw new ProtocolException($"stream {Id} got credit for bytes that were not sent");
        _credit += count;
    }

    internal void Abandon()
    {
        Detach();
        _owner.Forget(this);
    }

    internal void Detach()
    {
        _isGone = true;
        _queue.Clear();
    }
}
