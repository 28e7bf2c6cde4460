using Hypr.Guest.Protocol.Messages;
using Hypr.Guest.Protocol.Multiplexing;

namespace Hypr.Guest.Processes;

/// <summary>
/// The output of the image's process: kept for the host, up to a bound, with positions, so that a host that comes back goes on where its log ends. While a host takes it the
/// process waits for that host; while none does, the oldest goes.
/// </summary>
internal sealed class OutputRing
{
    /// <summary>Memory for kept output. More than a connection can have on its way (send buffer, window, <see cref="MaxUnsent"/>): that much is never dropped.</summary>
    private const int Capacity = 2 * 1024 * 1024;
    private const int MaxUnsent = 128 * 1024;
    private const int PieceOverhead = 64;
    private const int MaxPiece = 4 * 1024;

    private readonly LinkedList<Piece> _pieces = new();
    private readonly byte[] _record = new byte[OutputRecord.HeaderLength + OutputRecord.MaxLength];
    private LinkedListNode<Piece>? _next;
    private OutgoingStream? _to;
    private int _size;
    private int _unsent;
    private int _skip;
    private bool _isComplete;

    public ulong Start => _pieces.First?.Value.Position ?? End;

    public ulong End { get; private set; }

    /// <summary>Called when a reader that was told to wait may go on.</summary>
    public Action Resume { get; set; } = static () => { };

    public int Room => _to is null || _unsent < MaxUnsent ? OutputRecord.MaxLength : 0;

    public void Add(byte stream, ReadOnlySpan<byte> bytes, long now)
    {
        // Many small writes become one piece as long as they wait.
        if (_next is not null && _pieces.Last is { Value: var last } && last.Stream == stream && last.Length + bytes.Length <= MaxPiece)
            last.Append(bytes);
        else
        {
            var node = _pieces.AddLast(new Piece(stream, End, now, bytes));
            _next ??= node;
            _size += PieceOverhead;
            _unsent += PieceOverhead;
        }

        End += (ulong)bytes.Length;
        _size += bytes.Length;
        _unsent += bytes.Length;
        Send();
        while (_size > Capacity && _pieces.First is { } oldest)
            Drop(oldest);
    }

    /// <summary>Gives what is from a position on to a stream; a former one ends.</summary>
    public void SendTo(OutgoingStream stream, ulong from)
    {
        _to?.End();
        _to = stream;
        _unsent = 0;
        _next = null;
        for (var node = _pieces.Last; node is not null && node.Value.Position + (ulong)node.Value.Length > from; node = node.Previous)
        {
            _next = node;
            _unsent += node.Value.Length + PieceOverhead;
        }

        _skip = _next is { Value: var first } && from > first.Position ? (int)(from - first.Position) : 0;
        Send();
    }

    /// <summary>Nobody takes it at present: kept, and the oldest dropped.</summary>
    public void Detach()
    {
        _to = null;
        Resume();
    }

    /// <summary>The process and its outputs have ended.</summary>
    public void Complete()
    {
        _isComplete = true;
        Send();
    }

    /// <summary>As much as the stream takes.</summary>
    public void Send()
    {
        if (_to is not { } to)
            return;
        var waited = _unsent >= MaxUnsent;
        while (_next is { Value: var piece } node)
        {
            var length = piece.Length - _skip;
            if (to.Room < OutputRecord.HeaderLength + length)
            {
                to.WantRoom();
                break;
            }

            new OutputRecord(piece.Stream, length, piece.Position + (ulong)_skip, piece.Time).Encode(_record);
            piece.Bytes[_skip..].CopyTo(_record.AsSpan(OutputRecord.HeaderLength));
            to.Write(_record.AsSpan(0, OutputRecord.HeaderLength + length));
            _unsent -= piece.Length + PieceOverhead;
            _skip = 0;
            _next = node.Next;
        }

        if (_next is null && _isComplete)
            to.End();
        if (waited && _unsent < MaxUnsent)
            Resume();
    }

    private void Drop(LinkedListNode<Piece> oldest)
    {
        if (_next == oldest)
        {
            _next = oldest.Next;
            _skip = 0;
            _unsent -= oldest.Value.Length + PieceOverhead;
        }

        _size -= oldest.Value.Length + PieceOverhead;
        _pieces.Remove(oldest);
    }

    private sealed class Piece
    {
        private byte[] _bytes;

        public Piece(byte stream, ulong position, long time, ReadOnlySpan<byte> bytes)
        {
            (Stream, Position, Time) = (stream, position, time);
            _bytes = bytes.ToArray();
            Length = bytes.Length;
        }

        public byte Stream { get; }

        public ulong Position { get; }

        public long Time { get; }

        public int Length { get; private set; }

        public ReadOnlySpan<byte> Bytes => _bytes.AsSpan(0, Length);

        public void Append(ReadOnlySpan<byte> bytes)
        {
            if (_bytes.Length < Length + bytes.Length)
                Array.Resize(ref _bytes, Math.Max(Length + bytes.Length, Math.Min(MaxPiece, _bytes.Length * 2)));
            bytes.CopyTo(_bytes.AsSpan(Length));
            Length += bytes.Length;
        }
    }
}
