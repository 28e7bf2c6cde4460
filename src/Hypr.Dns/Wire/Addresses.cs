using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Hypr.Dns.Wire;

/// <summary>Addresses of both families as one number: IPv4 as ::ffff:a.b.c.d.</summary>
internal static class Addresses
{
    private static readonly UInt128 Mapped = new(0, 0xffff_0000_0000);

    public static bool IsV4(UInt128 address) => address >> 32 == 0xffff;

    public static UInt128 FromV4(uint address) => Mapped | address;

    public static UInt128 From(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out var length);
        return length == 4
            ? FromV4(BinaryPrimitives.ReadUInt32BigEndian(bytes))
            : BinaryPrimitives.ReadUInt128BigEndian(bytes);
    }

    public static bool IsLoopback(UInt128 address) => address == 1 || (IsV4(address) && (uint)address >> 24 == 127);

    /// <summary>The length of a prefix in our numbers: an IPv4 prefix has the 96 mapped bits before it.</summary>
    public static int PrefixLength(IPNetwork network) =>
        network.BaseAddress.AddressFamily == AddressFamily.InterNetwork ? network.PrefixLength + 96 : network.PrefixLength;

    public static bool SamePrefix(UInt128 left, UInt128 right, int length) => length == 0 || (left ^ right) >> (128 - length) == 0;
}
