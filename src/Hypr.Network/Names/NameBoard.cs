using System.Collections.Concurrent;
using System.Net;
using Hypr.Dns;
using Hypr.Network.Endpoints;
using Hypr.Network.Networks;
using Hypr.Network.Platforms;
using Hypr.Network.Ports;
using Hypr.Primitives;
using Microsoft.Extensions.Logging;

namespace Hypr.Network.Names;

/// <summary>
/// Keeps the name server to what is: networks that are there, machines that run (the names of a stopped one are not answered, as in Docker). Where another program
/// has port 53 of a gateway, a rule carries questions there to the name server's other port, until the port can be had.
/// </summary>
internal sealed partial class NameBoard(INameServer names, IDatapath datapath, TimeProvider clock, ILogger log) : IAsyncDisposable
{
    private const int OwnPort = 41003;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);
    private readonly ConcurrentDictionary<string, (NetworkSlot Network, IReadOnlyList<ListenFailure> Failed)> _failures = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly CancellationTokenSource _ending = new();
    private Task? _retrying;

    public DnsCounts Counts => names.Counts;

    public IEnumerable<string> Notes => _failures.Values.SelectMany(f => f.Failed.Select(e => Note(f.Network, e)));

    public async Task AddAsync(NetworkSlot network)
    {
        await _gate.WaitAsync();
        try
        {
            var failed = names.AddNetwork(network.ToDns());
            if (failed.Count == 0)
            {
                return;
            }

            foreach (var failure in failed)
            {
                Taken(log, Note(network, failure));
            }

            try
            {
                await datapath.RedirectNamesAsync(network.Network.Id, Redirected(failed), CancellationToken.None);
            }
            catch
            {
                names.RemoveNetwork(network.Network.Id);
                throw;
            }

            _failures[network.Network.Id] = (network, failed);
            _retrying ??= RetryAsync();
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>The datapath's part goes with the network there.</summary>
    public async Task RemoveAsync(NetworkSlot network)
    {
        await _gate.WaitAsync();
        try
        {
            names.RemoveNetwork(network.Network.Id);
            _failures.TryRemove(network.Network.Id, out _);
        }
        finally
        {
            _gate.Release();
        }
    }

    public void Set(MachineIdentity machine, IEnumerable<EndpointSlot> endpoints, IReadOnlyList<PublishedPort> ports) => names.SetMachine(new DnsMachine(
        machine.Id, machine.Name, machine.Stack, machine.Service,
        [.. endpoints.Where(e => e.Value.Tap is not null).Select(Endpoint)],
        [.. ports.Where(p => p.Protocol != PortProtocol.Sctp)
            .Select(p => new DnsPort(ProtocolWord.Of(p.Protocol), p.GuestPort, p.HostPort == 0 ? p.GuestPort : p.HostPort)).Distinct()],
        machine.Upstreams));

    public IReadOnlyList<DnsRecord> View(string networkId) => names.View(networkId);

    public void Remove(string machineId) => names.RemoveMachine(machineId);

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        if (_retrying is { } retrying)
        {
            await retrying;
        }

        _ending.Dispose();
        _gate.Dispose();
    }

    private static DnsEndpoint Endpoint(EndpointSlot slot) => new(
        slot.Network.Network.Id,
        [.. new[] { slot.Value.IPv4, slot.Value.IPv6 }.OfType<InterfaceAddress>().Select(a => a.Address)],
        slot.Value.Aliases);

    private static string Note(NetworkSlot network, ListenFailure failure) => failure.EndPoint.Port == OwnPort
        ? $"DNS of network {network.Network.Name} does not listen on {failure.EndPoint} ({failure.Protocol}): {failure.Reason}"
        : $"DNS of network {network.Network.Name}: another program has {failure.EndPoint} ({failure.Protocol}: {failure.Reason}); questions there are redirected to port {OwnPort}";

    /// <summary>Those whose other port serves.</summary>
    private static List<TakenPort> Redirected(IReadOnlyList<ListenFailure> failed) =>
    [
        .. failed
            .Where(f => f.EndPoint.Port != OwnPort && !failed.Any(o => o.EndPoint.Port == OwnPort && o.Protocol == f.Protocol && o.EndPoint.Address.Equals(f.EndPoint.Address)))
            .Select(f => new TakenPort(f.EndPoint.Address, ProtocolWord.Parse(f.Protocol), f.EndPoint.Port, OwnPort)),
    ];

    private async Task RetryAsync()
    {
        using var timer = new PeriodicTimer(Pause, clock);
        try
        {
            while (await timer.WaitForNextTickAsync(_ending.Token))
            {
                foreach (var id in _failures.Keys)
                {
                    await Undo.TryAsync(log, $"redirection of DNS of network {ObjectId.Short(id)}", () => AgainAsync(id));
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The service ends.
        }
    }

    private async Task AgainAsync(string id)
    {
        await _gate.WaitAsync(_ending.Token);
        try
        {
            if (!_failures.TryGetValue(id, out var known))
            {
                return;
            }

            var failed = names.AddNetwork(known.Network.ToDns());
            if (failed.SequenceEqual(known.Failed))
            {
                return;
            }

            await datapath.RedirectNamesAsync(id, Redirected(failed), CancellationToken.None);
            if (failed.Count > 0)
            {
                _failures[id] = (known.Network, failed);
                return;
            }

            _failures.TryRemove(id, out _);
            Had(log, known.Network.Network.Name);
        }
        finally
        {
            _gate.Release();
        }
    }

    [LoggerMessage(LogLevel.Warning, "{Note}")]
    private static partial void Taken(ILogger logger, string note);

    [LoggerMessage(LogLevel.Information, "DNS of network {Network} has all its ports now")]
    private static partial void Had(ILogger logger, string network);
}
