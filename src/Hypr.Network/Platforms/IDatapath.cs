using System.Net;
using Hypr.Network.Ports;
using Hypr.Primitives;
using Microsoft.Win32.SafeHandles;

namespace Hypr.Network.Platforms;

/// <summary>
/// What carries networks on one platform: bridges, TAPs, rules. It knows no store and no name server, keeps the desired state that it was last told and mends the
/// kernel towards it whenever something of ours is changed from outside. Every call is all or nothing, idempotent, and fails with a
/// <see cref="HyprException"/> that names the object. Safe for many callers at once.
/// </summary>
public interface IDatapath : IAsyncDisposable
{
    /// <summary>Brings the kernel to the whole desired state: what is missing is made before what is ours and not wanted goes.</summary>
    Task StartAsync(DatapathState desired, CancellationToken cancel);

    /// <summary>What a person should know: a foreign firewall was opened, forwarding was switched on.</summary>
    IReadOnlyList<string> Notes { get; }

    /// <summary>How often something of ours was mended since the start.</summary>
    long Repairs { get; }

    /// <summary>Every prefix that the host uses: routes of all tables and addresses of all links, our own bridges' left out.</summary>
    IReadOnlyList<OccupiedPrefix> Occupied();

    /// <summary>The lowest free <c>vbrN</c> (the default network: vbr0 first) that neither the host nor <paramref name="reserved"/> has.</summary>
    string ChooseBridge(IReadOnlySet<string> reserved);

    /// <summary>Conflict when the bridge's name belongs to a link that is not ours. A bridge of ours that a lost database left is adopted.</summary>
    Task AddNetworkAsync(DatapathNetwork network, CancellationToken cancel);

    /// <summary>Endpoints must be detached. Nothing to do is fine.</summary>
    Task RemoveNetworkAsync(string networkId, CancellationToken cancel);

    /// <summary>Makes the TAP, puts it on the bridge and lets exactly the endpoint's MAC and addresses through it.</summary>
    Task<DatapathLink> AttachAsync(DatapathEndpoint endpoint, CancellationToken cancel);

    /// <summary>The TAP leaves the bridge at once and goes with its rules; conntrack entries of its addresses too. Nothing to do is fine.</summary>
    Task DetachAsync(string endpointId, CancellationToken cancel);

    /// <summary>What went over links since they were made; of a link that is not there nothing.</summary>
    Task<IReadOnlyDictionary<string, LinkTraffic>> TrafficAsync(IReadOnlyCollection<string> links, CancellationToken cancel);

    /// <summary>
    /// What of the name server's ports on a network's gateway addresses other programs have, in place of what it was: questions there are carried to the other
    /// port of the same address. Empty: nothing.
    /// </summary>
    Task RedirectNamesAsync(string networkId, IReadOnlyList<TakenPort> taken, CancellationToken cancel);

    /// <summary>All that a machine publishes, in place of what it did, in one transaction. Empty: nothing.</summary>
    Task PublishAsync(string machineId, IReadOnlyList<DatapathPort> ports, CancellationToken cancel);

    /// <summary>
    /// What a client from outside meets at each port, in the order asked: the kernel is given its first packet and tells which rule of the host drops it. Nobody
    /// hears of that packet and nothing of it remains. Unavailable where the kernel cannot.
    /// </summary>
    Task<IReadOnlyList<PortProbe>> ProbeAsync(IReadOnlyList<ProbeRequest> ports, CancellationToken cancel);

    /// <summary>Where the datapath or the kernel differs from the desired state, a sentence each. Changes nothing.</summary>
    Task<IReadOnlyList<string>> CheckAsync(DatapathState desired, CancellationToken cancel);
}

/// <param name="Received">From the host's side: what a TAP receives its VM has sent.</param>
public readonly record struct LinkTraffic(TrafficCount Received, TrafficCount Sent);

public readonly record struct TrafficCount(long Bytes, long Packets, long Errors, long Dropped);

/// <summary>The whole desired state.</summary>
public sealed record DatapathState(
    IReadOnlyList<DatapathNetwork> Networks,
    IReadOnlyList<DatapathEndpoint> Endpoints,
    IReadOnlyDictionary<string, IReadOnlyList<DatapathPort>> Ports);

/// <param name="Gateways">The bridge's addresses, host bits kept: 10.88.0.1/16.</param>
/// <param name="Isolate">Members do not reach each other (Docker's enable_icc=false).</param>
/// <param name="Masquerade">Of IPv4 and IPv6 leaving the host.</param>
/// <param name="Mode4">Docker's gateway_mode_ipv4.</param>
/// <param name="Predefined">The default network: the one by which the host's own resolver finds our names.</param>
public sealed record DatapathNetwork(
    string Id, string Name, string Bridge, IReadOnlyList<InterfaceAddress> Gateways, int Mtu, bool Internal, bool Isolate, bool Masquerade, GatewayMode Mode4, GatewayMode Mode6,
    bool Predefined = false);

/// <summary>Docker's com.docker.network.bridge.gateway_mode_ipv4/6.</summary>
public enum GatewayMode
{
    Nat,

    /// <summary>No NAT either way; published ports are reachable by the machine's own address.</summary>
    Routed,

    /// <summary>The bridge has no address; the host is no member.</summary>
    Isolated,
}

/// <param name="Instead">The port that serves in its place.</param>
public sealed record TakenPort(IPAddress Address, PortProtocol Protocol, int Port, int Instead);

/// <param name="Tap">The link's name when it exists already (a machine that outlived an earlier hyprd); null: the lowest free tapN.</param>
public sealed record DatapathEndpoint(
    string Id, string NetworkId, string MachineId, MacAddress Mac, IReadOnlyList<IPAddress> Addresses, string? Tap = null);

/// <summary>A TAP that is up and a port of its bridge.</summary>
/// <param name="Queue">Its one queue, attached; the caller's to give to the VMM and to close. The TAP goes when the last copy closes.</param>
public sealed record DatapathLink(string Name, SafeFileHandle Queue);

/// <param name="HostIp">0.0.0.0 and :: stand for every address of their family, but never for our bridges' own ports 53 and 41003.</param>
/// <param name="Target">The machine's address; of <paramref name="HostIp"/>'s family unless a program carries it.</param>
/// <param name="Carrier">The port of the host on which a program carries it to the machine; 0: the rules translate it.</param>
public sealed record DatapathPort(IPAddress HostIp, int HostPort, IPAddress Target, int GuestPort, PortProtocol Protocol, int Carrier = 0);

/// <param name="Holder">For messages: <c>route of wg0</c>, <c>address 10.1.2.3 of eth0</c>.</param>
public sealed record OccupiedPrefix(IPNetwork Prefix, string Link, string Holder);
