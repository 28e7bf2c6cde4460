using System.ComponentModel;
using System.Net;
using System.Net.Sockets;
using Hypr.Dns.Forwarding;
using Hypr.Dns.Server;
using Hypr.Dns.Sockets;
using Hypr.Dns.Wire;
using Hypr.Dns.Zones;

namespace Hypr.Dns;

/// <summary>
/// The DNS server. Its sockets are opened in the network namespace of the constructor's and <see cref="AddNetwork"/>'s thread. It serves
/// as soon as it is made.
/// </summary>
public sealed class NameServer : INameServer
{
    /// <summary>Addresses of networks that get a socket for each worker; those beyond get one, the workers by turns, so that descriptors
    /// stay few.</summary>
    private const int SpreadAddresses = 16;

    private readonly Lock gate = new();
    private readonly NameServerSettings settings;
    private readonly ZoneStore zones;
    private readonly Forwarder forwarder;
    private readonly Worker[] workers;
    private readonly List<ListenFailure> failures = [];
    private readonly Dictionary<string, List<IoSource>> gateways = [];
    private int next;
    private bool disposed;

    public NameServer(NameServerSettings? settings = null)
    {
        this.settings = settings ?? new NameServerSettings();
        var sets = new UpstreamSets();
        sets.SetDefault(this.settings.Upstreams);
        var cache = new AnswerCache(Math.Max(1, (this.settings.CacheEntries + 3) / 4), this.settings.CacheBytes);
        zones = new ZoneStore(sets);
        var resolvConf = this.settings.Upstreams.Count > 0 ? null : new ResolvConf(this.settings.ResolvConf, this.settings.ResolvedConf);
        var loops = new LoopProbe(this.settings.Clock, this.settings.Logger.UpstreamLoops);
        forwarder = new Forwarder(cache, sets, new UpstreamGuard(zones, this.settings.Port), loops, resolvConf, this.settings.Clock,
            this.settings.Logger);
        var parts = new ServerParts(
            zones,
            new Responder(cache, sets, loops, new Cookies()),
            forwarder,
            new RequestPool(8 * Quota.MostForwarded),
            this.settings.Clock,
            this.settings.Logger,
            this.settings.MostConnections);
        var count = this.settings.Workers > 0 ? this.settings.Workers : Environment.ProcessorCount;
        workers = [.. Enumerable.Range(0, count).Select(i => new Worker(parts, i))];
        foreach (var any in (IPAddress[])[IPAddress.Any, IPAddress.IPv6Any])
        {
            _ = Listen(new IPEndPoint(any, this.settings.Port), workers.Length, failures);
        }
    }

    /// <inheritdoc/>
    public DnsCounts Counts => WorkerCounts.Sum([.. workers.Select(w => w.Counts)]);

    /// <summary>What could not be had of the port on all addresses.</summary>
    public IReadOnlyList<ListenFailure> Failures => failures;

    /// <inheritdoc/>
    public IReadOnlyList<ListenFailure> AddNetwork(DnsNetwork network)
    {
        ArgumentNullException.ThrowIfNull(network);
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(disposed, this);
            zones.SetNetwork(network);
            Close(network.Id);
            var failed = new List<ListenFailure>();
            var sources = new List<IoSource>();
            foreach (var gateway in network.Gateways)
            {
                var copies = gateways.Count < SpreadAddresses ? workers.Length : 1;
                sources.AddRange(Listen(new IPEndPoint(gateway, settings.GatewayPort), copies, failed));
                failed.AddRange(failures
                    .Where(f => f.EndPoint.AddressFamily == gateway.AddressFamily)
                    .Select(f => f with { EndPoint = new IPEndPoint(gateway, f.EndPoint.Port) }));
            }

            gateways[network.Id] = sources;
            return failed;
        }
    }

    /// <inheritdoc/>
    public void RemoveNetwork(string networkId)
    {
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(disposed, this);
            zones.RemoveNetwork(networkId);
            Close(networkId);
        }
    }

    /// <inheritdoc/>
    public void SetMachine(DnsMachine machine)
    {
        ArgumentNullException.ThrowIfNull(machine);
        lock (gate)
        {
            zones.SetMachine(machine);
        }
    }

    /// <inheritdoc/>
    public void RemoveMachine(string machineId)
    {
        lock (gate)
        {
            zones.RemoveMachine(machineId);
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<DnsRecord> View(string networkId)
    {
        lock (gate)
        {
            return zones.View(networkId);
        }
    }

    /// <summary>Stops serving. Sockets are closed and threads have ended when it returns.</summary>
    public ValueTask DisposeAsync()
    {
        lock (gate)
        {
            if (!disposed)
            {
                disposed = true;

                // No worker asks the forwarder any more; it gives all back; then nobody wakes a worker.
                Array.ForEach(workers, worker => worker.Stop());
                forwarder.Dispose();
                Array.ForEach(workers, worker => worker.Dispose());
            }
        }

        return ValueTask.CompletedTask;
    }

    private List<IoSource> Listen(IPEndPoint endPoint, int copies, List<ListenFailure> failed)
    {
        var sources = new List<IoSource>();
        foreach (var stream in (bool[])[false, true])
        {
            try
            {
                foreach (var socket in SocketFactory.Listen(endPoint, stream, copies))
                {
                    var worker = workers[next++ % workers.Length];
                    IoSource source = stream
                        ? new TcpPort(worker, socket, endPoint.AddressFamily == AddressFamily.InterNetworkV6)
                        : new UdpPort(worker, socket, isBound: !endPoint.Address.Equals(IPAddress.Any) && !endPoint.Address.Equals(IPAddress.IPv6Any));
                    worker.Invoke(() => worker.Add(source, Epoll.In));
                    sources.Add(source);
                }
            }
            catch (Win32Exception e)
            {
                var failure = new ListenFailure(endPoint, stream ? "tcp" : "udp", e.Message);
                settings.Logger.ListenFailed(endPoint, failure.Protocol, failure.Reason);
                failed.Add(failure);
            }
        }

        return sources;
    }

    private void Close(string networkId)
    {
        if (gateways.Remove(networkId, out var sources))
        {
            sources.ForEach(source => source.Worker.Invoke(() => source.Worker.Close(source)));
        }
    }
}
