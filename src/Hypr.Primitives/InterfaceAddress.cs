using System.Net;
using System.Net.Sockets;

namespace Hypr.Primitives;

/// <summary>An address on a link with its prefix length, host bits kept: <c>10.88.0.2/16</c>. (A subnet is <see cref="IPNetwork"/>, host bits zero.)</summary>
public readonly record struct InterfaceAddress(IPAddress Address, int PrefixLength)
{
    public bool IsIPv6 => Address.AddressFamily == AddressFamily.InterNetworkV6;

    public static bool TryParse(string? text, out InterfaceAddress value)
    {
        value = default;
        var slash = text?.IndexOf('/') ?? -1;
        if (slash < 0 || !IPAddress.TryParse(text.AsSpan(0, slash), out var ip) || !int.TryParse(text.AsSpan(slash + 1), out var length)
            || length < 0 || length > (ip.AddressFamily == AddressFamily.InterNetworkV6 ? 128 : 32))
        {
            return false;
        }

        value = new InterfaceAddress(ip, length);
        return true;
    }

    public static InterfaceAddress Parse(string text) =>
        TryParse(text, out var v) ? v : throw new FormatException($"'{text}' is not an address with a prefix length such as 10.88.0.2/16");

    public override string ToString() => $"{Address}/{PrefixLength}";
}
