using System.Net;
using Hypr.Network.Endpoints;
using Hypr.Network.Names;
using Hypr.Network.Networks;
using Hypr.Network.Platforms;
using Hypr.Network.Ports;
using Hypr.Primitives;
using Hypr.Store.Networks;
using Microsoft.Extensions.Logging;

namespace Hypr.Network;

/// <summary>What a new hyprd does with the networks of an earlier one: memory from the store, the kernel and the name server from memory.</summary>
internal sealed partial class NetworkRestore(
    NetworkStore store, NetworkCatalog catalog, IDatapath datapath, NameBoard names, PortAssigner ports, IPortReserver reserver, AddressPools pools,
    DefaultNetwork defaultNetwork, ILogger log)
{
    private readonly List<(string Machine, PublishedPort Port)> _lostPorts = [];

    public IReadOnlyList<string> Notes { get; private set; } = [];

    public async Task RunAsync(IReadOnlyCollection<MachineIdentity> running, CancellationToken cancel)
    {
        // 1. Networks, endpoints and leases as they are stored; the default network made or adjusted.
        pools.Prepare();
        foreach (var network in defaultNetwork.Ensure())
        {
            catalog.Restore(new NetworkSlot(network));
        }

        var alive = running.ToDictionary(m => m.Id, StringComparer.Ordinal);
        LoadEndpoints(alive);

        // 2. What a machine that no longer runs left behind is not wanted any more, nor what a running one lost meanwhile: the store first.
        var lost = await LostLinksAsync(cancel);
        var published = store.Ports.All().ToLookup(p => alive.ContainsKey(p.MachineId));
        store.Database.Transact(() =>
        {
            foreach (var endpoint in catalog.Machines.Where(m => m.Active is null).SelectMany(m => m.Endpoints).Where(e => e.Value.Tap is not null).Concat(lost))
            {
                store.Endpoints.SetLink(endpoint.Id, null, null);
                endpoint.Value = endpoint.Value with { Tap = null, GuestName = null };
            }

            foreach (var machine in published[false].Select(p => p.MachineId).Distinct())
            {
                store.Ports.DeleteOf(machine);
            }
        });
        foreach (var machine in published[true].GroupBy(p => p.MachineId))
        {
            LoadPorts(catalog.Machine(machine.Key), machine);
        }

        // 3. The kernel, in one go.
        var machines = catalog.Machines.Where(m => m.Active is not null).ToList();
        await datapath.StartAsync(
            Desired(catalog),
            cancel);

        // 4. Names and reservations.
        foreach (var network in catalog.Networks())
        {
            await names.AddAsync(network);
        }

        await reserver.KeepAsync([.. alive.Keys]);
        foreach (var (machine, port) in _lostPorts)
        {
            await ports.ReleaseAsync(machine, [port]);
        }

        foreach (var machine in machines)
        {
            names.Set(machine.Active!, machine.Endpoints, machine.Ports);
            foreach (var reason in await ports.ResumeAsync(machine.Id, machine.Ports, GuestView.Targets(RouteChoice.Of(Linked(machine))), cancel))
            {
                NotHeld(log, machine.Active!.Name, reason);
                Notes = [.. Notes, $"a port of {machine.Active.Name} is published and not reserved: {reason}"];
            }
        }
    }

    /// <summary>Those that lead somewhere: with the network that a machine lost its ports went too.</summary>
    private void LoadPorts(MachineSlot machine, IEnumerable<PortRow> rows)
    {
        var targets = GuestView.Targets(RouteChoice.Of(Linked(machine)));
        var kept = rows.Where(p => targets.Reaches(p.HostIp, ProtocolWord.Parse(p.Protocol))).ToList();
        machine.Ports = [.. kept.Select(p => new PublishedPort(p.HostIp, p.HostPort, p.GuestPort, ProtocolWord.Parse(p.Protocol)))];
        var lost = rows.Except(kept).ToList();
        if (lost.Count == 0)
        {
            return;
        }

        _lostPorts.AddRange(lost.Select(p => (machine.Id, new PublishedPort(p.HostIp, p.HostPort, p.GuestPort, ProtocolWord.Parse(p.Protocol)))));

        store.Database.Transact(() =>
        {
            store.Ports.DeleteOf(machine.Id);
            kept.ForEach(store.Ports.Insert);
        });
    }

    /// <summary>
    /// Of running machines: a TAP goes with its NIC, which a guest had let go of when hyprd died over a disconnect. The machine stays attached, and its next start
    /// makes a new one.
    /// </summary>
    private async Task<List<EndpointSlot>> LostLinksAsync(CancellationToken cancel)
    {
        var linked = catalog.Machines.Where(m => m.Active is not null).SelectMany(m => m.Endpoints).Where(e => e.Value.Tap is not null).ToList();
        var there = linked.Count == 0 ? null : await datapath.TrafficAsync([.. linked.Select(e => e.Value.Tap!)], cancel);
        var lost = linked.Where(e => !there!.ContainsKey(e.Value.Tap!)).ToList();
        foreach (var endpoint in lost)
        {
            LinkLost(log, endpoint.Value.Tap!, endpoint.Value.MachineName, endpoint.Network.Network.Name);
        }

        return lost;
    }

    /// <summary>What the kernel should have, by memory.</summary>
    public static DatapathState Desired(NetworkCatalog catalog)
    {
        var machines = catalog.Machines.Where(m => m.Active is not null).ToList();
        return new DatapathState(
            [.. catalog.Networks().Select(n => n.ToDatapath())],
            [.. machines.SelectMany(m => m.Endpoints).Where(e => e.Value.Tap is not null).Select(MachineActivation.ToDatapath)],
            machines.Where(m => m.Ports.Count > 0).ToDictionary(m => m.Id, m => GuestView.Targets(m.Ports, RouteChoice.Of(Linked(m)))));
    }

    private static List<EndpointSlot> Linked(MachineSlot machine) => [.. machine.Endpoints.Where(e => e.Value.Tap is not null)];

    private void LoadEndpoints(Dictionary<string, MachineIdentity> alive)
    {
        foreach (var (row, _) in store.Endpoints.All().Where(e => e.Row.Nic is EndpointRow.Leaving || e.Row is { Nic: EndpointRow.Joining, Tap: null }))
        {
            store.Endpoints.Delete(row.Id);
        }

        var leases = store.Leases.All().ToLookup(l => l.EndpointId, StringComparer.Ordinal);
        foreach (var (row, machineName) in store.Endpoints.All())
        {
            var network = catalog.Get(row.NetworkId);
            var stored = StoredEndpoint.Deserialize(row.Config);
            var slot = new EndpointSlot(network, Endpoint(network, row, machineName, stored, leases[row.Id]), row.Position, Mac(stored.StaticMac));
            network.Add(slot);
            if (slot.Value.Mac is { } mac)
            {
                network.TakeMac(mac, slot.Id);
            }

            var machine = catalog.Machine(row.MachineId);
            machine.Add(slot);
            machine.Active = alive.GetValueOrDefault(row.MachineId);
        }

        // A machine without a network has a name and no endpoint.
        foreach (var machine in alive.Values)
        {
            catalog.Machine(machine.Id).Active = machine;
        }
    }

    private static Endpoint Endpoint(NetworkSlot network, EndpointRow row, string machineName, StoredEndpoint stored, IEnumerable<LeaseRow> leases)
    {
        var endpoint = new Endpoint
        {
            Id = row.Id,
            NetworkId = row.NetworkId,
            MachineId = row.MachineId,
            MachineName = machineName,
            Mac = Mac(row.Mac),
            Tap = row.Tap,
            GuestName = row.Nic,
            Aliases = stored.Aliases,
            GatewayPriority = stored.GatewayPriority,
            DriverOptions = stored.DriverOptions,
            StaticIPv4 = Address(stored.StaticIPv4),
            StaticIPv6 = Address(stored.StaticIPv6),
        };
        foreach (var lease in leases)
        {
            var allocator = network.Allocator(lease.Address.AddressFamily);
            if (allocator is null || !allocator.Contains(lease.Address) || !allocator.TryTake(lease.Address, row.Id, out _, out _))
            {
                throw new HyprException(ErrorKind.Internal,
                    $"the database says that {machineName} has {lease.Address} on network {network.Network.Name}, which cannot be: restore it from a copy, or remove the VM's row");
            }

            var address = allocator.WithLength(lease.Address);
            endpoint = address.IsIPv6 ? endpoint with { IPv6 = address } : endpoint with { IPv4 = address };
        }

        return endpoint;
    }

    private static MacAddress? Mac(string? text) => text is null ? null : MacAddress.Parse(text);

    private static IPAddress? Address(string? text) => text is null ? null : IPAddress.Parse(text);

    [LoggerMessage(LogLevel.Warning, "{Tap} of {Machine} went while no hyprd ran: it is on network {Network} again after a restart of the VM")]
    private static partial void LinkLost(ILogger logger, string tap, string machine, string network);

    [LoggerMessage(LogLevel.Warning, "a published port of {Machine} is not reserved: {Reason}")]
    private static partial void NotHeld(ILogger logger, string machine, string reason);
}
