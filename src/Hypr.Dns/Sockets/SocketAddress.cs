using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Hypr.Dns.Wire;

namespace Hypr.Dns.Sockets;

/// <summary>struct sockaddr_in and sockaddr_in6 in a buffer of <see cref="Size"/> octets.</summary>
internal static unsafe class SocketAddress
{
    public const int Size = 28;

    public static int Write(byte* target, IPEndPoint endPoint)
    {
        new Span<byte>(target, Size).Clear();
        BinaryPrimitives.WriteUInt16BigEndian(new Span<byte>(target + 2, 2), (ushort)endPoint.Port);
        if (endPoint.AddressFamily == AddressFamily.InterNetwork)
        {
            *(ushort*)target = Libc.AfInet;
            _ = endPoint.Address.TryWriteBytes(new Span<byte>(target + 4, 4), out _);
            return 16;
        }

        *(ushort*)target = Libc.AfInet6;
        _ = endPoint.Address.TryWriteBytes(new Span<byte>(target + 8, 16), out _);
        *(uint*)(target + 24) = (uint)endPoint.Address.ScopeId;
        return 28;
    }

    public static UInt128 Address(byte* source) => *(ushort*)source == Libc.AfInet
        ? Addresses.FromV4(BinaryPrimitives.ReadUInt32BigEndian(new ReadOnlySpan<byte>(source + 4, 4)))
        : BinaryPrimitives.ReadUInt128BigEndian(new ReadOnlySpan<byte>(source + 8, 16));

    /// <summary>The address's own octets, as cookies hash them.</summary>
    public static ReadOnlySpan<byte> AddressBytes(byte* source) =>
        *(ushort*)source == Libc.AfInet ? new ReadOnlySpan<byte>(source + 4, 4) : new ReadOnlySpan<byte>(source + 8, 16);
}
