using System.Net;
using System.Net.Sockets;
using Hypr.Linux;
using Hypr.Linux.Namespaces;
using Hypr.Linux.Nftables;

namespace Hypr.Network.Platforms.Linux.Probing;

/// <summary>
/// A table for the length of one probe. It has the probe traced from its first hook on, and takes it away after everybody's last rule: no machine and no
/// program hears of it, conntrack forgets it, and no refusal leaves the host.
/// </summary>
internal sealed class ProbeTable : IDisposable
{
    /// <summary>Chains that only mark where the packet has been.</summary>
    public const string Entered = "entered";
    public const string Forwarded = "forwarded";
    public const string Delivered = "delivered";

    /// <summary>Chains in which it ends.</summary>
    public const string ToGuest = "to-guest";
    public const string Elsewhere = "elsewhere";
    public const string ToHost = "to-host";

    private const int First = int.MinValue + 1;

    /// <summary>Before conntrack confirms what came through (NF_IP_PRI_CONNTRACK_CONFIRM, the highest number): of a packet that ends here no entry remains.</summary>
    private const int Last = int.MaxValue - 2;

    private readonly NfTables _nft;

    /// <exception cref="LinuxException">The kernel refused.</exception>
    public ProbeTable(NetworkNamespace space, string name, IPAddress from, int fromPort, IPAddress to, int toPort, IPEndPoint guest)
    {
        _nft = NfTables.Open(space);
        Table = new NftTable(NftFamily.Inet, name);
        try
        {
            Commit(NftTableFlags.Owner, from, fromPort, to, toPort, guest);
        }
        catch (LinuxException e) when (e.Errno is Errno.EOPNOTSUPP or Errno.EINVAL)
        {
            // Before 5.12 nobody owns a table.
            Commit(NftTableFlags.None, from, fromPort, to, toPort, guest);
        }
        catch
        {
            _nft.Dispose();
            throw;
        }
    }

    public NftTable Table { get; }

    public void Dispose()
    {
        var batch = new NftBatch();
        batch.DeleteTable(Table);
        _nft.Commit(batch);
        _nft.Dispose();
    }

    private void Commit(NftTableFlags flags, IPAddress from, int fromPort, IPAddress to, int toPort, IPEndPoint guest)
    {
        // table inet hypr-probe-N {
        //   chain entered { type filter hook prerouting priority -2147483647;
        //     ip saddr FROM ip daddr TO th sport PORT th dport PORT meta nftrace set 1 }
        //   chain forwarded { type filter hook forward priority -2147483647; }
        //   chain delivered { type filter hook input priority -2147483647; }
        //   chain to-guest { type filter hook postrouting priority 2147483645;
        //     ct original saddr FROM ct original proto-src PORT ip daddr GUEST th dport PORT drop }
        //   chain elsewhere { type filter hook postrouting priority 2147483646;
        //     ct original saddr FROM ct original proto-src PORT drop        it, or what the host answers
        //     ip saddr FROM th sport PORT drop                              where conntrack is told to pass it by
        //     ip daddr FROM th dport PORT drop }
        //   chain to-host { type filter hook input priority 2147483646;
        //     ip saddr FROM th sport PORT drop }
        var batch = new NftBatch();
        batch.AddTable(Table, flags);
        Chain(batch, Entered, NftHook.Prerouting, First, Header(from, fromPort, to, toPort).Trace());
        Chain(batch, Forwarded, NftHook.Forward, First);
        Chain(batch, Delivered, NftHook.Input, First);
        Chain(
            batch, ToGuest, NftHook.Postrouting, Last,
            Original(from, fromPort).Address(guest.Address, isSource: false).Port(guest.Port, isSource: false).Drop());
        Chain(
            batch, Elsewhere, NftHook.Postrouting, Last + 1,
            Original(from, fromPort).Drop(),
            Family(from).Address(from, isSource: true).Port(fromPort, isSource: true).Drop(),
            Family(from).Address(from, isSource: false).Port(fromPort, isSource: false).Drop());
        Chain(batch, ToHost, NftHook.Input, Last + 1, Family(from).Address(from, isSource: true).Port(fromPort, isSource: true).Drop());
        _nft.Commit(batch);
    }

    private void Chain(NftBatch batch, string name, NftHook hook, int priority, params ReadOnlySpan<NftRule> rules)
    {
        batch.AddChain(Table, name, new NftBase("filter", hook, priority));
        foreach (var rule in rules)
            batch.AddRule(Table, name, rule);
    }

    private static NftRule Header(IPAddress from, int fromPort, IPAddress to, int toPort) =>
        Family(from).Address(from, isSource: true).Address(to, isSource: false).Port(fromPort, isSource: true).Port(toPort, isSource: false);

    private static NftRule Original(IPAddress from, int fromPort) => Family(from)
        .Original(IsIPv4(from) ? NftConntrack.Source4 : NftConntrack.Source6).Equal(NftValue.Address(from).Bytes)
        .Original(NftConntrack.SourcePort).Equal(NftValue.Port(fromPort).Bytes);

    private static NftRule Family(IPAddress of) => new NftRule().Meta(NftMeta.Family).Equal([(byte)(IsIPv4(of) ? NftFamily.IPv4 : NftFamily.IPv6)]);

    private static bool IsIPv4(IPAddress address) => address.AddressFamily == AddressFamily.InterNetwork;
}

/// <summary>What a probe's rules match.</summary>
file static class ProbeMatch
{
    public static NftRule Address(this NftRule rule, IPAddress address, bool isSource)
    {
        var bytes = address.GetAddressBytes();
        var offset = bytes.Length == 4 ? (isSource ? 12 : 16) : (isSource ? 8 : 24);
        return rule.Payload(NftBaseHeader.Network, offset, bytes.Length).Equal(bytes);
    }

    public static NftRule Port(this NftRule rule, int port, bool isSource) =>
        rule.Payload(NftBaseHeader.Transport, isSource ? 0 : 2, 2).Equal([(byte)(port >> 8), (byte)port]);
}
