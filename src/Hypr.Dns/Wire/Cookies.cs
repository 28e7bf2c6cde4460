using System.Buffers.Binary;
using System.Numerics;
using System.Security.Cryptography;

namespace Hypr.Dns.Wire;

/// <summary>
/// DNS cookies (RFC 7873) in the interoperable form of RFC 9018: version, reserved, timestamp, SipHash-2-4 over all of it and the client's
/// address.
/// They are given, never demanded: our askers are known by interface and address.
/// </summary>
internal sealed class Cookies(ulong key0, ulong key1)
{
    public const ushort Option = 10;

    /// <summary>Client's and server's cookie together.</summary>
    public const int Length = 24;

    public Cookies()
        : this(Random64(), Random64())
    {
    }

    /// <summary>Writes the client's cookie and ours. <paramref name="seconds"/> is Unix time.</summary>
    public void Write(Span<byte> target, ulong clientCookie, uint seconds, ReadOnlySpan<byte> address)
    {
        BinaryPrimitives.WriteUInt64BigEndian(target, clientCookie);
        BinaryPrimitives.WriteUInt32BigEndian(target[8..], 0x01000000);
        BinaryPrimitives.WriteUInt32BigEndian(target[12..], seconds);
        Span<byte> input = stackalloc byte[32];
        target[..16].CopyTo(input);
        address.CopyTo(input[16..]);
        BinaryPrimitives.WriteUInt64LittleEndian(target[16..], SipHash(input[..(16 + address.Length)]));
    }

    public ulong SipHash(ReadOnlySpan<byte> data)
    {
        var v0 = key0 ^ 0x736f6d6570736575;
        var v1 = key1 ^ 0x646f72616e646f6d;
        var v2 = key0 ^ 0x6c7967656e657261;
        var v3 = key1 ^ 0x7465646279746573;
        var last = (ulong)data.Length << 56;
        while (data.Length >= 8)
        {
            var word = BinaryPrimitives.ReadUInt64LittleEndian(data);
            v3 ^= word;
            Round(ref v0, ref v1, ref v2, ref v3);
            Round(ref v0, ref v1, ref v2, ref v3);
            v0 ^= word;
            data = data[8..];
        }

        for (var i = 0; i < data.Length; i++)
        {
            last |= (ulong)data[i] << (8 * i);
        }

        v3 ^= last;
        Round(ref v0, ref v1, ref v2, ref v3);
        Round(ref v0, ref v1, ref v2, ref v3);
        v0 ^= last;
        v2 ^= 0xff;
        for (var i = 0; i < 4; i++)
        {
            Round(ref v0, ref v1, ref v2, ref v3);
        }

        return v0 ^ v1 ^ v2 ^ v3;
    }

    private static void Round(ref ulong v0, ref ulong v1, ref ulong v2, ref ulong v3)
    {
        v0 += v1;
        v1 = BitOperations.RotateLeft(v1, 13) ^ v0;
        v0 = BitOperations.RotateLeft(v0, 32);
        v2 += v3;
        v3 = BitOperations.RotateLeft(v3, 16) ^ v2;
        v0 += v3;
        v3 = BitOperations.RotateLeft(v3, 21) ^ v0;
        v2 += v1;
        v1 = BitOperations.RotateLeft(v1, 17) ^ v2;
        v2 = BitOperations.RotateLeft(v2, 32);
    }

    private static ulong Random64() => BinaryPrimitives.ReadUInt64LittleEndian(RandomNumberGenerator.GetBytes(8));
}
