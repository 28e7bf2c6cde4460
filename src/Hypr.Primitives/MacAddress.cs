using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Hypr.Primitives;

/// <summary>A 48-bit Ethernet address (IEEE 802).</summary>
public readonly struct MacAddress : IEquatable<MacAddress>
{
    private readonly ulong _value;

    private MacAddress(ulong value) => _value = value;

    /// <summary>
    /// The address of the NIC that has <paramref name="ip"/>: 02:42 (locally administered, Docker's prefix) and the IPv4 address. It follows from the
    /// IP address so that no neighbour's cache goes stale when an address finds a new owner.
    /// </summary>
    public static MacAddress FromIPv4(IPAddress ip)
    {
        if (ip.AddressFamily != AddressFamily.InterNetwork)
        {
            throw new ArgumentException("an IPv4 address is due", nameof(ip));
        }

        Span<byte> b = stackalloc byte[6];
        b[0] = 0x02;
        b[1] = 0x42;
        ip.TryWriteBytes(b[2..], out _);
        return FromBytes(b);
    }

    public static MacAddress FromBytes(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != 6)
        {
            throw new ArgumentException("six bytes are due", nameof(bytes));
        }

        ulong v = 0;
        foreach (var b in bytes)
        {
            v = (v << 8) | b;
        }

        return new MacAddress(v);
    }

    public static bool TryParse(string? text, out MacAddress mac)
    {
        mac = default;
        if (text is not { Length: 17 })
        {
            return false;
        }

        ulong v = 0;
        for (var i = 0; i < 6; i++)
        {
            if ((i > 0 && text[(i * 3) - 1] is not (':' or '-'))
                || !byte.TryParse(text.AsSpan(i * 3, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var b))
            {
                return false;
            }

            v = (v << 8) | b;
        }

        mac = new MacAddress(v);
        return true;
    }

    public static MacAddress Parse(string text) =>
        TryParse(text, out var mac) ? mac : throw new FormatException($"'{text}' is not a MAC address such as 02:42:0a:58:00:02");

    /// <summary>Group addresses cannot be a NIC's own (IEEE 802, I/G bit).</summary>
    public bool IsMulticast => ((_value >> 40) & 1) != 0;

    public bool IsZero => _value == 0;

    public byte[] ToBytes()
    {
        var b = new byte[6];
        for (var i = 0; i < 6; i++)
        {
            b[i] = (byte)(_value >> (40 - (8 * i)));
        }

        return b;
    }

    public override string ToString()
    {
        var b = ToBytes();
        return $"{b[0]:x2}:{b[1]:x2}:{b[2]:x2}:{b[3]:x2}:{b[4]:x2}:{b[5]:x2}";
    }

    public bool Equals(MacAddress other) => _value == other._value;

    public override bool Equals(object? obj) => obj is MacAddress m && Equals(m);

    public override int GetHashCode() => _value.GetHashCode();

    public static bool operator ==(MacAddress left, MacAddress right) => left.Equals(right);

    public static bool operator !=(MacAddress left, MacAddress right) => !left.Equals(right);
}
