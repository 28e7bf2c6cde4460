using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Hypr.Linux.Nftables;

/// <summary>
/// The bytes of a key or of data: each field padded to four bytes, as the kernel's registers are. Compares by content.
/// </summary>
public readonly struct NftValue : IEquatable<NftValue>
{
    private const int LinkNameLength = 16;
    private readonly byte[]? _bytes;

    private NftValue(byte[] bytes) => _bytes = bytes;

    public ReadOnlySpan<byte> Bytes => _bytes;

    public static NftValue Link(string name)
    {
        var bytes = new byte[LinkNameLength];
        if (Encoding.ASCII.GetByteCount(name) >= LinkNameLength)
            throw new ArgumentException($"'{name}' is no link name", nameof(name));
        Encoding.ASCII.GetBytes(name, bytes);
        return new NftValue(bytes);
    }

    public static NftValue Address(IPAddress address) => new(address.GetAddressBytes());

    /// <summary>An IANA protocol number: 6 TCP, 17 UDP, 132 SCTP.</summary>
    public static NftValue Protocol(byte number) => new([number]);

    public static NftValue Port(int port)
    {
        var bytes = new byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(bytes, checked((ushort)port));
        return new NftValue(bytes);
    }

    public static NftValue Raw(params ReadOnlySpan<byte> bytes) => new(bytes.ToArray());

    /// <summary><c>PROTOCOL . PORT</c>, as many of them as there are ports.</summary>
    public static NftValue ProtocolPort(byte protocol, int port)
    {
        var bytes = new byte[8];
        bytes[0] = protocol;
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(4), checked((ushort)port));
        return new NftValue(bytes);
    }

    /// <summary><c>ADDRESS . PORT</c></summary>
    public static NftValue AddressPort(IPAddress address, int port)
    {
        var bytes = new byte[address.AddressFamily == AddressFamily.InterNetworkV6 ? 20 : 8];
        address.TryWriteBytes(bytes, out var length);
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(length), checked((ushort)port));
        return new NftValue(bytes);
    }

    /// <summary>A concatenation: <c>a . b</c></summary>
    public NftValue With(NftValue next)
    {
        var start = (Bytes.Length + 3) & ~3;
        // The last field of a concatenation is padded too.
        var all = new byte[start + ((next.Bytes.Length + 3) & ~3)];
        Bytes.CopyTo(all);
        next.Bytes.CopyTo(all.AsSpan(start));
        return new NftValue(all);
    }

    public bool Equals(NftValue other) => Bytes.SequenceEqual(other.Bytes);

    public override bool Equals(object? obj) => obj is NftValue v && Equals(v);

    public override int GetHashCode()
    {
        var hash = new HashCode();
        hash.AddBytes(Bytes);
        return hash.ToHashCode();
    }

    public static bool operator ==(NftValue left, NftValue right) => left.Equals(right);

    public static bool operator !=(NftValue left, NftValue right) => !left.Equals(right);
}

/// <summary>An element of a set, or of a map when it has <see cref="Data"/>.</summary>
/// <param name="KeyEnd">Of an interval: its last value, included. Only for sets of concatenations (pipapo).</param>
public readonly record struct NftElement(NftValue Key, NftValue? Data = null, NftValue? KeyEnd = null);
