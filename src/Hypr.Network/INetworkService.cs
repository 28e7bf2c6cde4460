using System.Net;
using Hypr.Dns;
using Hypr.Network.Endpoints;
using Hypr.Network.Networks;
using Hypr.Network.Platforms;
using Hypr.Network.Ports;

namespace Hypr.Network;

/// <summary>
/// Networks, endpoints, addresses, names and published ports, as the engine sees them. Every failure is a
/// <see cref="Hypr.Primitives.HyprException"/>; after one nothing of the call remains, neither in the store nor in the kernel. Safe for many callers at once.
/// </summary>
public interface INetworkService : IAsyncDisposable
{
    /// <summary>
    /// Makes the default network when there is none, brings the kernel to the stored state and removes what is ours and not in the store;
    /// endpoints of machines in <paramref name="running"/> (by id) are kept and answered for, all others lose their TAP, rules, ports and names.
    /// </summary>
    Task StartAsync(IReadOnlyCollection<MachineIdentity> running, CancellationToken cancel);

    /// <summary>What a person should know: the default subnet was moved, port 53 was taken, a foreign firewall was opened. For <c>hypr info</c>.</summary>
    IReadOnlyList<string> Notes { get; }

    /// <summary>How often something of ours was mended in the kernel since the start.</summary>
    long Repairs { get; }

    /// <summary>Questions for names by result and latency since the start.</summary>
    DnsCounts NameCounts => DnsCounts.None;

    Task<NetworkCreated> CreateAsync(NetworkSpec spec, CancellationToken cancel);

    IReadOnlyList<VmNetwork> List();

    /// <summary>By full id, then name, then unique id prefix (ambiguous: InvalidParameter). Null when there is none.</summary>
    VmNetwork? Find(string nameOrId);

    /// <summary>Forbidden while endpoints are attached (names the machines) or when predefined.</summary>
    Task RemoveAsync(string networkId, CancellationToken cancel);

    IReadOnlyList<Endpoint> EndpointsOf(string machineId);

    IReadOnlyList<Endpoint> EndpointsOn(string networkId);

    /// <summary>The names that a machine finds which is on this network alone, and the addresses' names.</summary>
    IReadOnlyList<DnsRecord> NamesOn(string networkId);

    /// <summary>Addresses used and free on a network.</summary>
    IReadOnlyList<SubnetUsage> Usage(string networkId);

    /// <summary>
    /// Attaches a machine that does not run: the intent is stored, a static address leased at once, a dynamic one at the first <see cref="ActivateAsync"/>.
    /// Conflict when attached already; Forbidden when an address is in use (by whom).
    /// </summary>
    Task<Endpoint> ConnectAsync(MachineIdentity machine, string networkId, EndpointRequest request, CancellationToken cancel);

    /// <summary>
    /// Attaches a machine that runs: addresses, TAP, names, and its published ports go to where the default route is then. The guest's part is the caller's:
    /// plug the NIC in, then tell the guest what is different; when that fails, <see cref="DisconnectAsync"/> takes all of this back.
    /// </summary>
    /// <param name="ports">What the machine asks to publish: published when it had no way out until now.</param>
    Task<LiveConnection> ConnectRunningAsync(
        MachineIdentity machine, string networkId, EndpointRequest request, IReadOnlyList<PortRequest> ports, CancellationToken cancel);

    /// <summary>
    /// Takes a running machine's TAP and names away and leaves it attached: its next start brings them back (no slot was free for the NIC). Null when it has none.
    /// </summary>
    Task<GuestNetwork?> SuspendAsync(string machineId, string networkId, CancellationToken cancel);

    /// <summary>
    /// Detaches it and frees its addresses. Of a running machine, after the guest has let go of the NIC: the TAP leaves the bridge at once, ports move; gives what
    /// the guest is to be told. Null when it does not run. NotFound when it is not attached.
    /// </summary>
    Task<GuestNetwork?> DisconnectAsync(string machineId, string networkId, CancellationToken cancel);

    /// <summary>
    /// Before a machine's VMM starts: leases what is not yet leased, makes the TAPs, publishes the ports, answers for the names. All of it or nothing.
    /// </summary>
    Task<Activation> ActivateAsync(MachineIdentity machine, IReadOnlyList<PortRequest> ports, CancellationToken cancel);

    /// <summary>After its VMM has ended: TAPs, rules, ports and names go; leases stay. Never stops at the first error. Nothing to do is fine.</summary>
    Task DeactivateAsync(string machineId, CancellationToken cancel);

    /// <summary>The machine is gone: all its endpoints, leases and ports too.</summary>
    Task ForgetAsync(string machineId, CancellationToken cancel);

    /// <summary>All names of a machine change at once.</summary>
    Task RenameAsync(MachineIdentity machine, CancellationToken cancel);

    /// <summary>
    /// Publishes more ports of a machine that runs; gives what they became. Conflict when one is taken, when the machine does not run or has no network that leads out.
    /// </summary>
    Task<IReadOnlyList<PublishedPort>> PublishAsync(string machineId, IReadOnlyList<PortRequest> ports, CancellationToken cancel);

    /// <summary>
    /// After the networks of a machine that runs have changed: ports that cannot be where its default route is now go, those that are asked for and can be come (a routed
    /// network has no ports of the host). Conflict when one has been taken meanwhile; then all stays.
    /// </summary>
    /// <param name="ports">All that the machine asks to publish.</param>
    Task RefitPortsAsync(string machineId, IReadOnlyList<PortRequest> ports, CancellationToken cancel);

    /// <summary>Takes published ports of a machine that runs back; of what it does not publish nothing happens.</summary>
    Task UnpublishAsync(string machineId, IReadOnlyList<PublishedPort> ports, CancellationToken cancel);

    /// <summary>What clients from outside meet at published ports of a machine that runs; Conflict when it does not.</summary>
    /// <param name="from">A client's address; null: a neighbour on each of the host's links.</param>
    Task<IReadOnlyList<PortProbe>> ProbeAsync(string machineId, IReadOnlyList<PublishedPort> ports, IPAddress? from, CancellationToken cancel);

    /// <summary>What a running machine's NICs carried since its start, by their names in the guest and from its side; empty when it does not run.</summary>
    Task<IReadOnlyDictionary<string, NicTraffic>> TrafficAsync(string machineId, CancellationToken cancel);

    /// <summary>What is really published for a running machine; empty when it does not run.</summary>
    IReadOnlyList<PublishedPort> PortsOf(string machineId);

    /// <summary>Where store, memory, name server and kernel disagree, a sentence each. Changes nothing; what is under way at this moment may show.</summary>
    Task<IReadOnlyList<string>> CheckAsync(CancellationToken cancel);
}

public readonly record struct NicTraffic(TrafficCount Received, TrafficCount Sent);

/// <summary>What the network needs to know of a machine.</summary>
/// <param name="Id">64 digits; the first 12 are an alias on every network.</param>
public sealed record MachineIdentity(string Id, string Name)
{
    /// <summary>With <see cref="Service"/>: the compose project and service, for SERVICE.STACK.hypr.</summary>
    public string? Stack { get; init; }
    public string? Service { get; init; }

    /// <summary>The machine's own <c>--dns</c>; empty: the daemon's.</summary>
    public IReadOnlyList<IPEndPoint> Upstreams { get; init; } = [];
}
