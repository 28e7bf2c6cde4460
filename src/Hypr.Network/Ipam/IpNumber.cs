using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Hypr.Network.Ipam;

/// <summary>Addresses as numbers, and their text as people write it.</summary>
internal static class IpNumber
{
    public static UInt128 Of(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out var length);
        return length == 4 ? BinaryPrimitives.ReadUInt32BigEndian(bytes) : BinaryPrimitives.ReadUInt128BigEndian(bytes);
    }

    public static IPAddress ToAddress(UInt128 number, AddressFamily family)
    {
        Span<byte> bytes = stackalloc byte[16];
        if (family == AddressFamily.InterNetwork)
        {
            BinaryPrimitives.WriteUInt32BigEndian(bytes, (uint)number);
            return new IPAddress(bytes[..4]);
        }

        BinaryPrimitives.WriteUInt128BigEndian(bytes, number);
        return new IPAddress(bytes);
    }

    public static int Bits(AddressFamily family) => family == AddressFamily.InterNetwork ? 32 : 128;

    /// <summary>The number of addresses of a prefix; of /0 in IPv6, which does not fit, the greatest number.</summary>
    public static UInt128 Size(int prefixLength, AddressFamily family)
    {
        var hostBits = Bits(family) - prefixLength;
        return hostBits >= 128 ? UInt128.MaxValue : UInt128.One << hostBits;
    }

    /// <summary>
    /// Strictly what people mean: four decimal numbers (inet_aton's <c>10.1</c>, octal and hexadecimal are refused), or IPv6 (RFC 4291) without zone and brackets.
    /// </summary>
    public static bool TryParse(string? text, out IPAddress address)
    {
        address = IPAddress.None;
        if (string.IsNullOrEmpty(text))
        {
            return false;
        }

        if (text.Contains(':'))
        {
            if (text.AsSpan().IndexOfAny('%', '[', ']') >= 0 || text.Contains('/') || !IPAddress.TryParse(text, out var v6))
            {
                return false;
            }

            address = v6;
            return v6.AddressFamily == AddressFamily.InterNetworkV6;
        }

        Span<byte> bytes = stackalloc byte[4];
        var parts = text.Split('.');
        if (parts.Length != 4)
        {
            return false;
        }

        for (var i = 0; i < 4; i++)
        {
            if (parts[i].Length is 0 or > 3 || (parts[i].Length > 1 && parts[i][0] == '0')
                || !byte.TryParse(parts[i], NumberStyles.None, CultureInfo.InvariantCulture, out bytes[i]))
            {
                return false;
            }
        }

        address = new IPAddress(bytes);
        return true;
    }

    /// <summary>An address and its prefix length, host bits as they are.</summary>
    public static bool TryParsePrefix(string? text, out IPAddress address, out int length)
    {
        length = 0;
        var slash = text?.IndexOf('/') ?? -1;
        if (slash < 0)
        {
            address = IPAddress.None;
            return false;
        }

        var digits = text.AsSpan(slash + 1);
        return TryParse(text![..slash], out address)
            && digits.Length is > 0 and <= 3
            && int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out length)
            && length <= Bits(address.AddressFamily);
    }
}

/// <summary>Addresses of one family from the first to the last, both in it.</summary>
internal readonly record struct AddressRange(UInt128 First, UInt128 Last)
{
    public static AddressRange Of(IPNetwork network)
    {
        var first = IpNumber.Of(network.BaseAddress);
        return new AddressRange(first, first + (IpNumber.Size(network.PrefixLength, network.BaseAddress.AddressFamily) - 1));
    }

    public bool Contains(UInt128 number) => number >= First && number <= Last;

    public bool Contains(AddressRange other) => other.First >= First && other.Last <= Last;

    public bool Overlaps(AddressRange other) => First <= other.Last && other.First <= Last;
}
