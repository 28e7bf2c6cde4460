using System.Net;
using Hypr.Primitives;

namespace Hypr.Network;

/// <summary>What daemon.json says of networks; names in brackets are Docker's keys.</summary>
public sealed record NetworkSettings
{
    /// <summary>The default network's gateway and subnet [bip]; null: 10.88.0.1/16, or a free block when the host uses that.</summary>
    public InterfaceAddress? DefaultBridgeAddress { get; init; }

    /// <summary>Where subnets come from when none is asked for [default-address-pools].</summary>
    public IReadOnlyList<AddressPool> Pools { get; init; } = [new(IPNetwork.Parse("10.112.0.0/12"), 24)];

    /// <summary>Bytes, 68 to 65535 [mtu].</summary>
    public int Mtu { get; init; } = 1500;

    /// <summary>The default network has IPv6 too, a ULA /64 of its own [ipv6].</summary>
    public bool IPv6 { get; init; }

    /// <summary>Where ports are published without an address [ip]; null: on all.</summary>
    public IPAddress? DefaultBindAddress { get; init; }
}

/// <param name="Base">The block that is cut.</param>
/// <param name="Size">The prefix length of each piece.</param>
public sealed record AddressPool(IPNetwork Base, int Size);
