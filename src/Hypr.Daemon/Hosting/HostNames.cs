using System.Net;
using System.Net.Sockets;
using Hypr.Engine;
using Hypr.Linux.Netlink;
using Hypr.Network.Names;
using Microsoft.Extensions.Logging;

namespace Hypr.Daemon.Hosting;

/// <summary>
/// Keeps the host's systemd-resolved told of our name server on the default network's bridge: <c>NAME.hypr</c> and the reverse zones of all networks. Looked at
/// every few seconds: a network may come, and a bridge that was mended has another index.
/// </summary>
internal sealed class HostNames : IAsyncDisposable
{
    private const int NameServerPort = 53;
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);
    private readonly ResolvedLink _resolved;
    private readonly RtNetlink _netlink = RtNetlink.Open();
    private readonly CancellationTokenSource _ending = new();
    private readonly Task _working;
    private ResolvedLinkSettings? _told;

    /// <param name="bus">The D-Bus address of the system bus.</param>
    public HostNames(IEngine engine, string bus, TimeProvider clock, ILoggerFactory logs)
    {
        _resolved = new ResolvedLink(bus, clock, logs.CreateLogger<ResolvedLink>());
        _working = WorkAsync(engine, clock);
    }

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await _working;
        await _resolved.DisposeAsync();
        _netlink.Dispose();
        _ending.Dispose();
    }

    /// <summary>
    /// The zones of in-addr.arpa and ip6.arpa that cover a subnet (RFC 1035, 3.5; RFC 3596, 2.5). One that is smaller than a zone has none: the zone is others' too.
    /// </summary>
    public static IEnumerable<string> ReverseZones(IPNetwork subnet)
    {
        var bytes = subnet.BaseAddress.GetAddressBytes();
        if (subnet.BaseAddress.AddressFamily == AddressFamily.InterNetworkV6)
        {
            var nibbles = bytes.SelectMany(b => new[] { b >> 4, b & 15 }).Take(subnet.PrefixLength / 4).Reverse();
            return subnet.PrefixLength % 4 == 0 && subnet.PrefixLength > 0 ? [$"{string.Join('.', nibbles.Select(n => n.ToString("x")))}.ip6.arpa"] : [];
        }

        if (subnet.PrefixLength is < 8 or > 24)
        {
            return [];
        }

        var octets = (subnet.PrefixLength + 7) / 8;
        return Enumerable.Range(0, 1 << ((octets * 8) - subnet.PrefixLength)).Select(i =>
            $"{string.Join('.', bytes.Take(octets).Select((b, at) => at == octets - 1 ? b + i : b).Reverse())}.in-addr.arpa");
    }

    private async Task WorkAsync(IEngine engine, TimeProvider clock)
    {
        using var timer = new PeriodicTimer(Interval, clock);
        try
        {
            do
            {
                Look(engine);
            }
            while (await timer.WaitForNextTickAsync(_ending.Token));
        }
        catch (OperationCanceledException)
        {
            // hyprd ends.
        }
    }

    private void Look(IEngine engine)
    {
        var networks = engine.Networks().Select(n => n.Network).ToList();
        var main = networks.Find(n => n.Predefined);
        if (main is null || _netlink.Links.Find(main.Bridge) is not { } link)
        {
            return;
        }

        var desired = new ResolvedLinkSettings(
            link.Index, main.Bridge, new IPEndPoint(main.Subnets[0].Gateway, NameServerPort),
            ["hypr", .. networks.SelectMany(n => n.Subnets).SelectMany(s => ReverseZones(s.Subnet)).Order(StringComparer.Ordinal)]);
        if (!desired.Equals(_told))
        {
            _resolved.Set(_told = desired);
        }
    }
}
