using System.Net;

namespace Hypr.Dns;

/// <summary>
/// The DNS server of all networks: answers for the zone <c>hypr</c> and our reverse zones from an immutable snapshot, by who asks, and
/// forwards the rest.
/// Changes take effect when the call returns. Safe for many callers at once.
/// </summary>
public interface INameServer : IAsyncDisposable
{
    /// <summary>
    /// Serves a network: its gateway addresses on ports 53 and 41003, UDP and TCP. The addresses need not be up yet (IP_FREEBIND). What
    /// could not be had
    /// (port 53 held by another program) is in the answer, and the rest serves.
    /// </summary>
    IReadOnlyList<ListenFailure> AddNetwork(DnsNetwork network);

    void RemoveNetwork(string networkId);

    /// <summary>All that is known of one machine, in place of what was: its names move at once on all networks.</summary>
    void SetMachine(DnsMachine machine);

    void RemoveMachine(string machineId);

    /// <summary>Questions by result and latency since the start, of all networks.</summary>
    DnsCounts Counts => DnsCounts.None;

    /// <summary>
    /// What a machine finds that is on this network alone: names with their addresses, then addresses with their names, in alphabetical order. Empty for a
    /// network that is not there.
    /// </summary>
    IReadOnlyList<DnsRecord> View(string networkId);
}

/// <param name="Name">Without the last dot; for PTR the address itself.</param>
/// <param name="Type">A, AAAA or PTR.</param>
public sealed record DnsRecord(string Name, string Type, string Value);

/// <param name="Interface">The bridge, by which a query's network is told (IP_PKTINFO).</param>
/// <param name="Gateways">Where it listens on this network, also the answer to <c>gateway.hypr</c> and <c>host.hypr</c>.</param>
/// <param name="Internal">Names outside of <c>hypr</c> are refused.</param>
public sealed record DnsNetwork(
    string Id, string Name, string Interface, IReadOnlyList<IPAddress> Gateways, IReadOnlyList<IPNetwork> Subnets, bool Internal);

/// <param name="Stack">With <paramref name="Service"/>: the compose project and service, for SERVICE.STACK.hypr.</param>
/// <param name="Upstreams">The machine's own <c>--dns</c>; empty: the server's.</param>
public sealed record DnsMachine(
    string Id,
    string Name,
    string? Stack,
    string? Service,
    IReadOnlyList<DnsEndpoint> Endpoints,
    IReadOnlyList<DnsPort> Ports,
    IReadOnlyList<IPEndPoint> Upstreams);

public sealed record DnsEndpoint(string NetworkId, IReadOnlyList<IPAddress> Addresses, IReadOnlyList<string> Aliases);

/// <param name="Protocol"><c>tcp</c> or <c>udp</c>: SRV and TXT records of published ports.</param>
public sealed record DnsPort(string Protocol, int GuestPort, int HostPort);

public sealed record ListenFailure(IPEndPoint EndPoint, string Protocol, string Reason);
