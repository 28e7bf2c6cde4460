using System.Net;
using Hypr.Network.Names;
using Hypr.Network.Platforms;
using Hypr.Network.Ports;
using Hypr.Primitives;
using Microsoft.Extensions.Logging;

namespace Hypr.Network.Endpoints;

/// <summary>Published ports of a machine that runs. The caller holds the machine's gate.</summary>
internal sealed class LivePorts(NetworkStore store, IDatapath datapath, NameBoard names, PortAssigner ports, MachineActivation activation, ILogger log)
{
    /// <summary>Taken, held, stored, then in the rules: all of them or none.</summary>
    public async Task<IReadOnlyList<PublishedPort>> AddAsync(MachineSlot machine, IReadOnlyList<PortRequest> requests, CancellationToken cancel)
    {
        var (identity, routes) = Running(machine);
        if (GuestView.Targets(routes).IsNowhere)
        {
            throw HyprException.Conflict(
                $"no port of {identity.Name} can be published: it has no network that leads out. Attach it to one with: hypr network connect NETWORK {identity.Name}");
        }

        var before = machine.Ports;
        var undo = new Undo(log);
        try
        {
            // Of a routed network, what is asked again is there already.
            var added = (await activation.PublishAsync(machine, identity.Name, requests, routes, undo, cancel)).Except(before).ToList();
            List<PublishedPort> all = [.. before, .. added];
            undo.Add("published ports in the store", () => store.Database.Insist(() => Store(machine.Id, before)));
            store.Database.Transact(() => activation.WritePorts(machine.Id, added));
            undo.Add("published ports", () => datapath.PublishAsync(machine.Id, GuestView.Targets(before, routes), CancellationToken.None));
            await datapath.PublishAsync(machine.Id, GuestView.Targets(all, routes), cancel);
            names.Set(identity, machine.Endpoints, all);
            machine.Ports = all;
            return added;
        }
        catch
        {
            await undo.RollBackAsync();
            throw;
        }
    }

    /// <summary>Out of the rules, then of the store, then free for others; of what is not published nothing happens.</summary>
    public async Task RemoveAsync(MachineSlot machine, IReadOnlyList<PublishedPort> removed, CancellationToken cancel)
    {
        var (identity, routes) = Running(machine);
        var before = machine.Ports;
        var gone = before.Intersect(removed).ToList();
        var kept = before.Except(gone).ToList();
        var undo = new Undo(log);
        try
        {
            undo.Add("published ports", () => datapath.PublishAsync(machine.Id, GuestView.Targets(before, routes), CancellationToken.None));
            await datapath.PublishAsync(machine.Id, GuestView.Targets(kept, routes), cancel);
            Store(machine.Id, kept);
        }
        catch
        {
            await undo.RollBackAsync();
            throw;
        }

        names.Set(identity, machine.Endpoints, kept);
        machine.Ports = kept;
        await Undo.TryAsync(log, $"reserved ports of {identity.Name}", () => ports.ReleaseAsync(machine.Id, gone));
    }

    /// <summary>
    /// The default route went from a network with translation to a routed one or back: what does not fit there goes, what is asked for and lacks comes. All of it or none.
    /// </summary>
    public async Task RefitAsync(MachineSlot machine, IReadOnlyList<PortRequest> requests, CancellationToken cancel)
    {
        var (identity, routes) = Running(machine);
        var targets = GuestView.Targets(routes);
        var before = machine.Ports;
        var kept = before.Where(targets.Fits).ToList();
        var missing = ports.Missing(kept, requests, targets, activation.BindAddress(routes));
        if (kept.Count == before.Count && missing.Count == 0)
        {
            return;
        }

        var undo = new Undo(log);
        List<PublishedPort> all;
        try
        {
            all = [.. kept, .. (await activation.PublishAsync(machine, identity.Name, missing, routes, undo, cancel)).Except(kept)];
            undo.Add("published ports in the store", () => Store(machine.Id, before));
            Store(machine.Id, all);
            undo.Add("published ports", () => datapath.PublishAsync(machine.Id, GuestView.Targets(before, routes), CancellationToken.None));
            await datapath.PublishAsync(machine.Id, GuestView.Targets(all, routes), cancel);
        }
        catch
        {
            await undo.RollBackAsync();
            throw;
        }

        names.Set(identity, machine.Endpoints, all);
        machine.Ports = all;
        await Undo.TryAsync(log, $"reserved ports of {identity.Name}", () => ports.ReleaseAsync(machine.Id, [.. before.Except(all)]));
    }

    /// <summary>Changes nothing, so the gate is not needed.</summary>
    public Task<IReadOnlyList<PortProbe>> ProbeAsync(MachineSlot machine, IReadOnlyList<PublishedPort> published, IPAddress? from, CancellationToken cancel)
    {
        var targets = GuestView.Targets(Running(machine).Routes);
        var requests =
            from port in published
            where @from is null || @from.AddressFamily == port.HostIp.AddressFamily
            let byRules = targets.ByRules(port)
            let guest = byRules is null ? targets.BySocket(port) : new IPEndPoint(byRules, port.GuestPort)
            where guest is not null
            select new ProbeRequest(port.HostIp, port.HostPort, port.Protocol, guest, byRules is null, @from);
        return datapath.ProbeAsync([.. requests], cancel);
    }

    private static (MachineIdentity Identity, RouteChoice Routes) Running(MachineSlot machine) => machine.Active is { } identity
        ? (identity, RouteChoice.Of([.. machine.Endpoints.Where(e => e.Value.Tap is not null)]))
        : throw HyprException.Conflict($"Container {machine.Id} is not running");

    private void Store(string machineId, IReadOnlyList<PublishedPort> published) => store.Database.Transact(() =>
    {
        store.Ports.DeleteOf(machineId);
        activation.WritePorts(machineId, published);
    });
}
