using System.Net;
using Hypr.Network.Names;
using Hypr.Network.Networks;
using Hypr.Network.Platforms;
using Hypr.Network.Ports;
using Hypr.Store.Networks;
using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;

namespace Hypr.Network.Endpoints;

/// <summary>A machine's network comes up before its VMM and goes down after it. The caller holds the machine's gate.</summary>
internal sealed partial class MachineActivation(
    NetworkStore store, IDatapath datapath, NameBoard names, PortAssigner ports, NetworkSettings settings, string resolvConf, ILogger log)
{
    public async Task<Activation> ActivateAsync(MachineSlot machine, MachineIdentity identity, IReadOnlyList<PortRequest> requests, CancellationToken cancel)
    {
        // A VMM that ended without a word left this; its TAPs have no other end.
        await DeactivateAsync(machine);

        var undo = new Undo(log);
        var endpoints = machine.Endpoints;
        var before = endpoints.Select(e => e.Value).ToArray();
        undo.Add("the endpoints in memory", () => Restore(endpoints, before));
        try
        {
            // 1. Addresses that the endpoints lack, in memory.
            for (var i = 0; i < endpoints.Length; i++)
            {
                var full = LeaseBook.TakeMissing(endpoints[i].Network, endpoints[i].Value, undo);
                endpoints[i].Value = full with { MachineName = identity.Name, GuestName = $"eth{i}" };
            }

            // 2. Ports: taken from all others and held, before anything starts.
            var routes = RouteChoice.Of(endpoints);
            var warnings = Warnings(identity.Name, endpoints, requests, routes);
            var published = await PublishAsync(machine, identity.Name, requests, routes, undo, cancel);

            // 3. The ports' rules and TAPs on their bridges, while new addresses come to the disk: nobody uses or shows one before both are done.
            var leased = endpoints.Select(e => e.Value).ToArray();
            var linking = LinkAsync(machine.Id, endpoints, published, routes, undo, cancel);
            try
            {
                StoreLeases(before, leased, undo);
            }
            catch
            {
                await ((Task)linking).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                throw;
            }

            await linking;

            // 4. Where the next hyprd finds links and ports. When the host falls they and their machine are no more.
            store.Database.TransactUnsynced(() =>
            {
                WritePorts(machine.Id, published);
                foreach (var endpoint in endpoints)
                {
                    store.Endpoints.SetLink(endpoint.Id, endpoint.Value.Tap, endpoint.Value.GuestName);
                }
            });
            undo.Add("links and ports in the store", () => store.Database.InsistUnsynced(() =>
            {
                ClearLinks(endpoints);
                store.Ports.DeleteOf(machine.Id);
            }));

            // 5. Names: last, so that nobody finds a machine that is not reachable.
            names.Set(identity, endpoints, published);
            machine.Ports = published;
            machine.Active = identity;
            var guest = GuestView.Of(endpoints, routes, resolvConf);
            return new Activation(await linking, published, guest.Nameserver, guest.Search, guest.HostGateway) { Warnings = warnings };
        }
        catch
        {
            await undo.RollBackAsync();
            throw;
        }
    }

    /// <summary>Names, ports, links, store; each whatever became of the others.</summary>
    public async Task DeactivateAsync(MachineSlot machine)
    {
        var linked = machine.Endpoints.Where(e => e.Value.Tap is not null).ToList();
        var published = machine.Ports;
        if (machine.Active is null && linked.Count == 0 && published.Count == 0)
        {
            return;
        }

        names.Remove(machine.Id);
        if (published.Count > 0)
        {
            await Undo.TryAsync(log, $"published ports of {machine.Id}", () => datapath.PublishAsync(machine.Id, [], CancellationToken.None));
            await Undo.TryAsync(log, $"reserved ports of {machine.Id}", () => ports.ReleaseAsync(machine.Id, published));
        }

        foreach (var endpoint in linked)
        {
            await Undo.TryAsync(log, $"link {endpoint.Value.Tap}", () => datapath.DetachAsync(endpoint.Id, CancellationToken.None));
        }

        store.Database.InsistUnsynced(() =>
        {
            ClearLinks(linked);
            if (published.Count > 0)
            {
                store.Ports.DeleteOf(machine.Id);
            }
        });
        foreach (var endpoint in linked)
        {
            endpoint.Value = endpoint.Value with { Tap = null, GuestName = null };
        }

        machine.Ports = [];
        machine.Active = null;
    }

    private async Task<List<ActiveNic>> LinkAsync(
        string machineId, EndpointSlot[] endpoints, IReadOnlyList<PublishedPort> published, RouteChoice routes, Undo undo, CancellationToken cancel)
    {
        if (published.Count > 0)
        {
            // Before the TAPs, which are made as a machine with ports wants them.
            undo.Add("published ports", () => datapath.PublishAsync(machineId, [], CancellationToken.None));
            await datapath.PublishAsync(machineId, GuestView.Targets(published, routes), cancel);
        }

        var nics = new List<ActiveNic>();
        foreach (var endpoint in endpoints)
        {
            var queue = await AttachAsync(endpoint, undo, cancel);
            nics.Add(new ActiveNic(GuestView.Nic(endpoint, routes), queue));
        }

        return nics;
    }

    /// <summary>Makes the endpoint's TAP; its name stands in the endpoint's value then. On undo the descriptor closes and the link goes.</summary>
    public async Task<SafeFileHandle> AttachAsync(EndpointSlot endpoint, Undo undo, CancellationToken cancel)
    {
        var link = await datapath.AttachAsync(ToDatapath(endpoint), cancel);
        undo.Add($"link {link.Name}", async () =>
        {
            link.Queue.Dispose();
            await datapath.DetachAsync(endpoint.Id, CancellationToken.None);
        });
        endpoint.Value = endpoint.Value with { Tap = link.Name };
        return link.Queue;
    }

    public static DatapathEndpoint ToDatapath(EndpointSlot endpoint) => new(
        endpoint.Id, endpoint.Network.Network.Id, endpoint.Value.MachineId, endpoint.Value.Mac!.Value,
        [.. new[] { endpoint.Value.IPv4, endpoint.Value.IPv6 }.Where(a => a is not null).Select(a => a!.Value.Address)], endpoint.Value.Tap);

    /// <summary>Takes and holds the ports; on undo they are given back.</summary>
    public async Task<IReadOnlyList<PublishedPort>> PublishAsync(
        MachineSlot machine, string name, IReadOnlyList<PortRequest> requests, RouteChoice routes, Undo undo, CancellationToken cancel)
    {
        var targets = GuestView.Targets(routes);
        if (requests.Count == 0 || targets.IsNowhere)
        {
            if (requests.Count > 0)
            {
                NothingPublished(log, name);
            }

            return [];
        }

        var published = await ports.AssignAsync(machine.Id, requests, targets, BindAddress(routes), cancel);
        undo.Add("reserved ports", () => ports.ReleaseAsync(machine.Id, published));
        return published;
    }

    /// <summary>Where ports go that name no address; null: every address.</summary>
    public IPAddress? BindAddress(RouteChoice routes) => routes.Default4?.Network.Options.BindAddress ?? settings.DefaultBindAddress;

    private static void Restore(EndpointSlot[] endpoints, Endpoint[] values)
    {
        for (var i = 0; i < endpoints.Length; i++)
        {
            endpoints[i].Value = values[i];
        }
    }

    private static List<string> Warnings(string name, EndpointSlot[] endpoints, IReadOnlyList<PortRequest> requests, RouteChoice routes)
    {
        var warnings = new List<string>();
        if (endpoints.Length == 0)
        {
            warnings.Add($"{name} has no network: attach it with: hypr network connect NETWORK {name}");
        }

        if (requests.Count > 0 && GuestView.Targets(routes).IsNowhere)
        {
            warnings.Add($"no port of {name} is published: it has no network that leads out");
        }

        return warnings;
    }

    [LoggerMessage(LogLevel.Warning, "no port of {Machine} is published: it has no network that leads out")]
    private static partial void NothingPublished(ILogger logger, string machine);
}
