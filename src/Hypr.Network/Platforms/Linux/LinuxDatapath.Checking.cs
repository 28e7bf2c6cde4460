using Hypr.Linux.Netlink;
using Hypr.Linux.Sysctl;
using Hypr.Network.Platforms.Linux.Links;

namespace Hypr.Network.Platforms.Linux;

/// <summary>Compares and changes nothing; what mends is elsewhere.</summary>
public sealed partial class LinuxDatapath
{
    public Task<IReadOnlyList<string>> CheckAsync(DatapathState desired, CancellationToken cancel) => Do<IReadOnlyList<string>>(
        () =>
        {
            var faults = new List<string>();
            CheckModel(desired, faults);
            // Dumps of everything: one of a single link fails when the link goes at that moment.
            var addresses = _netlink.Addresses.List();
            var links = _netlink.Links.List().ToDictionary(static l => l.Name, StringComparer.Ordinal);
            if (KernelSetting.TryRead("net.ipv4.ip_forward") != "1")
                faults.Add("net.ipv4.ip_forward is off: sysctl -w net.ipv4.ip_forward=1");
            foreach (var network in desired.Networks)
                CheckBridge(network, links, addresses, faults);
            foreach (var endpoint in desired.Endpoints)
                CheckTap(endpoint, desired, links, faults);
            CheckStrays(desired, links, faults);
            if (_rules.Difference() is { } difference)
                faults.Add(difference);
            return faults;
        },
        cancel);

    private void CheckModel(DatapathState desired, List<string> faults)
    {
        Compare("network", desired.Networks.Select(static n => n.Id), _model.Networks.Keys, faults);
        Compare("endpoint", desired.Endpoints.Select(static e => e.Id), _model.Endpoints.Keys, faults);
        Compare(
            "published port",
            desired.Ports.SelectMany(static m => m.Value).Select(static p => $"{p.HostIp}:{p.HostPort}->{p.Target}:{p.GuestPort}/{p.Protocol}"),
            _model.Ports.SelectMany(static m => m.Value).Select(static p => $"{p.HostIp}:{p.HostPort}->{p.Target}:{p.GuestPort}/{p.Protocol}"),
            faults);
    }

    private static void Compare(string what, IEnumerable<string> wanted, IEnumerable<string> there, List<string> faults)
    {
        var (want, have) = (wanted.ToHashSet(), there.ToHashSet());
        faults.AddRange(want.Except(have).Select(id => $"{what} {id} is stored, and the datapath does not know it"));
        faults.AddRange(have.Except(want).Select(id => $"{what} {id} is in the datapath, and is stored nowhere"));
    }

    private static void CheckBridge(DatapathNetwork network, Dictionary<string, Link> links, IReadOnlyList<LinkAddress> addresses, List<string> faults)
    {
        if (!links.TryGetValue(network.Bridge, out var link) || !OurLinks.IsBridge(link))
        {
            faults.Add($"bridge {network.Bridge} of network {network.Name} is missing");
            return;
        }

        if (!link.IsUp)
            faults.Add($"bridge {network.Bridge} is down");
        if (link.Group != OurLinks.Group)
            faults.Add($"bridge {network.Bridge} is in the link group {link.Group}, not {OurLinks.Group}");
        if (link.Mtu != network.Mtu)
            faults.Add($"bridge {network.Bridge} has an MTU of {link.Mtu}, not {network.Mtu}");
        var has = addresses.Where(a => a.Link == link.Index).ToList();
        foreach (var gateway in network.Gateways)
        {
            if (!has.Any(a => a.Address.Equals(gateway.Address) && a.PrefixLength == gateway.PrefixLength))
                faults.Add($"bridge {network.Bridge} lacks its address {gateway}");
        }

        foreach (var (name, value) in Bridges.KernelSettingsOf(network))
        {
            if (KernelSetting.TryRead(name) is { } now && now != value)
                faults.Add($"{name} is {now}, not {value}");
        }
    }

    private static void CheckTap(DatapathEndpoint endpoint, DatapathState desired, Dictionary<string, Link> links, List<string> faults)
    {
        var network = desired.Networks.FirstOrDefault(n => n.Id == endpoint.NetworkId);
        if (endpoint.Tap is not { } tap || network is null || !links.TryGetValue(network.Bridge, out var bridge))
            return;
        if (!links.TryGetValue(tap, out var link))
            faults.Add($"{tap} of {string.Join(", ", endpoint.Addresses)} is missing: restart the VM");
        else if (!Taps.IsJoined(link, bridge.Index, network))
            faults.Add($"{tap} of {string.Join(", ", endpoint.Addresses)} is not a port of {network.Bridge} as it should be");
    }

    private void CheckStrays(DatapathState desired, Dictionary<string, Link> links, List<string> faults)
    {
        var wanted = desired.Networks.Select(static n => n.Bridge).Concat(desired.Endpoints.Select(static e => e.Tap).OfType<string>()).ToHashSet();
        foreach (var link in links.Values)
        {
            if ((OurLinks.IsBridge(link) || OurLinks.IsTap(link)) && !wanted.Contains(link.Name) && !_remover.IsDoomed(link.Name))
                faults.Add($"{link.Name} bears our mark and is nobody's");
        }
    }
}
