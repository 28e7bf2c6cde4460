using Hypr.Dns.Wire;

namespace Hypr.Dns.Zones;

/// <summary>Names under in-addr.arpa and ip6.arpa (RFC 1035 section 3.5, RFC 3596 section 2.5) as prefixes of addresses.</summary>
internal static class ReverseName
{
    /// <param name="name">Lower-case, with the root.</param>
    /// <param name="step">Bits a label stands for.</param>
    /// <param name="complete">False: a label further left is no octet or nibble, the prefix is of those before it.</param>
    /// <returns>False when it is no such name.</returns>
    public static bool TryParse(ReadOnlySpan<byte> name, ReadOnlySpan<byte> labels, out UInt128 prefix, out int bits, out int step,
        out bool complete)
    {
        prefix = 0;
        bits = 0;
        step = 0;
        complete = true;
        if (labels.Length < 2)
        {
            return false;
        }

        var suffix = name[labels[^2]..];
        var v4 = suffix.SequenceEqual("\u0007in-addr\u0004arpa\0"u8);
        if (!v4 && !suffix.SequenceEqual("\u0003ip6\u0004arpa\0"u8))
        {
            return false;
        }

        step = v4 ? 8 : 4;
        bits = v4 ? 96 : 0;
        prefix = v4 ? Addresses.FromV4(0) : 0;
        for (var i = labels.Length - 3; i >= 0; i--)
        {
            var label = name.Slice(labels[i] + 1, name[labels[i]]);
            if (bits == 128 || !TryDigits(label, v4, out var value))
            {
                complete = false;
                return true;
            }

            bits += step;
            prefix |= (UInt128)value << (128 - bits);
        }

        return true;
    }

    private static bool TryDigits(ReadOnlySpan<byte> label, bool v4, out uint value)
    {
        value = 0;
        if (!v4)
        {
            value = label.Length != 1 ? 16u : label[0] switch
            {
                >= (byte)'0' and <= (byte)'9' => (uint)(label[0] - '0'),
                >= (byte)'a' and <= (byte)'f' => (uint)(label[0] - 'a' + 10),
                _ => 16u,
            };
            return value < 16;
        }

        if (label.Length > 3 || (label.Length > 1 && label[0] == '0'))
        {
            return false;
        }

        foreach (var digit in label)
        {
            if (digit is < (byte)'0' or > (byte)'9')
            {
                return false;
            }

            value = (value * 10) + (uint)(digit - '0');
        }

        return value < 256;
    }
}
