using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Hypr.Dns.Wire;

/// <summary>
/// Names in wire form (RFC 1035 section 3.1). A key is a lower-case name without the root's octet at its end, as the tables hold it.
/// A length octet is at most 63 and so below 'A': a whole name may be lower-cased octet by octet.
/// </summary>
internal static class DnsName
{
    private static readonly ulong Seed = BinaryPrimitives.ReadUInt64LittleEndian(RandomNumberGenerator.GetBytes(8));

    /// <summary>The key of a dotted text, or null when it is no name: an empty label, one over 63 bytes, or over <paramref name="limit"/>
    /// in all.</summary>
    public static byte[]? Encode(string text, int limit = 240)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        if (bytes.Length == 0 || bytes.Length + 1 > limit)
        {
            return null;
        }

        var key = new byte[bytes.Length + 1];
        var start = 0;
        for (var i = 0; i <= bytes.Length; i++)
        {
            if (i < bytes.Length && bytes[i] != (byte)'.')
            {
                key[i + 1] = Lower(bytes[i]);
                continue;
            }

            if (i == start || i - start > 63)
            {
                return null;
            }

            key[start] = (byte)(i - start);
            start = i + 1;
        }

        return key;
    }

    public static byte Lower(byte octet) => (uint)(octet - 'A') < 26 ? (byte)(octet | 0x20) : octet;

    /// <summary>
    /// Reads a question's name, lower-cased with the root at its end, and where its labels start. A compression pointer is an error here:
    /// nothing but the header stands before the first name.
    /// </summary>
    /// <returns>The name's length, or -1.</returns>
    public static int Read(ReadOnlySpan<byte> message, int offset, Span<byte> lower, Span<byte> starts, out int labels)
    {
        labels = 0;
        var length = 0;
        while (true)
        {
            if ((uint)(offset + length) >= (uint)message.Length)
            {
                return -1;
            }

            int label = message[offset + length];
            if (label == 0)
            {
                lower[length] = 0;
                return length + 1;
            }

            // 63 octets a label, 255 a name (RFC 1035 section 2.3.4), the root's included.
            if (label > 63 || length + label + 2 > Limits.Name || offset + length + label >= message.Length)
            {
                return -1;
            }

            starts[labels++] = (byte)length;
            lower[length] = (byte)label;
            for (var i = length + 1; i <= length + label; i++)
            {
                lower[i] = Lower(message[offset + i]);
            }

            length += label + 1;
        }
    }

    /// <summary>
    /// Where the name at <paramref name="offset"/> ends, or -1. A pointer must point before the name it stands in (RFC 1035 section 4.1.4:
    /// "a prior
    /// occurrence"), so following one always goes back and the work is bounded; the name it makes must be at most 255 octets.
    /// </summary>
    public static int Skip(ReadOnlySpan<byte> message, int offset)
    {
        var end = -1;
        var total = 1;
        var bound = offset;
        while ((uint)offset < (uint)message.Length)
        {
            int label = message[offset];
            if (label == 0)
            {
                return end < 0 ? offset + 1 : end;
            }

            if ((label & 0xc0) == 0xc0)
            {
                if (offset + 1 >= message.Length)
                {
                    return -1;
                }

                var target = ((label & 0x3f) << 8) | message[offset + 1];
                if (target >= bound || target < Limits.Header)
                {
                    return -1;
                }

                end = end < 0 ? offset + 2 : end;
                bound = target;
                offset = target;
                continue;
            }

            total += label + 1;
            if (label > 63 || total > Limits.Name)
            {
                return -1;
            }

            offset += label + 1;
        }

        return -1;
    }

    /// <summary>Keyed by chance at each start, so that nobody can choose names that collide.</summary>
    public static uint Hash(ReadOnlySpan<byte> key)
    {
        var h = Seed ^ ((ulong)key.Length * 0x9E3779B97F4A7C15);
        while (key.Length >= 8)
        {
            h = Mix(h ^ BinaryPrimitives.ReadUInt64LittleEndian(key));
            key = key[8..];
        }

        ulong tail = 0;
        for (var i = 0; i < key.Length; i++)
        {
            tail |= (ulong)key[i] << (i * 8);
        }

        h = Mix(h ^ tail);
        return (uint)(h ^ (h >> 32));
    }

    public static uint Hash(UInt128 address)
    {
        var h = Mix(Mix(Seed ^ (ulong)address) ^ (ulong)(address >> 64));
        return (uint)(h ^ (h >> 32));
    }

    public static ulong Mix(ulong value)
    {
        var high = Math.BigMul(value, 0xD6E8FEB86659FD93, out var low);
        return high ^ low;
    }

    /// <summary>A name for logs and errors: what is not printable is escaped as in zone files.</summary>
    public static string Text(ReadOnlySpan<byte> name)
    {
        var text = new StringBuilder(name.Length);
        while (name.Length > 0 && name[0] != 0)
        {
            foreach (var octet in name.Slice(1, name[0]))
            {
                _ = octet is > 0x20 and < 0x7f and not (byte)'.' and not (byte)'\\'
                    ? text.Append((char)octet)
                    : text.Append('\\').Append(octet.ToString("D3", System.Globalization.CultureInfo.InvariantCulture));
            }

            text.Append('.');
            name = name[(name[0] + 1)..];
        }

        return text.Length == 0 ? "." : text.ToString();
    }
}
