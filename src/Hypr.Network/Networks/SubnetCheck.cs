using System.Net;
using System.Net.Sockets;
using Hypr.Network.Ipam;
using Hypr.Primitives;

namespace Hypr.Network.Networks;

/// <summary>From a client's text of one subnet to a subnet that can be, or an error that says why not. What others use is not looked at here.</summary>
internal static class SubnetCheck
{
    /// <summary>Blocks that no network can have, with the reason.</summary>
    private static readonly (IPNetwork Block, string What)[] Refused =
    [
        (IPNetwork.Parse("0.0.0.0/8"), "\"this network\" (RFC 1122)"),
        (IPNetwork.Parse("127.0.0.0/8"), "the host's loopback"),
        (IPNetwork.Parse("169.254.0.0/16"), "link-local (RFC 3927)"),
        (IPNetwork.Parse("224.0.0.0/4"), "multicast"),
        (IPNetwork.Parse("240.0.0.0/4"), "reserved (RFC 1112)"),
        (IPNetwork.Parse("::/64"), "loopback and IPv4-mapped addresses"),
        (IPNetwork.Parse("fe80::/10"), "link-local"),
        (IPNetwork.Parse("fec0::/10"), "site-local (RFC 3879)"),
        (IPNetwork.Parse("ff00::/8"), "multicast"),
    ];

    public static SubnetConfig Parse(SubnetSpec spec)
    {
        if (string.IsNullOrEmpty(spec.Subnet))
        {
            throw HyprException.Invalid("every ip-range, gateway or aux-address must have a corresponding subnet: give --subnet");
        }

        return With(Prefix("subnet", spec.Subnet), spec);
    }

    /// <summary>A subnet of our choice, with what else was asked for.</summary>
    public static SubnetConfig With(IPNetwork subnet, SubnetSpec? spec = null)
    {
        CheckBlock(subnet);
        var all = AddressRange.Of(subnet);
        var family = subnet.BaseAddress.AddressFamily;
        var gateway = string.IsNullOrEmpty(spec?.Gateway) ? null : Inside("gateway", spec.Gateway, subnet);
        var range = string.IsNullOrEmpty(spec?.IpRange) ? (IPNetwork?)null : Range(spec.IpRange, subnet);
        var auxiliary = new Dictionary<string, IPAddress>(StringComparer.Ordinal);
        foreach (var (name, text) in spec?.Auxiliary ?? new Dictionary<string, string>())
        {
            var address = Inside($"auxiliary address {name}", text, subnet);
            if (address.Equals(gateway))
            {
                throw HyprException.Forbidden($"auxiliary address {name}={text}: it is the gateway of {subnet}");
            }

            if (auxiliary.FirstOrDefault(a => a.Value.Equals(address)).Key is { } other)
            {
                throw HyprException.Invalid($"auxiliary address {name}={text}: {other} has it already");
            }

            auxiliary.Add(name, address);
        }

        // Without a word the gateway is the first address that no auxiliary one has.
        gateway ??= FirstFree(all, family, auxiliary.Values);
        return new SubnetConfig(subnet, gateway, range, auxiliary);
    }

    /// <summary>A prefix without host bits, in text.</summary>
    public static IPNetwork Prefix(string what, string text)
    {
        if (!IpNumber.TryParsePrefix(text, out var address, out var length))
        {
            throw HyprException.Invalid($"invalid {what} {text}: a block such as 10.89.0.0/16 is due");
        }

        if (address.IsIPv4MappedToIPv6)
        {
            throw HyprException.Invalid($"invalid {what} {text}: it is an IPv4 block, written as IPv6");
        }

        // Docker's words.
        var size = IpNumber.Size(length, address.AddressFamily);
        var start = length == 0 ? UInt128.Zero : IpNumber.Of(address) & ~(size - 1);
        return start == IpNumber.Of(address)
            ? new IPNetwork(address, length)
            : throw HyprException.Invalid($"invalid {what} {text}: it should be {IpNumber.ToAddress(start, address.AddressFamily)}/{length}");
    }

    private static void CheckBlock(IPNetwork subnet)
    {
        if (subnet.PrefixLength == 0)
        {
            throw HyprException.Invalid($"invalid subnet {subnet}: it is every address there is");
        }

        var family = subnet.BaseAddress.AddressFamily;
        if (subnet.PrefixLength > IpNumber.Bits(family) - 2)
        {
            throw HyprException.Invalid($"invalid subnet {subnet}: it has no room for a gateway and a VM, /{IpNumber.Bits(family) - 2} is the smallest");
        }

        foreach (var (block, what) in Refused)
        {
            if (block.BaseAddress.AddressFamily == family && AddressRange.Of(block).Overlaps(AddressRange.Of(subnet)))
            {
                throw HyprException.Invalid($"invalid subnet {subnet}: {block} is {what}");
            }
        }
    }

    private static IPNetwork Range(string text, IPNetwork subnet)
    {
        var range = Prefix("ip-range", text);
        return range.BaseAddress.AddressFamily == subnet.BaseAddress.AddressFamily && AddressRange.Of(subnet).Contains(AddressRange.Of(range))
            ? range
            : throw HyprException.Invalid($"invalid ip-range {text}: it is not inside of subnet {subnet}");
    }

    private static IPAddress Inside(string what, string text, IPNetwork subnet)
    {
        if (!IpNumber.TryParse(text, out var address))
        {
            throw HyprException.Invalid($"invalid {what} {text}: an IP address is due");
        }

        var all = AddressRange.Of(subnet);
        var number = IpNumber.Of(address);
        if (address.AddressFamily != subnet.BaseAddress.AddressFamily || !all.Contains(number))
        {
            throw HyprException.Invalid($"invalid {what} {text}: no matching subnet, it is not in {subnet}");
        }

        if (number == all.First)
        {
            throw HyprException.Invalid($"invalid {what} {text}: it is the own address of {subnet}");
        }

        return number == all.Last && address.AddressFamily == AddressFamily.InterNetwork
            ? throw HyprException.Invalid($"invalid {what} {text}: it is the broadcast address of {subnet}")
            : address;
    }

    private static IPAddress FirstFree(AddressRange all, AddressFamily family, IEnumerable<IPAddress> taken)
    {
        var numbers = taken.Select(IpNumber.Of).ToHashSet();
        var last = family == AddressFamily.InterNetwork ? all.Last - 1 : all.Last;
        for (var number = all.First + 1; number <= last; number++)
        {
            if (!numbers.Contains(number))
            {
                return IpNumber.ToAddress(number, family);
            }
        }

        throw HyprException.Invalid("the auxiliary addresses leave no address for the gateway");
    }
}
