using Hypr.Linux;
using Hypr.Linux.Netlink;
using Hypr.Linux.Sysctl;
using Hypr.Primitives;

namespace Hypr.Network.Platforms.Linux.Links;

/// <summary>The bridges of our networks: made, adopted, mended. On the datapath's thread only.</summary>
internal sealed class Bridges(RtNetlink netlink, LinkRemover remover, bool keepCarrier)
{
    /// <summary>Stp off: no listening and learning before a port forwards. No snooping: without a querier it does nothing, and a guest must not become one.</summary>
    private static readonly BridgeSettings Settings = new() { Stp = false, MulticastSnooping = false };

    /// <summary>The lowest free vbrN.</summary>
    public string Choose(IReadOnlySet<string> reserved)
    {
        for (var n = 0; ; n++)
        {
            // One question a candidate: with a thousand networks a list of all links takes longer than all the rest of a creation.
            var name = $"vbr{n}";
            if (!reserved.Contains(name) && IsFree(name))
                return name;
        }
    }

    /// <summary>Nobody's, or ours and about to go. A doomed name alone says nothing: the host may have made a link of it the moment ours had gone.</summary>
    private bool IsFree(string name) => netlink.Links.Find(name) is not { } link || (remover.IsDoomed(name) && OurLinks.IsBridge(link));

    /// <summary>Brings the bridge to what the network says, and tells what had to be done (nothing: it was so).</summary>
    /// <exception cref="HyprException">Conflict: the name is another's.</exception>
    public List<string> Ensure(DatapathNetwork network, out int index)
    {
        remover.Claim(network.Bridge);
        var done = new List<string>();
        var link = netlink.Links.Find(network.Bridge);
        if (link is not null && !OurLinks.IsBridge(link))
        {
            throw HyprException.Conflict(
                $"network {network.Name} cannot have the bridge {network.Bridge}: the host has a {(link.Kind.Length > 0 ? link.Kind : "link")} of that name; choose another with -o com.docker.network.bridge.name=NAME");
        }

        if (link is null)
        {
            index = netlink.Links.CreateBridge(network.Bridge, Settings, new LinkSettings
            {
                // A bridge without a MAC of its own takes its ports', and changes it as they come and go.
                Mac = MacOf(network).ToBytes(),
                Mtu = network.Mtu,
                Group = OurLinks.Group,
            });
            done.Add($"bridge {network.Bridge} was missing");
        }
        else
        {
            index = link.Index;
            var mac = MacOf(network).ToBytes();
            if (link.Mtu != network.Mtu || link.Group != OurLinks.Group || link.Alias != OurLinks.AliasOf(network) || !link.Mac.AsSpan().SequenceEqual(mac))
            {
                netlink.Links.Set(index, new LinkSettings { Mac = mac, Mtu = network.Mtu, Group = OurLinks.Group, Alias = OurLinks.AliasOf(network) });
                done.Add($"bridge {network.Bridge} was changed");
            }
        }

        try
        {
            ApplySettings(network, done);
            if (link is not { IsUp: true })
            {
                netlink.Links.Set(index, new LinkSettings { Up = true, Alias = OurLinks.AliasOf(network) });
                if (link is not null)
                    done.Add($"bridge {network.Bridge} was down");
            }

            EnsureAddresses(network, index, done);
            if (keepCarrier && network.Predefined && Carrier.Ensure(netlink, index) && link is not null)
                done.Add($"{Carrier.Port} of {network.Bridge} was missing");
            return done;
        }
        catch when (link is null)
        {
            netlink.Links.Delete(network.Bridge);
            throw;
        }
    }

    /// <summary>Nothing of the network works from now on, and its subnet is free; the link itself goes soon.</summary>
    public void Remove(DatapathNetwork network)
    {
        if (netlink.Links.Find(network.Bridge) is not { } link || !OurLinks.IsBridge(link))
            return;
        netlink.Addresses.Flush(link.Index);
        remover.Remove(link);
    }

    /// <summary>Per-link kernel settings by their dotted names.</summary>
    public static IEnumerable<(string Name, string Value)> KernelSettingsOf(DatapathNetwork network)
    {
        var link = network.Bridge.Replace('.', '/');
        // A packet for 127.0.0.1 that comes back from a machine is for a published port; the guard chain drops all others.
        yield return ($"net.ipv4.conf.{link}.route_localnet", "1");
        // Loose (RFC 3704, 2.4): a machine on two networks may answer by either. What it may send at all is the bridge table's matter.
        yield return ($"net.ipv4.conf.{link}.rp_filter", "2");
        if (network.Gateways.Any(static g => g.IsIPv6))
        {
            // The host is the router here and must not believe another. Addresses are ours to give: no duplicate detection delays them.
            yield return ($"net.ipv6.conf.{link}.accept_ra", "0");
            yield return ($"net.ipv6.conf.{link}.accept_dad", "0");
            yield return ($"net.ipv6.conf.{link}.disable_ipv6", "0");
        }
        else
        {
            // Without it the host would have a link-local address that no rule of a network without IPv6 speaks of.
            yield return ($"net.ipv6.conf.{link}.disable_ipv6", "1");
        }
    }

    /// <summary>It follows from the gateway, so that it is the same after the bridge was made anew.</summary>
    public static MacAddress MacOf(DatapathNetwork network)
    {
        foreach (var gateway in network.Gateways)
        {
            if (!gateway.IsIPv6)
                return MacAddress.FromIPv4(gateway.Address);
        }

        var digest = System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(network.Id));
        return MacAddress.FromBytes([0x02, 0x42, .. digest.AsSpan(0, 4)]);
    }

    private static void ApplySettings(DatapathNetwork network, List<string> done)
    {
        foreach (var (name, value) in KernelSettingsOf(network))
        {
            if (KernelSetting.TryRead(name) is { } now && now != value)
            {
                KernelSetting.Write(name, value);
                done.Add($"{name} was {now}");
            }
        }
    }

    private void EnsureAddresses(DatapathNetwork network, int index, List<string> done)
    {
        var has = netlink.Addresses.List(index);
        foreach (var gateway in network.Gateways)
        {
            if (has.Any(a => a.Address.Equals(gateway.Address) && a.PrefixLength == gateway.PrefixLength))
                continue;
            netlink.Addresses.Replace(new LinkAddress(index, gateway.Address, gateway.PrefixLength) { NoDad = gateway.IsIPv6 });
            done.Add($"address {gateway} of {network.Bridge} was missing");
        }

        // Another address on our bridge would be one that no rule knows: an earlier gateway of an adopted bridge.
        foreach (var other in has)
        {
            if (other.Address.IsIPv6LinkLocal || network.Gateways.Any(g => g.Address.Equals(other.Address) && g.PrefixLength == other.PrefixLength))
                continue;
            if (netlink.Addresses.Delete(other))
                done.Add($"address {other} of {network.Bridge} was not ours");
        }
    }
}
