using System.Globalization;
using Hypr.Network.Names;
using Hypr.Network.Platforms;
using Hypr.Network.Ports;
using Hypr.Primitives;
using Hypr.Store.Networks;
using Microsoft.Extensions.Logging;

namespace Hypr.Network.Endpoints;

/// <summary>Networks of a machine that runs. The caller holds the machine's gate.</summary>
internal sealed class LiveChanges(
    NetworkStore store, IDatapath datapath, NameBoard names, PortAssigner ports, EndpointConnections connections, MachineActivation activation, string resolvConf, ILogger log)
{
    /// <summary>Endpoint, addresses, TAP, ports, names: all of it or nothing. The guest is the caller's part.</summary>
    public async Task<LiveConnection> ConnectAsync(
        MachineSlot machine, MachineIdentity identity, string networkId, EndpointRequest request, IReadOnlyList<PortRequest> requests, CancellationToken cancel)
    {
        if (machine.Active is null)
        {
            throw HyprException.Conflict($"Container {machine.Id} is not running");
        }

        var before = Active(machine);
        var routesBefore = RouteChoice.Of(before);
        var undo = new Undo(log);
        try
        {
            // 1. The intent.
            var endpoint = await connections.ConnectAsync(machine, identity, networkId, request, live: true);
            undo.Add($"endpoint of {identity.Name}", () => connections.Remove(machine, [endpoint], insist: true));

            // 2. Addresses and, when the machine had no way out until now, its ports; on the disk before they are used.
            var stored = endpoint.Value;
            endpoint.Value = LeaseBook.TakeMissing(endpoint.Network, stored, undo) with { GuestName = FreeName(before) };
            List<EndpointSlot> after = [.. before, endpoint];
            var routes = RouteChoice.Of(after);
            var published = machine.Ports;
            var isNew = published.Count == 0 && GuestView.Targets(routesBefore).IsNowhere;
            if (isNew)
            {
                published = await activation.PublishAsync(machine, identity.Name, requests, routes, undo, cancel);
                undo.Add("published ports in the store", () => store.Database.Insist(() => store.Ports.DeleteOf(machine.Id)));
            }

            store.Database.Transact(() =>
            {
                activation.WriteLease(stored, endpoint.Value);
                if (isNew)
                {
                    activation.WritePorts(machine.Id, published);
                }
            });

            // 3. The TAP, then the ports on their way to where the default route is now, then the names.
            var queue = await activation.AttachAsync(endpoint, undo, cancel);
            var targets = GuestView.Targets(published, routes);
            if (!targets.SequenceEqual(GuestView.Targets(machine.Ports, routesBefore)))
            {
                undo.Add("published ports", () => datapath.PublishAsync(machine.Id, GuestView.Targets(machine.Ports, routesBefore), CancellationToken.None));
                await datapath.PublishAsync(machine.Id, targets, cancel);
            }

            if (!isNew && GuestView.Targets(routes) != GuestView.Targets(routesBefore))
            {
                undo.Add("where held ports lead", () => ports.MoveAsync(machine.Id, published, GuestView.Targets(routesBefore)));
                await ports.MoveAsync(machine.Id, published, GuestView.Targets(routes));
            }

            store.Endpoints.SetLink(endpoint.Id, endpoint.Value.Tap, endpoint.Value.GuestName);
            names.Set(identity, after, published);
            (machine.Active, machine.Ports) = (identity, published);
            return new LiveConnection(
                new ActiveNic(GuestView.Nic(endpoint, routes), queue),
                GuestView.Of(before, routesBefore, resolvConf), GuestView.Of(after, routes, resolvConf));
        }
        catch
        {
            await undo.RollBackAsync();
            throw;
        }
    }

    /// <summary>
    /// The endpoint's TAP goes, its names too, ports move to where the default route is now; the endpoint itself stays in the store. Each step whatever became of
    /// the others: the guest has lost its NIC already.
    /// </summary>
    public async Task<GuestNetwork> SuspendAsync(MachineSlot machine, EndpointSlot endpoint, bool leaves = false)
    {
        var link = endpoint.Value.Tap;
        var routesBefore = RouteChoice.Of(Active(machine));
        var (targetsBefore, waysBefore) = (GuestView.Targets(machine.Ports, routesBefore), GuestView.Targets(routesBefore));
        endpoint.Value = endpoint.Value with { Tap = null, GuestName = null };
        var after = Active(machine);
        var routes = RouteChoice.Of(after);
        var ways = GuestView.Targets(routes);
        var kept = machine.Ports.Where(p => ways.Reaches(p.HostIp, p.Protocol)).ToList();
        var lost = machine.Ports.Except(kept).ToList();
        if (machine.Active is { } identity)
        {
            names.Set(identity, after, kept);
        }

        var targets = GuestView.Targets(kept, routes);
        if (!targets.SequenceEqual(targetsBefore))
        {
            await Undo.TryAsync(log, $"published ports of {endpoint.Value.MachineName}", () => datapath.PublishAsync(machine.Id, targets, CancellationToken.None));
        }

        await Undo.TryAsync(log, $"link {link}", () => datapath.DetachAsync(endpoint.Id, CancellationToken.None));
        await Undo.TryAsync(log, $"reserved ports of {endpoint.Value.MachineName}", () => ports.ReleaseAsync(machine.Id, lost));
        if (ways != waysBefore)
        {
            await Undo.TryAsync(log, $"where held ports of {endpoint.Value.MachineName} lead", () => ports.MoveAsync(machine.Id, kept, ways));
        }

        store.Database.Insist(() =>
        {
            store.Endpoints.SetLink(endpoint.Id, null, leaves ? EndpointRow.Leaving : null);
            if (lost.Count > 0)
            {
                store.Ports.DeleteOf(machine.Id);
                activation.WritePorts(machine.Id, kept);
            }
        });
        machine.Ports = kept;
        return GuestView.Of(after, routes, resolvConf);
    }

    private static List<EndpointSlot> Active(MachineSlot machine) => [.. machine.Endpoints.Where(e => e.Value.Tap is not null)];

    /// <summary>The lowest free ethN: the guest has let go of an earlier NIC's name when its removal returned.</summary>
    private static string FreeName(List<EndpointSlot> active)
    {
        var taken = active.Select(e => e.Value.GuestName).ToHashSet();
        return Enumerable.Range(0, int.MaxValue).Select(i => string.Create(CultureInfo.InvariantCulture, $"eth{i}")).First(n => !taken.Contains(n));
    }
}
