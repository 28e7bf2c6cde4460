using System.Net;

namespace Hypr.Network.Platforms.Linux.Links;

internal static class Prefixes
{
    /// <summary>The subnet that an address with its prefix length lies in.</summary>
    public static IPNetwork Of(IPAddress address, int length)
    {
        var bytes = address.GetAddressBytes();
        for (var i = 0; i < bytes.Length; i++)
        {
            var bits = Math.Clamp(length - (i * 8), 0, 8);
            bytes[i] &= (byte)(0xff00 >> bits);
        }

        return new IPNetwork(new IPAddress(bytes), length);
    }
}
