using System.Net;
using System.Net.Sockets;
using Hypr.Linux;
using Hypr.Linux.Namespaces;
using Hypr.Linux.Nftables;
using Hypr.Network.Platforms.Linux.Threads;

namespace Hypr.Network.Platforms.Linux.Foreign;

/// <summary>A subnet that leaves the host under the host's address.</summary>
internal sealed record MasqueradedSubnet(IPNetwork Subnet, string Bridge)
{
    public bool IsIPv6 => Subnet.BaseAddress.AddressFamily == AddressFamily.InterNetworkV6;
}

/// <summary>
/// The places of others that are touched, and the only ones: a jump in iptables' INPUT, FORWARD and DOCKER-USER where they hold anything, rules in foreign nft
/// base chains whose policy is drop, and the row of each masquerade in iptables' nat table. An accept of ours ends only our own chains: without these a host
/// firewall would cut guests from their DNS and published ports from the world. On a thread of its own, as programs are started.
/// </summary>
internal sealed class ForeignFirewalls : IDisposable
{
    /// <summary>A firewall that loads its rules does so in many transactions.</summary>
    private static readonly TimeSpan Calm = TimeSpan.FromMilliseconds(100);
    private readonly NamespaceThread _thread;
    private readonly NfTables _nft;
    private readonly Action<string, string?> _note;
    private readonly Action<string> _mended;
    private readonly NftChains _chains;
    private readonly Dictionary<string, IptablesPlace> _iptables = [];
    private IReadOnlyList<MasqueradedSubnet> _wanted = [];
    private bool _applied;
    private readonly ITimer _calm;
    private int _queued;

    /// <param name="note">A key and a text; null takes it back.</param>
    /// <param name="mended">For the log.</param>
    public ForeignFirewalls(NetworkNamespace space, TimeProvider time, Action<Exception> onFailure, Action<string, string?> note, Action<string> mended)
    {
        _nft = NfTables.Open(space);
        _chains = new NftChains(_nft);
        (_note, _mended) = (note, mended);
        _thread = new NamespaceThread(space, "hypr-foreign", onFailure);
        _calm = time.CreateTimer(_ => _thread.Post(CheckOnce), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>The netlink port of our own changes.</summary>
    public uint Port => _nft.Port;

    /// <summary>Done when the places are as they should be.</summary>
    public Task Apply(IReadOnlyList<MasqueradedSubnet> wanted) => _thread.Run(() => Check(wanted));

    /// <summary>As <see cref="Apply"/>, without waiting: nothing depends on the row of a network.</summary>
    public void Want(IReadOnlyList<MasqueradedSubnet> wanted) => _thread.Post(() => Check(wanted));

    /// <summary>Somebody changed something: looks once, however often it is called meanwhile.</summary>
    public void Refresh()
    {
        if (Interlocked.Exchange(ref _queued, 1) == 0)
            _calm.Change(Calm, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Takes away all that is ours. Goes on past failures and tells of them in the end.</summary>
    public static void RemoveAll(NetworkNamespace space)
    {
        space.Run(() =>
        {
            var failures = new List<Exception>();
            using var nft = NfTables.Open();
            Try(failures, () => new NftChains(nft).RemoveAll());
            foreach (var tool in IptablesTool.Find())
                Try(failures, () => new IptablesPlace(tool).Remove());
            if (failures.Count > 0)
                throw new AggregateException("some rules of ours in foreign firewalls could not be removed", failures);
        });
    }

    public void Dispose()
    {
        _calm.Dispose();
        _thread.Dispose();
        _nft.Dispose();
    }

    private static void Try(List<Exception> failures, Action action)
    {
        try
        {
            action();
        }
        catch (Exception e) when (e is LinuxException or IptablesException)
        {
            failures.Add(e);
        }
    }

    private void CheckOnce()
    {
        Volatile.Write(ref _queued, 0);
        Check(_wanted);
    }

    private void Check(IReadOnlyList<MasqueradedSubnet> wanted)
    {
        _wanted = wanted;
        var first = !_applied;
        var tools = IptablesTool.Find();
        foreach (var gone in _iptables.Keys.Except(tools.Select(static t => t.Program)).ToList())
            _iptables.Remove(gone);
        foreach (var tool in tools)
        {
            if (!_iptables.TryGetValue(tool.Program, out var place))
                _iptables.Add(tool.Program, place = new IptablesPlace(tool));
            try
            {
                Tell(place.Ensure(_wanted), first);
                _note(tool.Program, place.Note);
            }
            catch (IptablesException e)
            {
                _note(tool.Program, e.Message);
            }
        }

        try
        {
            Tell(_chains.Ensure(tools), first);
            _note("nft chains", _chains.Note);
        }
        catch (LinuxException e)
        {
            _note("nft chains", $"a host firewall could not be opened for our bridges: {e.Message}");
        }

        _applied = true;
    }

    private void Tell(string? done, bool first)
    {
        if (done is not null && !first)
            _mended(done);
    }
}
