using System.Net;
using System.Net.Sockets;
using Hypr.Guest.Devices;
using Hypr.Guest.Protocol.Messages;
using Hypr.Linux;
using Hypr.Linux.Files;
using Hypr.Linux.Netlink;

namespace Hypr.Guest.Network;

/// <summary>The guest's NICs.</summary>
internal sealed class Nics
{
    /// <summary>Each NIC with a way back of its own has the table of this number plus its index, looked up by a rule of the same priority.</summary>
    private const uint FirstTable = 1000;

    private RtNetlink? _netlink;

    private RtNetlink Netlink => _netlink ??= RtNetlink.Open();

    /// <summary>Loopback, and what Docker opens to every process: ping, and the ports below 1024.</summary>
    public void Begin()
    {
        Netlink.Links.Set("lo", new LinkSettings { Up = true });
        Setting("net/ipv4/ping_group_range", "0 2147483647");
        Setting("net/ipv4/ip_unprivileged_port_start", "0");
        // Removing the first address of a subnet would take the others along (net/ipv4/devinet.c, __inet_del_ifa).
        Setting("net/ipv4/conf/all/promote_secondaries", "1");
        // Addresses are the host's to give out, once each: looking for a second owner would only delay their use.
        Setting("net/ipv6/conf/default/accept_dad", "0");
        Setting("net/ipv6/conf/default/accept_ra", "0");
    }

    /// <summary>Whether something sits in the slot: a hot-plugged NIC needs some time to appear.</summary>
    public static bool IsThere(NicConfiguration nic) => VirtioDevices.Find(nic.Slot) is not null;

    /// <summary>Binds, names and configures a NIC.</summary>
    public void Add(NicConfiguration nic)
    {
        var device = VirtioDevices.Find(nic.Slot) ?? throw new LinuxException("find the NIC in", nic.Slot.ToString(), Errno.ENODEV);
        var isNew = !VirtioDevices.IsBound(device);
        var present = VirtioDevices.Bind(device, "virtio_net", "net");
        var index = Netlink.Links.IndexOf(present);
        if (!isNew)
            Netlink.Links.Set(index, new LinkSettings { Up = false });
        SetIPv6(present, nic);
        // One that the host pulled without a word, for it had no answer: the device goes 5 s after the host's wish (pciehp's attention button), its name is wanted now.
        if (present != nic.Name && Netlink.Links.Find(nic.Name) is not null)
            Remove(nic.Name);
        // One request: the kernel sets address, MTU and name, which want a link that is down, before it raises it (net/core/rtnetlink.c, do_setlink).
        Netlink.Links.Set(index, new LinkSettings { Up = true, Name = present == nic.Name ? null : nic.Name, Mac = nic.Mac, Mtu = nic.Mtu });
        if (!isNew)
        {
            Configure(nic);
            return;
        }

        // It has nothing yet that would have to go.
        foreach (var address in nic.Addresses)
            Netlink.Addresses.Add(new LinkAddress(index, address.Address, address.PrefixLength) { NoDad = true });
        AddDefaultRoute(index, nic.Gateway4, IPAddress.Any);
        AddDefaultRoute(index, nic.Gateway6, IPAddress.IPv6Any);
        AddWayBack(index, nic, nic.ReturnGateway4, IPAddress.Any);
        AddWayBack(index, nic, nic.ReturnGateway6, IPAddress.IPv6Any);
    }

    /// <summary>Brings addresses, MTU and routes of a NIC to what they shall be.</summary>
    public void Configure(NicConfiguration nic)
    {
        var index = Netlink.Links.IndexOf(nic.Name);
        SetIPv6(nic.Name, nic);
        Netlink.Links.Set(index, new LinkSettings { Up = true, Mtu = nic.Mtu });

        // Add before delete: connections over addresses that stay do not notice.
        var wanted = nic.Addresses.Select(a => new LinkAddress(index, a.Address, a.PrefixLength) { NoDad = true }).ToList();
        foreach (var address in wanted)
            Netlink.Addresses.Replace(address);
        foreach (var address in Netlink.Addresses.List(index))
        {
            if (!address.Address.IsIPv6LinkLocal && !wanted.Exists(w => w.Address.Equals(address.Address) && w.PrefixLength == address.PrefixLength))
                Netlink.Addresses.Delete(address);
        }

        SetDefaultRoute(index, nic.Gateway4, IPAddress.Any);
        SetDefaultRoute(index, nic.Gateway6, IPAddress.IPv6Any);
        SetWayBack(index, nic, nic.ReturnGateway4, IPAddress.Any);
        SetWayBack(index, nic, nic.ReturnGateway6, IPAddress.IPv6Any);
    }

    /// <summary>Takes the driver away: the device can be unplugged.</summary>
    public void Remove(string name)
    {
        if (Netlink.Links.Find(name) is not { } link || VirtioDevices.OfLink(name) is not { } device)
            throw new LinuxException("remove NIC", name, Errno.ENODEV);
        RemoveRules(link.Index, isIPv6: false);
        RemoveRules(link.Index, isIPv6: true);
        VirtioDevices.Unbind(device);
    }

    private void SetDefaultRoute(int index, IPAddress? gateway, IPAddress any)
    {
        var route = new Route { Destination = new IPNetwork(any, 0), Link = index };
        if (gateway is not null)
            AddDefaultRoute(index, gateway, any);
        else if (Netlink.Routes.List().Find(r => r.Table == 254 && r.Link == index && r.Destination.Equals(route.Destination) && r.Protocol == 4) is { } old)
            Netlink.Routes.Delete(old);
    }

    private void AddDefaultRoute(int index, IPAddress? gateway, IPAddress any)
    {
        if (gateway is not null)
            Netlink.Routes.Replace(new Route { Destination = new IPNetwork(any, 0), Link = index, Gateway = gateway, OnLink = true });
    }

    private void SetWayBack(int index, NicConfiguration nic, IPAddress? gateway, IPAddress any)
    {
        RemoveRules(index, any.AddressFamily == AddressFamily.InterNetworkV6);
        AddWayBack(index, nic, gateway, any);
    }

    /// <summary>What is sent from this NIC's addresses leaves by it, whatever the default route says.</summary>
    private void AddWayBack(int index, NicConfiguration nic, IPAddress? gateway, IPAddress any)
    {
        var isIPv6 = any.AddressFamily == AddressFamily.InterNetworkV6;
        if (gateway is null)
            return;
        var table = FirstTable + (uint)index;
        Netlink.Routes.Replace(new Route { Table = table, Destination = new IPNetwork(any, 0), Gateway = gateway, Link = index, OnLink = true });
        foreach (var (address, length) in nic.Addresses)
        {
            if (address.AddressFamily != any.AddressFamily)
                continue;
            // Neighbours first: they are not behind the gateway.
            Netlink.Routes.Replace(new Route { Table = table, Destination = NetworkOf(address, length), Link = index });
            Netlink.Rules.Add(new RoutingRule
            {
                IsIPv6 = isIPv6,
                Priority = table,
                Table = table,
                From = new IPNetwork(address, isIPv6 ? 128 : 32),
            });
        }
    }

    private void RemoveRules(int index, bool isIPv6)
    {
        var table = FirstTable + (uint)index;
        foreach (var rule in Netlink.Rules.List())
        {
            if (rule.IsIPv6 == isIPv6 && rule.Priority == table && rule.Table == table)
                Netlink.Rules.Delete(rule);
        }
    }

    internal static IPNetwork NetworkOf(IPAddress address, int prefixLength)
    {
        var bytes = address.GetAddressBytes();
        for (var i = 0; i < bytes.Length; i++)
        {
            var kept = Math.Clamp(prefixLength - (i * 8), 0, 8);
            bytes[i] &= (byte)(0xFF00 >> kept);
        }

        return new IPNetwork(new IPAddress(bytes), prefixLength);
    }

    /// <summary>Before the link is raised, or it gets a link-local address.</summary>
    private static void SetIPv6(string name, NicConfiguration nic) => Setting(
        $"net/ipv6/conf/{name}/disable_ipv6", nic.Addresses.Any(static a => a.Address.AddressFamily == AddressFamily.InterNetworkV6) ? "0" : "1");

    private static void Setting(string path, string value)
    {
        // A kernel without IPv6 has not all of them.
        if (FileTree.Exists("/proc/sys/" + path))
            FileTree.Write("/proc/sys/" + path, value);
    }
}
