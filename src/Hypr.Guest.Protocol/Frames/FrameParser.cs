using System.Buffers.Binary;

namespace Hypr.Guest.Protocol.Frames;

/// <summary>Takes a byte stream in pieces of any size and gives whole, sound frames. Its memory is one frame.</summary>
/// <param name="lenient">
/// The agent's way: what is no frame is skipped, up to the next reset (<see cref="IsLost"/>). Otherwise it is a <see cref="ProtocolException"/>.
/// </param>
public sealed class FrameParser(bool lenient)
{
    private readonly byte[] _frame = new byte[Frame.MaxLength];
    private int _have;
    private int _need = Frame.HeaderLength;

    /// <summary>Frames are dropped until a reset comes.</summary>
    public bool IsLost { get; private set; }

    public FrameType Type => (FrameType)_frame[1];

    public uint Stream => BinaryPrimitives.ReadUInt32LittleEndian(_frame.AsSpan(4));

    /// <summary>Valid until the next call.</summary>
    public ReadOnlySpan<byte> Payload => _frame.AsSpan(Frame.HeaderLength, PayloadLength);

    private int PayloadLength => BinaryPrimitives.ReadUInt16LittleEndian(_frame.AsSpan(2));

    /// <summary>Drops all frames up to the next reset.</summary>
    public void Lose()
    {
        IsLost = true;
        Restart();
    }

    /// <summary>Forgets a frame that has begun.</summary>
    public void Restart()
    {
        _have = 0;
        _need = Frame.HeaderLength;
    }

    /// <summary>True: a frame is there, and <paramref name="bytes"/> is what follows it. False: all bytes were taken and the frame is not complete.</summary>
    public bool TryRead(ref ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            if (_have == 0 && !FindMarker(ref bytes))
                return false;
            var take = Math.Min(_need - _have, bytes.Length);
            bytes[..take].CopyTo(_frame.AsSpan(_have));
            bytes = bytes[take..];
            _have += take;
            if (_have < _need)
                return false;
            if (_need == Frame.HeaderLength)
            {
                if (PayloadLength > Frame.MaxPayload)
                    Refuse("a frame is longer than allowed");
                else
                    _need = Frame.HeaderLength + PayloadLength + 1;
                continue;
            }

            var sound = _frame[_need - 1] == Frame.Trailer;
            Restart();
            if (!sound)
                Refuse("a frame has no end");
            else if (!IsLost)
                return true;
            else if (Type == FrameType.Reset)
            {
                IsLost = false;
                return true;
            }
        }

        return false;
    }

    /// <summary>For fuzzing: any bytes, both ways of treating errors.</summary>
    internal static void Fuzz(ReadOnlySpan<byte> bytes)
    {
        var mild = new FrameParser(lenient: true);
        var rest = bytes;
        while (mild.TryRead(ref rest))
            _ = mild.Payload.Length;
        try
        {
            var strict = new FrameParser(lenient: false);
            while (strict.TryRead(ref bytes))
                _ = strict.Payload.Length;
        }
        catch (ProtocolException)
        {
            // Said what is wrong, as it should.
        }
    }

    private bool FindMarker(ref ReadOnlySpan<byte> bytes)
    {
        var start = bytes.IndexOf(Frame.Marker);
        if (bytes[..(start < 0 ? bytes.Length : start)].ContainsAnyExcept((byte)0))
            Refuse("bytes that are no frame");
        bytes = start < 0 ? default : bytes[start..];
        return start >= 0;
    }

    private void Refuse(string why)
    {
        if (!lenient)
            throw new ProtocolException(why);
        Lose();
    }
}
