using System.Buffers;
using System.Buffers.Binary;

namespace Hypr.Dns.Wire;

internal enum FrameState
{
    Whole,

    /// <summary>The rest is still to come.</summary>
    Partial,

    /// <summary>A length that no question has: what follows cannot be told apart any more.</summary>
    Broken,
}

/// <summary>A message on a stream: its length in two octets, then the message (RFC 1035 section 4.2.2).</summary>
internal static class Frame
{
    public const int Head = 2;

    /// <summary>A question that is longer is none.</summary>
    public const int MostQuestion = 4096;

    /// <summary>Takes the first frame off <paramref name="input"/>, where it is whole.</summary>
    public static FrameState Take(ref ReadOnlySpan<byte> input, out ReadOnlySpan<byte> message)
    {
        message = default;
        if (input.Length < Head)
        {
            return FrameState.Partial;
        }

        int length = BinaryPrimitives.ReadUInt16BigEndian(input);
        if (length is < Limits.Header or > MostQuestion)
        {
            return FrameState.Broken;
        }

        if (input.Length < Head + length)
        {
            return FrameState.Partial;
        }

        message = input.Slice(Head, length);
        input = input[(Head + length)..];
        return FrameState.Whole;
    }
}

/// <summary>Octets of a stream that wait, for their rest or for a slow reader. Holds memory only while there are any.</summary>
internal struct KeptOctets
{
    private byte[]? buffer;

    public int Length { get; private set; }

    public readonly ReadOnlySpan<byte> Octets => buffer.AsSpan(0, Length);

    public void Append(ReadOnlySpan<byte> data)
    {
        if (data.Length == 0)
        {
            return;
        }

        if (buffer is null || buffer.Length < Length + data.Length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Length + data.Length);
            Octets.CopyTo(larger);
            Return();
            buffer = larger;
        }

        data.CopyTo(buffer.AsSpan(Length));
        Length += data.Length;
    }

    /// <summary>Without its first octets.</summary>
    public void Drop(int count)
    {
        Octets[count..].CopyTo(buffer);
        Length -= count;
        if (Length == 0)
        {
            Return();
        }
    }

    /// <summary>Moves all to the start of <paramref name="target"/>.</summary>
    public int MoveTo(Span<byte> target)
    {
        var length = Length;
        Octets.CopyTo(target);
        Clear();
        return length;
    }

    public void Clear()
    {
        Length = 0;
        Return();
    }

    private void Return()
    {
        if (buffer is not null)
        {
            ArrayPool<byte>.Shared.Return(buffer);
            buffer = null;
        }
    }
}
