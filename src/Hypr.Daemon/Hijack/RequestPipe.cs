using System.Buffers;
using System.IO.Pipelines;

namespace Hypr.Daemon.Hijack;

/// <summary>
/// What Kestrel reads: a connection's requests one after another, until one comes that is to be taken over. There Kestrel sees the orderly end of the connection
/// and lets go; the request's bytes stay in the transport, unread. Bytes go through by reference, none is copied.
/// </summary>
internal sealed class RequestPipe(PipeReader inner, Func<RequestHead, bool> isTaken) : PipeReader
{
    private ReadOnlySequence<byte> _buffer;
    private long _shown;
    private long _examined = -1;
    private long _bodyLeft;
    private ChunkedBody _chunked;
    private bool _inChunked;
    private bool _passAll;

    /// <summary>The request that ended Kestrel's part; null: the connection ended by itself.</summary>
    public RequestHead? Taken { get; private set; }

    public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        while (Taken is null)
        {
            var result = await inner.ReadAsync(cancellationToken);
            if (Show(result) is { } shown)
            {
                return shown;
            }
        }

        return Ended;
    }

    public override bool TryRead(out ReadResult result)
    {
        while (Taken is null)
        {
            if (!inner.TryRead(out var read))
            {
                result = default;
                return false;
            }

            if (Show(read) is { } shown)
            {
                result = shown;
                return true;
            }
        }

        result = Ended;
        return true;
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        if (Taken is not null)
        {
            return;
        }

        var taken = _buffer.Slice(_buffer.Start, consumed).Length;
        _examined = _buffer.Slice(_buffer.Start, examined).Length == _shown ? _shown - taken : -1;
        _shown -= taken;
        inner.AdvanceTo(consumed, examined);
    }

    public override void CancelPendingRead() => inner.CancelPendingRead();

    /// <summary>Nothing: the transport is the connection's, which closes it.</summary>
    public override void Complete(Exception? exception = null)
    {
    }

    private static ReadResult Ended => new(ReadOnlySequence<byte>.Empty, isCanceled: false, isCompleted: true);

    /// <summary>What Kestrel may see of it; null: nothing yet, and the bytes were given back.</summary>
    private ReadResult? Show(ReadResult result)
    {
        _buffer = result.Buffer;
        if (_shown == _examined && _shown > 0 && _buffer.Length > _shown)
        {
            // Kestrel wants more of a request that ended here: it reads the bytes otherwise. It decides.
            _passAll = true;
        }

        Extend(result.IsCompleted);
        if (Taken is not null)
        {
            inner.AdvanceTo(_buffer.Start);
            return Ended;
        }

        var all = _shown == _buffer.Length;
        if (_shown == 0 && !result.IsCanceled && !(result.IsCompleted && all))
        {
            inner.AdvanceTo(_buffer.Start, _buffer.End);
            return null;
        }

        return new ReadResult(_buffer.Slice(0, _shown), result.IsCanceled, result.IsCompleted && all);
    }

    private void Extend(bool completed)
    {
        while (_shown < _buffer.Length && !_passAll)
        {
            if (_bodyLeft > 0)
            {
                var step = Math.Min(_bodyLeft, _buffer.Length - _shown);
                (_bodyLeft, _shown) = (_bodyLeft - step, _shown + step);
            }
            else if (_inChunked)
            {
                _shown += _chunked.Consume(_buffer.Slice(_shown));
                _inChunked = !_chunked.Done;
                _passAll = _chunked.Malformed;
            }
            else if (_shown > 0 || !NextRequest(completed))
            {
                return;
            }
        }

        if (_passAll)
        {
            _shown = _buffer.Length;
        }
    }

    /// <summary>False: no whole head yet, or it is taken.</summary>
    private bool NextRequest(bool completed)
    {
        var head = RequestHead.Parse(_buffer, out var malformed);
        if (head is null)
        {
            _passAll = malformed || completed;
            return _passAll;
        }

        if (isTaken(head))
        {
            Taken = head;
            return false;
        }

        _shown = head.Length;
        (_bodyLeft, _inChunked, _chunked) = (Math.Max(0, head.ContentLength), head.ContentLength < 0, default);
        return true;
    }
}
