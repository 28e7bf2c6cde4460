using Hypr.Engine.Events;
using Hypr.Engine.Machines;
using Hypr.Network;
using Hypr.Network.Networks;
using Hypr.Primitives;

namespace Hypr.Engine.Networks;

/// <summary>Networks and their machines. A running machine is told of a new or lost network at its next start.</summary>
internal sealed class NetworkUseCases(MachineRegistry machines, INetworkService networks, EventLog events)
{
    public IReadOnlyList<NetworkView> All() => [.. networks.List().Select(View)];

    public NetworkView View(string nameOrId) => View(Get(nameOrId));

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
                await DisconnectAsync(network.Id, endpoint.MachineId, cancel);
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
        var (network, machine) = (Get(nameOrId), machines.Get(machineNameOrId));
        await machine.Gate.WaitAsync(cancel);
        try
        {
            RefuseWhileRunning(machine, "connect");
            await networks.ConnectAsync(CreateMachine.Identity(machine), network.Id, CreateMachine.Request(settings), cancel);
        }
        finally
        {
            machine.Gate.Release();
        }

        Publish(network, "connect", machine.Id);
    }

    public async Task DisconnectAsync(string nameOrId, string machineNameOrId, CancellationToken cancel)
    {
        var (network, machine) = (Get(nameOrId), machines.Get(machineNameOrId));
        await machine.Gate.WaitAsync(cancel);
        try
        {
            RefuseWhileRunning(machine, "disconnect");
            await networks.DisconnectAsync(machine.Id, network.Id, cancel);
        }
        finally
        {
            machine.Gate.Release();
        }

        Publish(network, "disconnect", machine.Id);
    }

    private static void RefuseWhileRunning(Machine machine, string what)
    {
        if (machine.Running is not null)
        {
            throw HyprException.Conflict($"cannot {what} {machine.Name} while it runs: stop it first with: hypr stop {machine.Name}");
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
}
