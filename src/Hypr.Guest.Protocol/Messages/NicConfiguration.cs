using System.Net;
using System.Net.Sockets;
using Hypr.Guest.Protocol.Wire;

namespace Hypr.Guest.Protocol.Messages;

/// <summary>An address with its prefix length, host bits kept.</summary>
public readonly record struct NicAddress(IPAddress Address, int PrefixLength)
{
    public override string ToString() => $"{Address}/{PrefixLength}";

    public void Encode(WireWriter w)
    {
        EncodeAddress(w, Address);
        w.U8((byte)PrefixLength);
    }

    public static NicAddress Decode(ref WireReader r)
    {
        var address = DecodeAddress(ref r) ?? throw new ProtocolException("an address is missing");
        var length = r.U8();
        return length <= (address.AddressFamily == AddressFamily.InterNetworkV6 ? 128 : 32)
            ? new NicAddress(address, length)
            : throw new ProtocolException($"{address}/{length} has too long a prefix");
    }

    internal static void EncodeAddress(WireWriter w, IPAddress? address) => w.Bytes(address is null ? [] : address.GetAddressBytes());

    internal static IPAddress? DecodeAddress(ref WireReader r)
    {
        var bytes = r.Bytes();
        return bytes.Length switch
        {
            0 => null,
            4 or 16 => new IPAddress(bytes),
            _ => throw new ProtocolException($"an address has 4 or 16 bytes, not {bytes.Length}"),
        };
    }
}

/// <summary>A NIC: where it sits and how it shall be.</summary>
public sealed record NicConfiguration
{
    public required DeviceSlot Slot { get; init; }

    /// <summary><c>eth0</c>, ...</summary>
    public required string Name { get; init; }

    /// <summary>Six bytes. A NIC that has another address gets this one.</summary>
    public required byte[] Mac { get; init; }
    public required int Mtu { get; init; }
    public required IReadOnlyList<NicAddress> Addresses { get; init; }

    /// <summary>Of the default route; null: this NIC has none.</summary>
    public IPAddress? Gateway4 { get; init; }
    public IPAddress? Gateway6 { get; init; }

    /// <summary>The network's gateway on a NIC without the default route: answers to what came from beyond it leave by this NIC.</summary>
    public IPAddress? ReturnGateway4 { get; init; }
    public IPAddress? ReturnGateway6 { get; init; }

    public void Encode(WireWriter w)
    {
        Slot.Encode(w);
        w.Text(Name);
        w.Bytes(Mac);
        w.I32(Mtu);
        w.U32((uint)Addresses.Count);
        foreach (var address in Addresses)
            address.Encode(w);
        NicAddress.EncodeAddress(w, Gateway4);
        NicAddress.EncodeAddress(w, Gateway6);
        NicAddress.EncodeAddress(w, ReturnGateway4);
        NicAddress.EncodeAddress(w, ReturnGateway6);
    }

    public static NicConfiguration Decode(ref WireReader r)
    {
        var slot = DeviceSlot.Decode(ref r);
        var name = r.Text();
        var mac = r.Bytes().ToArray();
        if (mac.Length != 6)
            throw new ProtocolException($"a MAC address has 6 bytes, not {mac.Length}");
        var mtu = r.I32();
        var addresses = new NicAddress[r.Count(5)];
        for (var i = 0; i < addresses.Length; i++)
            addresses[i] = NicAddress.Decode(ref r);
        return new NicConfiguration
        {
            Slot = slot,
            Name = name,
            Mac = mac,
            Mtu = mtu,
            Addresses = addresses,
            Gateway4 = NicAddress.DecodeAddress(ref r),
            Gateway6 = NicAddress.DecodeAddress(ref r),
            ReturnGateway4 = r.AtEnd ? null : NicAddress.DecodeAddress(ref r),
            ReturnGateway6 = r.AtEnd ? null : NicAddress.DecodeAddress(ref r),
        };
    }
}
