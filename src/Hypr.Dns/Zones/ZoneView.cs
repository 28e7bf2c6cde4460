using System.Net;
using System.Net.Sockets;
using Hypr.Dns.Wire;

namespace Hypr.Dns.Zones;

/// <summary>A network's zone as a machine sees it that is on this network alone. For people; the finder says what is there, so that this is what is answered.</summary>
internal static class ZoneView
{
    private const string Zone = ".hypr";

    public static IReadOnlyList<DnsRecord> Of(Zone zone, int number, IEnumerable<Machine> machines)
    {
        var network = zone.Networks[number]!;
        var onlooker = new Machine(null) { IdKey = null, NameKey = null, Extras = null };
        onlooker.Endpoints = [new Endpoint(onlooker, number, default, [])];
        var asker = new Asker(onlooker, number);
        var members = machines.Where(m => m.IsOn(number)).ToList();
        var records = new List<DnsRecord>();
        foreach (var key in members.SelectMany(m => Keys(m, network, number)).Append(Finder.Host).Append(Finder.Gateway).DistinctBy(Convert.ToHexString))
        {
            var found = Finder.Find(zone, key, asker);
            var addresses = found.IsGateway ? network.Gateways : found.Owners.Where(o => found.Counts(o, asker)).SelectMany(o => o.Addresses.All()).Distinct();
            records.AddRange(addresses.Order().Select(a => Record(DnsName.Text(key).TrimEnd('.') + Zone, a)));
        }

        foreach (var endpoint in members.SelectMany(m => m.Endpoints).Where(e => e.Network == number && e.Machine.NameKey is not null))
        {
            records.AddRange(endpoint.Addresses.All().Select(a => new DnsRecord(Text(a), "PTR", DnsName.Text(endpoint.Machine.NameKey).TrimEnd('.') + Zone)));
        }

        records.AddRange(network.Gateways.Select(g => new DnsRecord(Text(g), "PTR", "host" + Zone)));
        return [.. records.OrderBy(r => r.Type == "PTR").ThenBy(r => r.Name, StringComparer.Ordinal).ThenBy(r => r.Type, StringComparer.Ordinal)];
    }

    private static IEnumerable<byte[]> Keys(Machine machine, NetworkState network, int number)
    {
        if (machine.NameKey is { } name)
        {
            yield return name;
            if (network.NameKey is { } on && name.Length + on.Length <= Limits.Name)
            {
                yield return [.. name, .. on];
            }
        }

        if (machine.IdKey is { } id)
        {
            yield return id;
        }

        if (machine.ServiceKey is { } service)
        {
            yield return service;
        }

        foreach (var alias in machine.Endpoints.Where(e => e.Network == number).SelectMany(e => e.Aliases))
        {
            yield return alias;
        }
    }

    private static DnsRecord Record(string name, UInt128 address) => new(name, Addresses.IsV4(address) ? "A" : "AAAA", Text(address));

    private static string Text(UInt128 address)
    {
        Span<byte> bytes = stackalloc byte[16];
        System.Buffers.Binary.BinaryPrimitives.WriteUInt128BigEndian(bytes, address);
        var ip = new IPAddress(bytes);
        return (ip.IsIPv4MappedToIPv6 && ip.AddressFamily == AddressFamily.InterNetworkV6 ? ip.MapToIPv4() : ip).ToString();
    }
}
