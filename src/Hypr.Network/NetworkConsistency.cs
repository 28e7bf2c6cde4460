using Hypr.Network.Endpoints;
using Hypr.Network.Names;
using Hypr.Network.Networks;
using Hypr.Network.Platforms;
using Hypr.Network.Ports;

namespace Hypr.Network;

/// <summary>Compares what is stored with what is in memory, and that with what the name server answers and the kernel has.</summary>
internal sealed class NetworkConsistency(NetworkStore store, NetworkCatalog catalog, IDatapath datapath, NameBoard names)
{
    public async Task<IReadOnlyList<string>> RunAsync(CancellationToken cancel)
    {
        var faults = new List<string>();
        if (store.Database.Owed is > 0 and var owed)
        {
            faults.Add($"{owed} changes wait to be written to the database: make room on its disk");
        }

        Compare("network", store.Networks.All().Select(n => n.Id), catalog.Networks().Select(n => n.Network.Id), faults);
        Compare(
            "endpoint",
            store.Endpoints.All().Select(e => $"{e.Row.Id} with {e.Row.Tap ?? "no TAP"}"),
            catalog.Machines.SelectMany(m => m.Endpoints).Select(e => $"{e.Id} with {e.Value.Tap ?? "no TAP"}"),
            faults);
        Compare(
            "lease",
            store.Leases.All().Select(l => $"{l.Address} of endpoint {l.EndpointId}"),
            catalog.Machines.SelectMany(m => m.Endpoints).SelectMany(Leases),
            faults);
        Compare(
            "published port",
            store.Ports.All().Select(p => $"{p.HostIp}:{p.HostPort}->{p.GuestPort}/{p.Protocol} of {p.MachineId}"),
            catalog.Machines.SelectMany(m => m.Ports.Select(p => $"{p.HostIp}:{p.HostPort}->{p.GuestPort}/{ProtocolWord.Of(p.Protocol)} of {m.Id}")),
            faults);
        CheckUsage(faults);
        CheckNames(faults);
        faults.AddRange(await datapath.CheckAsync(NetworkRestore.Desired(catalog), cancel));
        return faults;
    }

    private static IEnumerable<string> Leases(EndpointSlot endpoint)
    {
        if (endpoint.Value.IPv4 is { } v4)
        {
            yield return $"{v4.Address} of endpoint {endpoint.Id}";
        }

        if (endpoint.Value.IPv6 is { } v6)
        {
            yield return $"{v6.Address} of endpoint {endpoint.Id}";
        }
    }

    private static void Compare(string what, IEnumerable<string> stored, IEnumerable<string> known, List<string> faults)
    {
        var (rows, memory) = (stored.ToHashSet(), known.ToHashSet());
        faults.AddRange(rows.Except(memory).Select(r => $"{what} {r} is in the database only"));
        faults.AddRange(memory.Except(rows).Select(r => $"{what} {r} is not in the database"));
    }

    /// <summary>An address that is counted as used and is no endpoint's is lost until hyprd's next start.</summary>
    private void CheckUsage(List<string> faults)
    {
        foreach (var network in catalog.Networks())
        {
            foreach (var allocator in network.Allocators)
            {
                var leased = network.Endpoints.Select(e => e.Value).Select(e => allocator.Family == System.Net.Sockets.AddressFamily.InterNetwork ? e.IPv4 : e.IPv6).Count(a => a is not null);
                if (allocator.LeaseCount != leased)
                {
                    faults.Add($"network {network.Network.Name}: {allocator.LeaseCount} addresses are taken, and {leased} endpoints have one");
                }
            }
        }
    }

    private void CheckNames(List<string> faults)
    {
        var active = catalog.Machines.Where(m => m.Active is not null).SelectMany(m => m.Endpoints.Select(e => (m.Active!.Name, Endpoint: e)));
        foreach (var network in active.Where(e => e.Endpoint.Value.Tap is not null).GroupBy(e => e.Endpoint.Network))
        {
            var answered = names.View(network.Key.Network.Id).Select(r => (r.Name.ToLowerInvariant(), r.Value)).ToHashSet();
            foreach (var (machine, endpoint) in network)
            {
                var name = machine.ToLowerInvariant() + ".hypr";
                var address = (endpoint.Value.IPv4 ?? endpoint.Value.IPv6)?.Address.ToString();
                if (address is not null && name.Length <= 243 && name.Split('.').All(l => l.Length is > 0 and <= 63) && !answered.Contains((name, address)))
                {
                    faults.Add($"{name} is not answered with {address} on network {network.Key.Network.Name}");
                }
            }
        }
    }
}
