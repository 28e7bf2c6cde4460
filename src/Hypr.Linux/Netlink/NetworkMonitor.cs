using Hypr.Linux.Libc;
using Hypr.Linux.Namespaces;
using Hypr.Linux.Nftables;
using Microsoft.Win32.SafeHandles;

namespace Hypr.Linux.Netlink;

/// <summary>Hears of changes, one after another, on the monitor's thread or on that of a caller of <see cref="NetworkMonitor.CatchUp"/>; what is slow belongs elsewhere.</summary>
public interface INetworkObserver
{
    /// <summary>A link came, went or changed, or a bridge told of it as its port.</summary>
    void OnLink(string name);

    /// <summary>The link itself, after <see cref="OnLink"/>; not what bridges tell of their ports.</summary>
    void OnLinkState(Link link, bool gone);

    void OnAddress(LinkAddress address, bool gone);

    /// <summary>A route came or went. The kernel does not tell of IPv4 routes that went with their link or source address.</summary>
    void OnRoute(Route route);

    /// <summary>Forwarding, rp_filter or another setting that the kernel tells of (RTNLGRP_IPV4_NETCONF, _IPV6_NETCONF).</summary>
    /// <param name="link">The link's index; negative: of all links.</param>
    void OnSettings(int link);

    /// <summary>Something of a table changed.</summary>
    /// <param name="port">The netlink port of who did it.</param>
    /// <param name="elements">Elements of a set only; otherwise the table, a chain, a rule or a set itself.</param>
    void OnTable(NftTable table, uint port, bool elements);

    /// <summary>The kernel had more to tell than the socket holds (ENOBUFS): anything may have changed.</summary>
    void OnLost();
}

/// <summary>rtnetlink's and nf_tables' notifications of one network namespace, on a thread of its own.</summary>
public sealed unsafe class NetworkMonitor : IDisposable
{
    // include/uapi/linux/rtnetlink.h: enum rtnetlink_groups; linux/netfilter/nfnetlink.h: enum nfnetlink_groups.
    private static readonly int[] RouteGroups = [1, 5, 7, 9, 11, 24, 25];
    private const int NftablesGroup = 7;
    private const int NetConfIfIndex = 1;
    private const int ReceiveBuffer = 4 * 1024 * 1024;
    private const int EfdCloexec = 0x80000;
    private const short PollIn = 1;
    private readonly NetlinkSocket _route;
    private readonly NetlinkSocket _netfilter;
    private readonly SafeFileHandle _stop;
    private readonly INetworkObserver _observer;
    private readonly Thread _thread;
    private readonly Lock _reading = new();
    private bool _ended;

    private NetworkMonitor(NetlinkSocket route, NetlinkSocket netfilter, INetworkObserver observer)
    {
        (_route, _netfilter, _observer) = (route, netfilter, observer);
        _stop = LibC.EventFd(0, EfdCloexec);
        _thread = new Thread(Run) { IsBackground = true, Name = "hypr-monitor" };
    }

    /// <summary>Every change after this returns is told.</summary>
    /// <param name="own">Netlink ports whose changes of tables are not: the caller's own.</param>
    public static NetworkMonitor Start(NetworkNamespace where, INetworkObserver observer, params IReadOnlyList<uint> own)
    {
        var monitor = where.Run(() =>
        {
            var route = NetlinkSocket.Open(NetlinkSocket.Route);
            var netfilter = NetlinkSocket.Open(NetlinkSocket.Netfilter);
            route.ReceiveBuffer(ReceiveBuffer);
            netfilter.ReceiveBuffer(ReceiveBuffer);
            foreach (var group in RouteGroups)
                route.Join(group);
            netfilter.Ignore([.. own]);
            netfilter.Join(NftablesGroup);
            return new NetworkMonitor(route, netfilter, observer);
        });
        monitor._thread.Start();
        return monitor;
    }

    /// <summary>
    /// Returns when the observer was told everything about links, addresses and routes that the kernel had said before the call: it queues its word before it
    /// answers whoever made the change.
    /// </summary>
    public void CatchUp() => ReadRoute();

    /// <summary>
    /// Makes a change of tables while nothing of tables is told, for many elements: the kernel writes each into a message for whoever listens, a third of its work. What
    /// others change meanwhile is not told either, which the ruleset's generation shows. Of one thread at a time.
    /// </summary>
    public void Unheard(Action change)
    {
        _netfilter.Leave(NftablesGroup);
        try
        {
            change();
        }
        finally
        {
            _netfilter.Join(NftablesGroup);
        }
    }

    public void Dispose()
    {
        ulong one = 1;
        // The descriptor is open until the thread has ended, and the eight bytes are on the stack for the length of the call.
        _ = LibC.Write(_stop, &one, sizeof(ulong));
        _thread.Join();
        lock (_reading)
        {
            _ended = true;
            _route.Dispose();
        }

        _stop.Dispose();
        _netfilter.Dispose();
    }

    private void Run()
    {
        // The three descriptors stay open until Dispose has joined this thread.
        var fds = stackalloc LibC.PollFd[3];
        while (true)
        {
            fds[0] = new LibC.PollFd { Fd = (int)_stop.DangerousGetHandle(), Events = PollIn };
            fds[1] = new LibC.PollFd { Fd = (int)_route.Handle.DangerousGetHandle(), Events = PollIn };
            fds[2] = new LibC.PollFd { Fd = (int)_netfilter.Handle.DangerousGetHandle(), Events = PollIn };
            if (LibC.Poll(fds, 3, -1) < 0)
                continue;
            if (fds[0].Revents != 0)
                return;
            if (fds[1].Revents != 0)
                ReadRoute();
            if (fds[2].Revents != 0)
                ReadNetfilter();
        }
    }

    private void ReadRoute()
    {
        lock (_reading)
        {
            while (!_ended)
            {
                var datagram = _route.ReceiveNotifications("links", out var overrun);
                if (overrun)
                    _observer.OnLost();
                else if (datagram.IsEmpty)
                    return;
                while (NetlinkMessage.TryTake(ref datagram, out var m))
                    Tell(m);
            }
        }
    }

    private void Tell(NetlinkMessage m)
    {
        switch (m.Type)
        {
            case Rtm.NewLink or Rtm.DelLink:
                // A bridge's port tells of its own settings in a message of the bridge family, with the same name attribute.
                for (var a = m.Attributes(16); a.Next();)
                {
                    if (a.Type == Ifla.IfName)
                        _observer.OnLink(a.Text());
                }

                if (LinkParser.Parse(m) is { } link)
                    _observer.OnLinkState(link, gone: m.Type == Rtm.DelLink);
                break;
            case Rtm.NewAddr or Rtm.DelAddr when AddressTable.Parse(m) is { } address:
                _observer.OnAddress(address, gone: m.Type == Rtm.DelAddr);
                break;
            case Rtm.NewRoute or Rtm.DelRoute when RouteTable.Parse(m) is { } route:
                _observer.OnRoute(route);
                break;
            case Rtm.NewNetConf or Rtm.DelNetConf:
                for (var a = m.Attributes(1); a.Next();)
                {
                    if (a.Type == NetConfIfIndex)
                        _observer.OnSettings(a.I32());
                }

                break;
        }
    }

    private void ReadNetfilter()
    {
        while (true)
        {
            var datagram = _netfilter.ReceiveNotifications("nftables", out var overrun);
            if (overrun)
                _observer.OnLost();
            else if (datagram.IsEmpty)
                return;
            while (NetlinkMessage.TryTake(ref datagram, out var m))
            {
                if (m.Type >> 8 != NftMessage.Subsystem >> 8 || (m.Type & 0xff) is NftMessage.NewGen || m.Payload.Length < 4)
                    continue;
                // The table's name is attribute 1 of every kind of object.
                var a = m.Attributes(4);
                while (a.Next())
                {
                    if (a.Type != Nfta.TableName)
                        continue;
                    _observer.OnTable(
                        new NftTable((NftFamily)m.Payload[0], a.Text()), m.Port, (m.Type & 0xff) is NftMessage.NewSetElem or NftMessage.DelSetElem);
                    break;
                }
            }
        }
    }
}
