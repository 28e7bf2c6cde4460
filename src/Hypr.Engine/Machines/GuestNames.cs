using Hypr.Machines;
using Hypr.Network.Endpoints;
using Hypr.Primitives;

namespace Hypr.Engine.Machines;

/// <summary>What a guest is told of its networks: NICs, /etc/hosts, /etc/resolv.conf. The same at its start and when a network comes or goes while it runs.</summary>
internal static class GuestNames
{
    public static string Hostname(Machine machine) => string.IsNullOrEmpty(machine.Config.Hostname) ? ObjectId.Short(machine.Id) : machine.Config.Hostname;

    public static GuestNic Nic(NicSettings nic) => new(
        nic.GuestName, nic.Endpoint.Mac!.Value, nic.Mtu,
        [.. new[] { nic.Endpoint.IPv4, nic.Endpoint.IPv6 }.OfType<InterfaceAddress>()], nic.Gateway4, nic.Gateway6)
    {
        ReturnGateway4 = nic.ReturnGateway4,
        ReturnGateway6 = nic.ReturnGateway6,
    };

    public static ResolvConf Resolver(MachineConfig config, GuestNetwork network) => new(
        network.Nameserver is { } server ? [server.ToString()] : config.Dns,
        config.DnsSearch.Count > 0 ? [.. config.DnsSearch.Where(s => s != ".")] : network.Search,
        config.DnsOptions.Any(o => o.StartsWith("ndots:", StringComparison.Ordinal)) ? config.DnsOptions : [.. config.DnsOptions, "ndots:0"]);

    public static IReadOnlyList<HostsEntry> Hosts(MachineConfig config, string hostname, GuestNetwork network)
    {
        var entries = new List<HostsEntry>();
        foreach (var entry in config.ExtraHosts)
        {
            var (address, name) = CreateMachine.ExtraHost(entry);
            address = address == "host-gateway" ? network.HostGateway?.ToString() ?? "" : address;
            if (address.Length > 0)
            {
                entries.Add(new HostsEntry(address, name));
            }
        }

        var names = string.IsNullOrEmpty(config.Domainname) ? hostname : $"{hostname}.{config.Domainname} {hostname}";
        entries.AddRange(network.Nics.SelectMany(n => new[] { n.Endpoint.IPv4, n.Endpoint.IPv6 }).OfType<InterfaceAddress>()
            .Select(a => new HostsEntry(a.Address.ToString(), names)));
        return entries;
    }
}
