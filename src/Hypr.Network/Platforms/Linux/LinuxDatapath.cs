using System.Collections.Concurrent;
using Hypr.Linux;
using Hypr.Linux.Conntrack;
using Hypr.Linux.Namespaces;
using Hypr.Linux.Netlink;
using Hypr.Linux.Nftables;
using Hypr.Network.Platforms.Linux.Foreign;
using Hypr.Network.Platforms.Linux.Links;
using Hypr.Network.Platforms.Linux.Probing;
using Hypr.Network.Platforms.Linux.Rules;
using Hypr.Network.Platforms.Linux.Threads;
using Hypr.Network.Ports;
using Hypr.Primitives;
using Microsoft.Extensions.Logging;

namespace Hypr.Network.Platforms.Linux;

/// <summary>
/// Linux bridges, TAPs and nftables, in the network namespace in which it was opened. Everything is done on one thread of its own, one thing after another;
/// links are deleted, and foreign firewalls opened, on two others.
/// </summary>
public sealed partial class LinuxDatapath : IDatapath
{
    private readonly DatapathSettings _settings;
    private readonly ILogger _log;
    private readonly NetworkNamespace _space;
    private readonly RtNetlink _netlink;
    private readonly NfTables _nft;
    private readonly ConntrackTable _conntrack;
    private readonly NamespaceThread _thread;
    private readonly LinkRemover _remover;
    private readonly HostPrefixes _prefixes;
    private readonly Bridges _bridges;
    private readonly Taps _taps;
    private readonly Forwarding _forwarding;
    private readonly OurRules _rules;
    private readonly DatapathModel _model = new();
    private readonly ForeignFirewalls? _foreign;
    private readonly Firewalld? _firewalld;
    private readonly TimeProvider _time;
    private int _disposed;
    private long _repairs;
    private readonly ConcurrentDictionary<string, string> _notes = new();

    private LinuxDatapath(DatapathSettings settings, ILoggerFactory logs, TimeProvider time)
    {
        _settings = settings;
        _log = logs.CreateLogger<LinuxDatapath>();
        _space = NetworkNamespace.Current();
        _netlink = RtNetlink.Open(_space, NetlinkFaults.OfLinks(settings.Faults));
        _nft = NfTables.Open(_space, NetlinkFaults.OfRules(settings.Faults));
        _conntrack = ConntrackTable.Open(_space);
        _thread = new NamespaceThread(_space, "hypr-datapath", e => LogFailed(_log, e));
        _remover = new LinkRemover(_space, NetlinkFaults.OfLinks(settings.Faults), e =>
        {
            LogFailed(_log, e);
            Doubt(Again);
        });
        _prefixes = new HostPrefixes(_netlink);
        _bridges = new Bridges(_netlink, _remover, settings.KeepCarrier);
        _taps = new Taps(_netlink, _remover);
        _forwarding = new Forwarding(settings);
        _rules = new OurRules(_nft, settings.OwnTables, Commit);
        _time = time;
        _settle = time.CreateTimer(_ => _thread.Post(Settle), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        if (settings.TouchForeignFirewalls)
            _foreign = new ForeignFirewalls(_space, time, e => LogFailed(_log, e), Note, Mended);
        if (settings is { TouchForeignFirewalls: true, SystemBus: { } bus })
            _firewalld = new Firewalld(bus, time, Note);
    }

    /// <summary>Opens every socket in the calling thread's network namespace and changes nothing yet.</summary>
    /// <exception cref="HyprException">Unavailable: no permission.</exception>
    public static LinuxDatapath Open(DatapathSettings settings, ILoggerFactory logs, TimeProvider time)
    {
        try
        {
            return new LinuxDatapath(settings, logs, time);
        }
        catch (LinuxException e)
        {
            throw HyprException.Unavailable($"the host's network cannot be reached: {e.Message}; hyprd needs root or CAP_NET_ADMIN and CAP_SYS_ADMIN", e);
        }
    }

    public IReadOnlyList<string> Notes => [.. _notes.OrderBy(static n => n.Key, StringComparer.Ordinal).Select(static n => n.Value)];

    public long Repairs => Interlocked.Read(ref _repairs);

    public async Task StartAsync(DatapathState desired, CancellationToken cancel)
    {
        var masqueraded = await Do(
            () =>
            {
                Start(desired);
                StartMending();
                return _model.Masqueraded();
            },
            cancel);
        if (_foreign is not null)
            await _foreign.Apply(masqueraded);
    }

    public IReadOnlyList<OccupiedPrefix> Occupied()
    {
        if (_monitor is { } monitor)
            monitor.CatchUp();
        else
            _prefixes.Doubt();
        return InWords(_prefixes.List);
    }

    public string ChooseBridge(IReadOnlySet<string> reserved) => InWords(() => _bridges.Choose(reserved));

    public Task AddNetworkAsync(DatapathNetwork network, CancellationToken cancel) => Do(() => AddNetwork(network), cancel);

    public Task RemoveNetworkAsync(string networkId, CancellationToken cancel) => Do(() => RemoveNetwork(networkId), cancel);

    public Task<DatapathLink> AttachAsync(DatapathEndpoint endpoint, CancellationToken cancel) => Do(() => Attach(endpoint), cancel);

    public Task DetachAsync(string endpointId, CancellationToken cancel) => Do(() => Detach(endpointId), cancel);

    public Task PublishAsync(string machineId, IReadOnlyList<DatapathPort> ports, CancellationToken cancel) => Do(() => Publish(machineId, ports), cancel);

    public Task<IReadOnlyDictionary<string, LinkTraffic>> TrafficAsync(IReadOnlyCollection<string> links, CancellationToken cancel) =>
        Do<IReadOnlyDictionary<string, LinkTraffic>>(() => Counters.Read(links), cancel);

    public Task RedirectNamesAsync(string networkId, IReadOnlyList<TakenPort> taken, CancellationToken cancel) =>
        Do(() => RedirectNames(networkId, taken), cancel);

    /// <summary>On a thread of its own: it runs programs and waits for machines, and changes no state.</summary>
    public async Task<IReadOnlyList<PortProbe>> ProbeAsync(IReadOnlyList<ProbeRequest> ports, CancellationToken cancel)
    {
        using var thread = new NamespaceThread(_space, "hypr-probe", e => LogFailed(_log, e));
        return await thread.Run(() => PortProber.Run(_space, _netlink, ports), cancel);
    }

    /// <summary>Closes its sockets and threads. Links and rules stay: machines run on without it.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        StopMending();
        _settle.Dispose();
        // Before the threads end, which do what is queued first.
        _thread.Post(Settle);
        _thread.Dispose();
        _foreign?.Dispose();
        if (_firewalld is not null)
            await _firewalld.DisposeAsync();
        _remover.Dispose();
        _conntrack.Dispose();
        _nft.Dispose();
        _netlink.Dispose();
        _space.Dispose();
    }

    private Task Do(Action action, CancellationToken cancel) => Do<object?>(
        () =>
        {
            action();
            return null;
        },
        cancel);

    /// <summary>A refusal of the kernel that no rule of ours foresees is told in the kernel's words.</summary>
    private async Task<T> Do<T>(Func<T> action, CancellationToken cancel)
    {
        _remover.Begin();
        try
        {
            return await _thread.Run(action, cancel).ConfigureAwait(false);
        }
        catch (LinuxException e)
        {
            Doubt(Calm);
            throw InWords(e);
        }
        finally
        {
            _remover.End();
        }
    }

    private static T InWords<T>(Func<T> look)
    {
        try
        {
            return look();
        }
        catch (LinuxException e)
        {
            throw InWords(e);
        }
    }

    private static HyprException InWords(LinuxException e) => new(ErrorKind.Internal, $"the network cannot be changed: {e.Message}", e);

    /// <summary>
    /// Takes away everything of ours in the calling thread's network namespace: links by their mark, tables, what was put into foreign firewalls, the sysctl
    /// file. For uninstalling; machines lose their network. Forwarding stays on: another may need it by now.
    /// </summary>
    /// <exception cref="HyprException">Conflict: a hyprd runs here.</exception>
    public static void RemoveEverything(DatapathSettings settings)
    {
        using var space = NetworkNamespace.Current();
        using var nft = NfTables.Open();
        try
        {
            OurRules.Remove(nft);
        }
        catch (LinuxException e) when (e.Errno == Errno.EPERM)
        {
            throw HyprException.Conflict("the network rules belong to a hyprd that runs: stop it first");
        }

        if (settings.TouchForeignFirewalls)
            ForeignFirewalls.RemoveAll(space);
        using var netlink = RtNetlink.Open();
        foreach (var link in netlink.Links.List().Where(OurLinks.IsOurs))
            netlink.Links.Set(link.Index, new LinkSettings { Group = OurLinks.DoomedGroup });
        netlink.Links.DeleteGroup(OurLinks.DoomedGroup);
        Forwarding.Remove(settings);
        if (settings is { TouchForeignFirewalls: true, SystemBus: { } bus })
            Firewalld.RemoveAsync(bus).GetAwaiter().GetResult();
    }

    private void Mended(string what)
    {
        Interlocked.Increment(ref _repairs);
        LogMended(_log, what);
    }

    /// <summary>Null takes the note back.</summary>
    private void Note(string key, string? text)
    {
        if (text is null)
            _notes.TryRemove(key, out _);
        else
            _notes[key] = text;
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "the datapath failed at work of its own")]
    private static partial void LogFailed(ILogger log, Exception e);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{What}")]
    private static partial void LogWarning(ILogger log, string what);

    [LoggerMessage(Level = LogLevel.Information, Message = "mended: {What}")]
    private static partial void LogMended(ILogger log, string what);
}
