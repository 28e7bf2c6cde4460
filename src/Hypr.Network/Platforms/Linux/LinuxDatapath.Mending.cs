using Hypr.Linux;
using Hypr.Linux.Netlink;
using Hypr.Linux.Nftables;
using Hypr.Network.Platforms.Linux.Links;
using Hypr.Network.Platforms.Linux.Rules;
using Hypr.Primitives;

namespace Hypr.Network.Platforms.Linux;

/// <summary>
/// Mends what others change. The kernel's notifications say where to look; a moment later, when the storm is over, what is there is compared with what is
/// wanted. Once a minute everything is: iptables-legacy and some settings tell of nothing.
/// </summary>
public sealed partial class LinuxDatapath : INetworkObserver
{
    private static readonly TimeSpan Calm = TimeSpan.FromMilliseconds(30);
    private static readonly TimeSpan PollPeriod = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Again = TimeSpan.FromSeconds(1);

    /// <summary>Elements of one change from which on it is worth while that nobody hears of them.</summary>
    private const int Many = 256;
    private readonly Lock _eventGate = new();
    private HashSet<string> _suspectLinks = [];
    private HashSet<int> _suspectIndexes = [];
    private bool _suspectRules;
    private bool _suspectForwarding;
    private bool _suspectAll;
    private bool _mendSoon;
    private NetworkMonitor? _monitor;
    private ITimer? _calm;
    private ITimer? _poll;

    void INetworkObserver.OnLink(string name) => Suspect(() => _suspectLinks.Add(name));

    void INetworkObserver.OnLinkState(Link link, bool gone) => _prefixes.OnLink(link, gone);

    void INetworkObserver.OnAddress(LinkAddress address, bool gone)
    {
        _prefixes.OnAddress(address);
        if (gone)
            Suspect(() => _suspectIndexes.Add(address.Link));
    }

    void INetworkObserver.OnRoute(Route route) => _prefixes.OnRoute(route);

    void INetworkObserver.OnSettings(int link) => Suspect(() =>
    {
        if (link < 0)
            _suspectForwarding = true;
        else
            _suspectIndexes.Add(link);
    });

    void INetworkObserver.OnTable(NftTable table, uint port, bool elements)
    {
        if (table == RuleSet.Inet || table == RuleSet.Bridge)
            Suspect(() => _suspectRules = true);
        else if (!elements)
            _foreign?.Refresh();
    }

    void INetworkObserver.OnLost()
    {
        _prefixes.Doubt();
        Suspect(() => _suspectAll = true);
    }

    private void StartMending()
    {
        if (_monitor is not null)
            return;
        _calm = _time.CreateTimer(_ => _thread.Post(Mend), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _poll = _time.CreateTimer(
            _ =>
            {
                Suspect(() => _suspectAll = true);
                _foreign?.Refresh();
            },
            null,
            PollPeriod,
            PollPeriod);
        // Our own hand is not told of.
        _monitor = NetworkMonitor.Start(_space, this, _foreign is { } foreign ? [_nft.Port, foreign.Port] : [_nft.Port]);
        _prefixes.Doubt();
    }

    /// <summary>In an owned table nobody else has changed anything meanwhile; in others' somebody may have.</summary>
    private void Commit(NftBatch batch)
    {
        if (batch.ElementCount < Many || !_rules.IsOwned || _monitor is not { } monitor)
        {
            _nft.Commit(batch);
            return;
        }

        var before = _nft.Generation();
        try
        {
            monitor.Unheard(() => _nft.Commit(batch));
        }
        finally
        {
            if (_nft.Generation() != before + 1)
                _foreign?.Refresh();
        }
    }

    private void StopMending()
    {
        _monitor?.Dispose();
        _calm?.Dispose();
        _poll?.Dispose();
    }

    private void Suspect(Action mark)
    {
        lock (_eventGate)
        {
            mark();
            if (_mendSoon)
                return;
            _mendSoon = true;
        }

        _calm?.Change(Calm, Timeout.InfiniteTimeSpan);
    }

    /// <summary>A change failed half-way, and what it left is not known: everything is compared.</summary>
    private void Doubt(TimeSpan wait)
    {
        lock (_eventGate)
        {
            _suspectAll = true;
            if (_mendSoon)
                return;
            _mendSoon = true;
        }

        try
        {
            _calm?.Change(wait, Timeout.InfiniteTimeSpan);
        }
        catch (ObjectDisposedException)
        {
            // hyprd ends; the next one compares.
        }
    }

    private void Mend()
    {
        HashSet<string> links;
        HashSet<int> indexes;
        bool rules, forwarding, all;
        lock (_eventGate)
        {
            (links, indexes, rules, forwarding, all) = (_suspectLinks, _suspectIndexes, _suspectRules, _suspectForwarding, _suspectAll);
            (_suspectLinks, _suspectIndexes, _suspectRules, _suspectForwarding, _suspectAll, _mendSoon) = ([], [], false, false, false, false);
        }

        var done = new List<string>();
        try
        {
            foreach (var index in indexes)
            {
                if (_netlink.Links.Find(index) is { } link)
                    links.Add(link.Name);
            }

            if (forwarding || all)
                done.AddRange(_forwarding.Ensure(_model.WantsIPv6));
            MendLinks(links, all, done);
            if (rules || all)
                MendRules(told: rules, done);
            if (all)
                Sweep();
        }
        catch (LinuxException e)
        {
            LogFailed(_log, e);
            Doubt(Again);
        }
        finally
        {
            if (done.Count > 0)
                Mended(string.Join("; ", done));
        }
    }

    /// <param name="told">The kernel told of another's hand in our tables.</param>
    private void MendRules(bool told, List<string> done)
    {
        var difference = _rules.Difference();
        // Who replaces one rule by another leaves the counts as they were: his hand is enough.
        if (difference is null && told && !_rules.IsOwned)
            difference = "rules were changed";
        if (difference is null)
            return;
        RebuildRules();
        done.Add(difference);
    }

    private void MendLinks(HashSet<string> links, bool all, List<string> done)
    {
        foreach (var network in _model.Networks.Values)
        {
            if (!all && !links.Contains(network.Bridge) && !(network.Predefined && links.Contains(Carrier.Port)))
                continue;
            try
            {
                var mended = _bridges.Ensure(network, out _);
                done.AddRange(mended);
                _notes.TryRemove($"network {network.Id}", out _);
                if (mended.Count == 0)
                    continue;
                foreach (var attached in _model.Endpoints.Values.Where(e => e.Endpoint.NetworkId == network.Id))
                    EnsureTap(attached, done);
            }
            catch (Exception e) when (e is HyprException or LinuxException)
            {
                // The others are mended all the same, and this one is tried again.
                if (e is LinuxException)
                    Doubt(Again);
                Note($"network {network.Id}", e.Message);
                LogWarning(_log, e.Message);
            }
        }

        foreach (var attached in _model.Endpoints.Values)
        {
            if (attached.Tap is { } tap && (all || links.Contains(tap)))
                EnsureTap(attached, done);
        }
    }
}
