using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Hypr.Linux;
using Hypr.Linux.Bpf;
using Hypr.Linux.Namespaces;
using Hypr.Linux.Netlink;
using Hypr.Linux.Nftables;
using Hypr.Linux.Sysctl;
using Hypr.Network.Platforms.Linux.Foreign;
using Hypr.Network.Ports;
using Hypr.Primitives;

namespace Hypr.Network.Platforms.Linux.Probing;

/// <summary>
/// Finds what stops a published port: a client's first packet is given to the host's link, and the kernel itself tells which rule ends it. Runs in the calling
/// thread's network namespace.
/// </summary>
internal sealed class PortProber(NetworkNamespace space, RtNetlink netlink, FrameInjector injector, NftTraceListener traces, NfTables nft)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan GuestPatience = TimeSpan.FromSeconds(2);
    private static int _number;

    public static List<PortProbe> Run(NetworkNamespace space, RtNetlink netlink, IReadOnlyList<ProbeRequest> requests)
    {
        try
        {
            using var injector = new FrameInjector();
            using var traces = NftTraceListener.Open(space);
            using var nft = NfTables.Open(space);
            var prober = new PortProber(space, netlink, injector, traces, nft);
            return [.. requests.Select(prober.Probe)];
        }
        catch (LinuxException e)
        {
            throw HyprException.Unavailable(
                $"the host's rules cannot be probed: {e.Message}; it takes Linux 5.18 or later and hyprd as root. Look at: nft list ruleset; iptables -S FORWARD -v", e);
        }
    }

    private PortProbe Probe(ProbeRequest request)
    {
        var port = new PublishedPort(request.HostIp, request.HostPort, request.Guest.Port, request.Protocol);
        var answer = Call(request);
        if (IPAddress.IsLoopback(request.HostIp))
            return new PortProbe(port, request.Guest, answer, [new ProbeWay("", null, request.HostIp, ProbeEnd.HostOnly, null)]);
        var isRouted = request.HostPort == 0;
        var isAny = request.HostIp.Equals(IPAddress.Any) || request.HostIp.Equals(IPAddress.IPv6Any);
        var ways = new WaysIn(netlink, request.HostIp.AddressFamily).To(isRouted ? request.Guest.Address : isAny ? null : request.HostIp, request.From);
        return new PortProbe(port, request.Guest, answer, [.. ways.Select(w => Send(request, w))]);
    }

    /// <summary>From the host, past what is published: whether a program is there.</summary>
    private static GuestAnswer Call(ProbeRequest request)
    {
        if (request.Protocol != PortProtocol.Tcp)
            return GuestAnswer.Unknown;
        using var socket = new Socket(request.Guest.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            return socket.ConnectAsync(request.Guest).Wait(GuestPatience) ? GuestAnswer.Listens : GuestAnswer.Silent;
        }
        catch (AggregateException e) when (e.InnerException is SocketException refused)
        {
            return refused.SocketErrorCode == SocketError.ConnectionRefused ? GuestAnswer.Refuses : GuestAnswer.Silent;
        }
    }

    private ProbeWay Send(ProbeRequest request, WayIn way)
    {
        var number = Interlocked.Increment(ref _number);
        var fromPort = 49152 + (number % 16384);
        var toPort = request.HostPort == 0 ? request.Guest.Port : request.HostPort;
        var frame = ProbeFrame.Of(way.Link.Mac, way.From, fromPort, way.To, toPort, request.Protocol);
        var tools = IptablesTool.Find();
        var before = new LegacyCounts(tools);
        traces.Take();
        using var table = new ProbeTable(space, $"hypr-probe-{Environment.ProcessId}-{number}", way.From, fromPort, way.To, toPort, request.Guest);
        injector.Receive(way.Link.Index, frame);
        var steps = Steps(table);
        var (end, by) = End(request, way, table, steps, new RuleText(nft, tools), () => new LegacyCounts(tools).Since(before));
        return new ProbeWay(way.Link.Name, way.From, way.To, end, by);
    }

    /// <summary>The kernel handles the frame within the call that gives it; only a busy host's queues make it later.</summary>
    private List<NftTraceStep> Steps(ProbeTable table)
    {
        var all = new List<NftTraceStep>();
        for (var clock = Stopwatch.StartNew(); clock.Elapsed < Patience; Thread.Sleep(2))
        {
            all.AddRange(traces.Take());
            if (all.Find(s => s.Table == table.Table) is { Packet: not 0 } own && all.Exists(s => s.Packet == own.Packet && s.IsDrop))
                return all.FindAll(s => s.Packet == own.Packet);
        }

        var first = all.Find(s => s.Table == table.Table).Packet;
        return all.FindAll(s => s.Packet == first);
    }

    private static (ProbeEnd End, string? By) End(
        ProbeRequest request, WayIn way, ProbeTable table, List<NftTraceStep> steps, RuleText text, Func<string?> legacy)
    {
        bool Saw(string chain) => steps.Exists(s => s.Table == table.Table && s.Chain == chain);
        var last = steps.FindLast(static s => s.IsDrop);
        if (last.IsDrop && last.Table != table.Table)
            return (ProbeEnd.Dropped, text.Of(last));
        if (last.IsDrop)
        {
            return last.Chain switch
            {
                ProbeTable.ToGuest => (ProbeEnd.Arrives, null),
                ProbeTable.ToHost when request.BySocket => (ProbeEnd.Arrives, null),
                ProbeTable.ToHost => (ProbeEnd.Astray, "it goes to the host itself: the rules do not have this port"),
                _ => (ProbeEnd.Astray, "another rule translates it, to another target"),
            };
        }

        if (legacy() is { } rule)
            return (ProbeEnd.Dropped, rule);
        if (!Saw(ProbeTable.Entered))
            return (ProbeEnd.Lost, $"before the rules: a tc filter, an XDP program or an nft chain of family netdev on {way.Link.Name}");
        if (Saw(ProbeTable.Forwarded) || Saw(ProbeTable.Delivered))
            return (ProbeEnd.Lost, "behind the rules of forward: a program or module that tells of nothing");
        return (ProbeEnd.Lost, $"when it is routed: {Routing(way)}");
    }

    private static string Routing(WayIn way)
    {
        var ipv4 = way.From.AddressFamily == AddressFamily.InterNetwork;
        var forwarding = ipv4 ? "net.ipv4.ip_forward" : "net.ipv6.conf.all.forwarding";
        if (KernelSetting.TryRead(forwarding)?.Trim() == "0")
            return $"forwarding is off ({forwarding}=0)";
        var filter = ipv4 ? KernelSetting.TryRead($"net.ipv4.conf.{way.Link.Name}.rp_filter")?.Trim() : null;
        return filter is "1" or "2"
            ? $"the way back to {way.From} is not {way.Link.Name} (net.ipv4.conf.{way.Link.Name}.rp_filter={filter}), or there is no route"
            : "there is no route (ip route get; ip rule)";
    }
}
