using Hypr.Engine.Events;
using Hypr.Engine.Machines;
using Hypr.Images;
using Hypr.Machines;
using Hypr.Network;
using Hypr.Network.Endpoints;
using Hypr.Network.Networks;
using Hypr.Primitives;
using Microsoft.Extensions.Logging;

namespace Hypr.Engine.Networks;

/// <summary>Networks and their machines, running or not.</summary>
internal sealed partial class NetworkUseCases(
    MachineRegistry machines, INetworkService networks, IImageService images, MachineLinks links, EventLog events, ILogger<NetworkUseCases> log)
{
    public IReadOnlyList<NetworkView> All() => [.. networks.List().Select(View)];

    public NetworkView View(string nameOrId) => View(Get(nameOrId));

    public IReadOnlyList<Hypr.Dns.DnsRecord> Names(string nameOrId) => networks.NamesOn(Get(nameOrId).Id);

    public async Task<NetworkCreated> CreateAsync(NetworkSpec spec, CancellationToken cancel)
    {
        var created = await networks.CreateAsync(spec, cancel);
        Publish(created.Network, "create");
        return created;
    }

    public async Task RemoveAsync(string nameOrId, bool force, CancellationToken cancel)
    {
        var network = Get(nameOrId);
        if (force && !network.Predefined)
        {
            foreach (var endpoint in networks.EndpointsOn(network.Id))
            {
                try
                {
                    await DisconnectAsync(network.Id, endpoint.MachineId, force: true, cancel);
                }
                catch (HyprException e) when (e.Kind == ErrorKind.NotFound)
                {
                    // It was detached or removed between the look and the call.
                }
            }
        }

        await networks.RemoveAsync(network.Id, cancel);
        Publish(network, "destroy");
    }

    public async Task<IReadOnlyList<string>> PruneAsync(Func<VmNetwork, bool> matches, CancellationToken cancel)
    {
        var removed = new List<string>();
        foreach (var network in networks.List().Where(n => !n.Predefined && matches(n) && networks.EndpointsOn(n.Id).Count == 0))
        {
            try
            {
                await networks.RemoveAsync(network.Id, cancel);
            }
            catch (HyprException e) when (e.Kind is ErrorKind.Forbidden or ErrorKind.NotFound)
            {
                // Somebody attached a machine, or removed it, between the look and the removal.
                continue;
            }

            Publish(network, "destroy");
            removed.Add(network.Name);
        }

        return removed;
    }

    public async Task ConnectAsync(string nameOrId, string machineNameOrId, NetworkAttachment settings, CancellationToken cancel)
    {
        if (nameOrId is "host" or "none")
        {
            throw HyprException.Invalid(nameOrId == "host"
                ? "network host: a VM has a kernel and a network of its own and cannot share the host's. Publish ports with -p, or reach the host as host.hypr"
                : $"network none: it is no network that one joins. To take one away, use: hypr network disconnect NETWORK {machineNameOrId}");
        }

        var (network, machine) = (Get(nameOrId), machines.Get(machineNameOrId));
        await GatedAsync(machine, "connect", evenPaused: false, async () =>
        {
            if (machine.Running is { } running)
            {
                await ConnectRunningAsync(network, machine, running, settings, cancel);
            }
            else
            {
                await networks.ConnectAsync(CreateMachine.Identity(machine), network.Id, CreateMachine.Request(settings), cancel);
            }
        }, cancel);
        Publish(network, "connect", machine.Id);
    }

    public async Task DisconnectAsync(string nameOrId, string machineNameOrId, bool force, CancellationToken cancel)
    {
        var (network, machine) = (Get(nameOrId), machines.Get(machineNameOrId));
        await GatedAsync(machine, "disconnect", evenPaused: force, async () =>
        {
            var endpoint = networks.EndpointsOf(machine.Id).FirstOrDefault(e => e.NetworkId == network.Id)
                ?? throw HyprException.NotFound($"container {machine.Name} is not connected to network {network.Name}");
            if (machine.Running is { } running && endpoint.GuestName is { } nic)
            {
                await DisconnectRunningAsync(network, machine, running, nic, force, cancel);
            }
            else
            {
                await networks.DisconnectAsync(machine.Id, network.Id, cancel);
            }
        }, cancel);
        Publish(network, "disconnect", machine.Id);
    }

    /// <summary>Host, NIC, the other NICs' routes, names; undone in reverse.</summary>
    private async Task ConnectRunningAsync(VmNetwork network, Machine machine, IRunningMachine running, NetworkAttachment settings, CancellationToken cancel)
    {
        var image = images.Find(machine.ImageId)?.Config ?? new ImageConfig();
        var undo = new Stack<Func<Task>>();
        using var live = await networks.ConnectRunningAsync(
            CreateMachine.Identity(machine), network.Id, CreateMachine.Request(settings), PortPlan.Of(machine.Config, image), cancel);
        undo.Push(() => networks.DisconnectAsync(machine.Id, network.Id, CancellationToken.None));
        try
        {
            try
            {
                await running.AddNicAsync(new MachineNic(live.Nic.Tap, GuestNames.Nic(live.Nic)), cancel);
            }
            catch (HyprException e) when (e.Kind == ErrorKind.Unavailable)
            {
                await networks.SuspendAsync(machine.Id, network.Id, CancellationToken.None);
                undo.Clear();
                throw HyprException.Unavailable(
                    $"{machine.Name} is attached to {network.Name} from its next start on, but not now: {e.Message}. Start it anew with: hypr restart {machine.Name}", e);
            }

            undo.Push(() => running.RemoveNicAsync(live.Nic.GuestName, CancellationToken.None));
            foreach (var nic in live.After.Nics.Where(n => n.GuestName != live.Nic.GuestName))
            {
                var before = live.Before.Nics.Single(b => b.GuestName == nic.GuestName);
                if (before != nic)
                {
                    undo.Push(() => running.ConfigureNicAsync(GuestNames.Nic(before), CancellationToken.None));
                    await running.ConfigureNicAsync(GuestNames.Nic(nic), cancel);
                }
            }

            undo.Push(() => TellNamesAsync(machine, running, live.Before, CancellationToken.None));
            await TellNamesAsync(machine, running, live.After, cancel);
            await RefitPortsAsync(machine, cancel);
        }
        catch
        {
            while (undo.TryPop(out var back))
            {
                await TryAsync(machine, back);
            }

            throw;
        }
    }

    /// <summary>The guest lets go first. From then on it goes forward only: the host's end goes whatever the guest says.</summary>
    private async Task DisconnectRunningAsync(VmNetwork network, Machine machine, IRunningMachine running, string nic, bool force, CancellationToken cancel)
    {
        try
        {
            // A paused guest cannot answer; its NIC is dead when it wakes.
            if (machine.State.Status != MachineStatus.Paused)
            {
                await running.RemoveNicAsync(nic, cancel);
            }
        }
        catch (HyprException e) when (force)
        {
            NotTold(log, e, machine.Name);
        }

        if (await networks.DisconnectAsync(machine.Id, network.Id, CancellationToken.None) is { } left && machine.State.Status != MachineStatus.Paused)
        {
            // Who has the default route now may have been without it.
            foreach (var other in left.Nics.Where(n => n.Gateway4 is not null || n.Gateway6 is not null))
            {
                await TryAsync(machine, () => running.ConfigureNicAsync(GuestNames.Nic(other), cancel));
            }

            await TryAsync(machine, () => TellNamesAsync(machine, running, left, cancel));
        }

        try
        {
            await RefitPortsAsync(machine, CancellationToken.None);
        }
        catch (HyprException e)
        {
            PortsLost(log, e, machine.Name);
        }
    }

    private Task RefitPortsAsync(Machine machine, CancellationToken cancel) =>
        networks.RefitPortsAsync(machine.Id, PortPlan.Of(machine.Config, images.Find(machine.ImageId)?.Config ?? new ImageConfig()), cancel);

    private Task TellNamesAsync(Machine machine, IRunningMachine running, GuestNetwork network, CancellationToken cancel)
    {
        var hostname = GuestNames.Hostname(machine);
        return running.ConfigureNamesAsync(
            hostname, [.. GuestNames.Hosts(machine.Config, hostname, network), .. links.HostsIfAny(machine)], GuestNames.Resolver(machine.Config, network), cancel);
    }

    private async Task TryAsync(Machine machine, Func<Task> step)
    {
        try
        {
            await step();
        }
        catch (Exception e)
        {
            NotTold(log, e, machine.Name);
        }
    }

    private static async Task GatedAsync(Machine machine, string what, bool evenPaused, Func<Task> change, CancellationToken cancel)
    {
        await machine.Gate.WaitAsync(cancel);
        try
        {
            if (machine.State.Status == MachineStatus.Removing)
            {
                throw HyprException.NotFound($"No such container: {machine.Name}");
            }

            if (machine.State.Status == MachineStatus.Paused && !evenPaused)
            {
                throw HyprException.Conflict($"cannot {what} {machine.Name} while it is paused: its guest does not answer. Use: hypr unpause {machine.Name}");
            }

            await change();
        }
        finally
        {
            machine.Gate.Release();
        }
    }

    private VmNetwork Get(string nameOrId) =>
        networks.Find(nameOrId) ?? throw HyprException.NotFound($"network {nameOrId} not found");

    private NetworkView View(VmNetwork network) => new(network, networks.EndpointsOn(network.Id), networks.Usage(network.Id));

    private void Publish(VmNetwork network, string action, string? machineId = null)
    {
        var attributes = new Dictionary<string, string> { ["name"] = network.Name, ["type"] = network.Driver };
        if (machineId is not null)
        {
            attributes["container"] = machineId;
        }

        events.Publish("network", action, network.Id, attributes);
    }

    [LoggerMessage(LogLevel.Warning, "not all published ports of {Machine} are where its default route is now; its next start tries again")]
    private static partial void PortsLost(ILogger logger, Exception error, string machine);

    [LoggerMessage(LogLevel.Warning, "{Machine}'s guest could not be told of a change of its networks; its next start brings it")]
    private static partial void NotTold(ILogger logger, Exception error, string machine);
}
