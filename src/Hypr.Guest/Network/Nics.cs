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
        var present = VirtioDevices.Bind(device, "virtio_net", "net");
        var link = Netlink.Links.Find(present) ?? throw new LinuxException("find link", present, Errno.ENODEV);
        Netlink.Links.Set(link.Index, new LinkSettings
        {
            Up = false,
            Name = present == nic.Name ? null : nic.Name,
            Mac = link.Mac.AsSpan().SequenceEqual(nic.Mac) ? null : nic.Mac,
        });
        Configure(nic);
    }

    /// <summary>Brings addresses, MTU and routes of a NIC to what they shall be.</summary>
    public void Configure(NicConfiguration nic)
    {
        var index = Netlink.Links.IndexOf(nic.Name);
        Setting($"net/ipv6/conf/{nic.Name}/disable_ipv6", nic.Addresses.Any(static a => a.Address.AddressFamily == AddressFamily.InterNetworkV6) ? "0" : "1");
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
            Netlink.Routes.Replace(route with { Gateway = gateway, OnLink = true });
        else if (Netlink.Routes.List().Find(r => r.Table == 254 && r.Link == index && r.Destination.Equals(route.Destination) && r.Protocol == 4) is { } old)
            Netlink.Routes.Delete(old);
    }

    /// <summary>What is sent from this NIC's addresses leaves by it, whatever the default route says.</summary>
    private void SetWayBack(int index, NicConfiguration nic, IPAddress? gateway, IPAddress any)
    {
        var isIPv6 = any.AddressFamily == AddressFamily.InterNetworkV6;
        RemoveRules(index, isIPv6);
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

    private static void Setting(string path, string value)
    {
        // A kernel without IPv6 has not all of them.
        if (FileTree.Exists("/proc/sys/" + path))
            FileTree.Write("/proc/sys/" + path, value);
    }
}
