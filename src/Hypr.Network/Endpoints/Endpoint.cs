using System.Net;
using Hypr.Network.Ports;
using Hypr.Primitives;
using Microsoft.Win32.SafeHandles;

namespace Hypr.Network.Endpoints;

/// <summary>A machine's place on a network.</summary>
public sealed record Endpoint
{
    public required string Id { get; init; }
    public required string NetworkId { get; init; }
    public required string MachineId { get; init; }
    public required string MachineName { get; init; }

    /// <summary>Null until leased (at the machine's first start, or at once with a static address).</summary>
    public InterfaceAddress? IPv4 { get; init; }
    public InterfaceAddress? IPv6 { get; init; }
    public MacAddress? Mac { get; init; }
    public IReadOnlyList<string> Aliases { get; init; } = [];
    public int GatewayPriority { get; init; }
    public IReadOnlyDictionary<string, string> DriverOptions { get; init; } = new Dictionary<string, string>();

    /// <summary>As asked for; null when dynamic.</summary>
    public IPAddress? StaticIPv4 { get; init; }
    public IPAddress? StaticIPv6 { get; init; }

    /// <summary>The host's link while the machine runs; else null.</summary>
    public string? Tap { get; init; }

    /// <summary>The NIC's name in the guest while the machine runs; else null.</summary>
    public string? GuestName { get; init; }
}

/// <summary>Docker's EndpointSettings in a request.</summary>
public sealed record EndpointRequest
{
    public string? IPv4 { get; init; }
    public string? IPv6 { get; init; }
    public string? Mac { get; init; }
    public IReadOnlyList<string> Aliases { get; init; } = [];
    public int GatewayPriority { get; init; }
    public IReadOnlyDictionary<string, string> DriverOptions { get; init; } = new Dictionary<string, string>();
}

/// <summary>A machine's whole network, ready for its VMM. Dispose it when the VMM has its TAPs (or did not start): the descriptors close.</summary>
/// <param name="Nameserver">The one nameserver of the guest's resolv.conf; null without networks.</param>
/// <param name="Search">The host's search list.</param>
/// <param name="HostGateway">What <c>host-gateway</c> in --add-host stands for.</param>
public sealed record Activation(
    IReadOnlyList<ActiveNic> Nics,
    IReadOnlyList<PublishedPort> Ports,
    IPAddress? Nameserver,
    IReadOnlyList<string> Search,
    IPAddress? HostGateway) : IDisposable
{
    /// <summary>What did not hinder the start and a person should know: no network at all, ports of a machine that has only internal networks.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    public GuestNetwork Guest => new(Nics, Nameserver, Search, HostGateway);

    public void Dispose()
    {
        foreach (var nic in Nics)
        {
            nic.Tap.Dispose();
        }
    }
}

/// <summary>What a guest is told of one NIC. In a list, in the guest's order: the first is eth0.</summary>
/// <param name="Gateway4">Set on the one NIC that has the default route. So for <paramref name="Gateway6"/>.</param>
public record NicSettings(Endpoint Endpoint, string GuestName, int Mtu, IPAddress? Gateway4, IPAddress? Gateway6)
{
    /// <summary>On a NIC without the default route, the way of answers to what came in on it: they leave by it. Null on internal networks, which lead nowhere.</summary>
    public IPAddress? ReturnGateway4 { get; init; }
    public IPAddress? ReturnGateway6 { get; init; }
}

/// <param name="Tap">The queue's descriptor, attached to the link.</param>
public sealed record ActiveNic(NicSettings Settings, SafeFileHandle Tap) : NicSettings(Settings);

/// <summary>What a running guest is told after a change of its networks.</summary>
public sealed record GuestNetwork(IReadOnlyList<NicSettings> Nics, IPAddress? Nameserver, IReadOnlyList<string> Search, IPAddress? HostGateway);

/// <summary>A running machine has joined a network. Dispose it when the VMM has the TAP (or did not take it).</summary>
/// <param name="Nic">To be plugged in.</param>
/// <param name="Before">For taking it back.</param>
/// <param name="After">With the new NIC; the default route may be another NIC's now.</param>
public sealed record LiveConnection(ActiveNic Nic, GuestNetwork Before, GuestNetwork After) : IDisposable
{
    public void Dispose() => Nic.Tap.Dispose();
}
