using System.Buffers;

namespace Hypr.Daemon.Hijack;

/// <summary>Finds the end of a chunked body (RFC 9112, section 7.1), byte by byte over whatever pieces it comes in.</summary>
internal struct ChunkedBody
{
    private const int MaximumLine = 4096;
    private State _state;
    private long _left;
    private int _line;
    private bool _sizeEnded;

    private enum State
    {
        Size,
        Data,
        DataEnd,
        Trailer,
        Done,
        Malformed,
    }

    public readonly bool Done => _state == State.Done;

    public readonly bool Malformed => _state == State.Malformed;

    /// <summary>Gives how many of the bytes belong to the body.</summary>
    public long Consume(ReadOnlySequence<byte> bytes)
    {
        long taken = 0;
        foreach (var segment in bytes)
        {
            var span = segment.Span;
            var i = 0;
            while (i < span.Length && _state is not (State.Done or State.Malformed))
            {
                if (_state == State.Data)
                {
                    var step = (int)Math.Min(_left, span.Length - i);
                    (_left, i) = (_left - step, i + step);
                    if (_left == 0)
                    {
                        _state = State.DataEnd;
                    }
                }
                else
                {
                    Step(span[i++]);
                }
            }

            taken += i;
            if (_state is State.Done or State.Malformed)
            {
                break;
            }
        }

        return taken;
    }

    private void Step(byte b)
    {
        if (++_line > MaximumLine)
        {
            _state = State.Malformed;
            return;
        }

        switch (_state)
        {
            case State.Size when b == '\n':
                _state = _left == 0 ? State.Trailer : State.Data;
                (_line, _sizeEnded) = (0, false);
                break;
            case State.Size when b is (byte)';' or (byte)'\r' or (byte)' ':
                _sizeEnded = true;
                break;
            case State.Size when !_sizeEnded:
                var digit = char.IsAsciiHexDigit((char)b) ? Convert.ToInt32(((char)b).ToString(), 16) : -1;
                if (digit < 0 || _left > long.MaxValue >> 5)
                {
                    _state = State.Malformed;
                    return;
                }

                _left = (_left << 4) | (uint)digit;
                break;
            case State.DataEnd when b == '\n':
                (_state, _line) = (State.Size, 0);
                break;
            case State.DataEnd when b != '\r':
                _state = State.Malformed;
                break;
            case State.Trailer when b == '\n':
                // A line of nothing but CR ends the body; any other is a trailer field.
                _state = _line <= 2 ? State.Done : State.Trailer;
                _line = 0;
                break;
        }
    }
}
