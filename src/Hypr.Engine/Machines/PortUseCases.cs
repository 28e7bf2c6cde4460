using System.Net;
using Hypr.Network;
using Hypr.Network.Ports;
using Hypr.Primitives;

namespace Hypr.Engine.Machines;

/// <summary>Published ports of a machine that is there already, running or not: its configuration changes with them, so its next start has them too.</summary>
internal sealed class PortUseCases(MachineRegistry machines, INetworkService networks, MachineEvents events)
{
    /// <summary>What is published by it; nothing while the machine does not run.</summary>
    public async Task<IReadOnlyList<PublishedPort>> AddAsync(string nameOrId, IReadOnlyList<PortBinding> bindings, CancellationToken cancel)
    {
        var machine = machines.Get(nameOrId);
        if (bindings.Count == 0)
        {
            throw HyprException.Invalid("no port to publish is named: write [[IP:]HOST_PORT:]VM_PORT[/PROTOCOL], as 8081:80");
        }

        var requests = bindings.Select(PortPlan.Parse).ToList();
        return await GatedAsync(machine, async () =>
        {
            // An ephemeral port may be had twice; two of one number may not, and a stopped machine shall say so now and not at its start.
            var has = machine.Config.PortBindings.Select(PortPlan.Parse).ToList();
            foreach (var asked in requests)
            {
                if (asked.HostPortFirst != 0 && has.Contains(asked))
                {
                    throw HyprException.Conflict($"{machine.Name} publishes {asked.HostPortFirst} already: see hypr port {machine.Name}");
                }

                has.Add(asked);
            }

            var published = machine.Running is null ? [] : await networks.PublishAsync(machine.Id, requests, cancel);
            try
            {
                machines.SetConfig(machine, machine.Config with { PortBindings = [.. machine.Config.PortBindings, .. bindings] });
            }
            catch
            {
                await networks.UnpublishAsync(machine.Id, published, CancellationToken.None);
                throw;
            }

            events.Publish(machine, "update");
            return published;
        }, cancel);
    }

    /// <summary>What is not published any more; NotFound when one of them was not.</summary>
    public async Task<IReadOnlyList<PublishedPort>> RemoveAsync(string nameOrId, IReadOnlyList<string> published, CancellationToken cancel)
    {
        var machine = machines.Get(nameOrId);
        var selectors = published.Select(PortSelector.Parse).ToList();
        return await GatedAsync(machine, async () =>
        {
            var before = machine.Config;
            List<PublishedPort> now = [.. networks.PortsOf(machine.Id)];
            var gone = new List<PublishedPort>();
            List<PortBinding> left = [.. before.PortBindings];
            foreach (var selector in selectors)
            {
                Select(machine, selector, left, now, gone);
            }

            machines.SetConfig(machine, before with { PortBindings = left });
            try
            {
                if (machine.Running is not null && gone.Count > 0)
                {
                    await networks.UnpublishAsync(machine.Id, gone, cancel);
                }
            }
            catch
            {
                machines.SetConfig(machine, before);
                throw;
            }

            events.Publish(machine, "update");
            return (IReadOnlyList<PublishedPort>)gone;
        }, cancel);
    }

    /// <summary>Conflict when the machine does not run; NotFound when it does not publish what is named.</summary>
    public Task<IReadOnlyList<PortProbe>> ProbeAsync(string nameOrId, string? published, IPAddress? from, CancellationToken cancel)
    {
        var machine = machines.Get(nameOrId);
        var selector = published is null ? null : PortSelector.Parse(published);
        var ports = networks.PortsOf(machine.Id).Where(p => selector is null || selector.Matches(p)).ToList();
        return ports.Count == 0 && selector is not null && machine.Running is not null
            ? throw HyprException.NotFound($"{machine.Name} does not publish {selector}: see hypr port {machine.Name}")
            : networks.ProbeAsync(machine.Id, ports, from, cancel);
    }

    /// <summary>Moves what is named from what is left, and what it publishes from what is published.</summary>
    private static void Select(Machine machine, PortSelector selector, List<PortBinding> left, List<PublishedPort> now, List<PublishedPort> gone)
    {
        var named = now.FindAll(selector.Matches);
        var found = false;
        foreach (var binding in left.ToList())
        {
            var asked = PortPlan.Parse(binding);
            if (asked.Protocol != selector.Protocol || (selector.HostIp is not null && asked.HostIp is not null && !selector.HostIp.Equals(asked.HostIp)))
            {
                continue;
            }

            // Its own by number; or, of an ephemeral port or one out of a range, by what became of it.
            var isNumbered = asked.HostPortFirst != 0 && asked.HostPortFirst >= selector.First && asked.HostPortLast <= selector.Last;
            var became = isNumbered && asked.HostPortFirst == asked.HostPortLast
                ? asked.HostPortFirst
                : named.Find(p => p.GuestPort == asked.GuestPort && (asked.HostPortFirst == 0 || (p.HostPort >= asked.HostPortFirst && p.HostPort <= asked.HostPortLast)))?.HostPort;
            if (!isNumbered && became is null)
            {
                continue;
            }

            left.Remove(binding);
            found = true;
            Take(p => p.HostPort == became && p.HostPort != 0);
            if (!left.Exists(other => PortPlan.Parse(other) is var o && o.GuestPort == asked.GuestPort && o.Protocol == asked.Protocol))
            {
                // Of a routed network: by the guest's port alone.
                Take(p => p.HostPort == 0);
            }

            void Take(Predicate<PublishedPort> which)
            {
                bool IsIts(PublishedPort p) =>
                    which(p) && p.GuestPort == asked.GuestPort && p.Protocol == asked.Protocol && (asked.HostIp is null || asked.HostIp.Equals(p.HostIp));

                gone.AddRange(now.FindAll(IsIts));
                now.RemoveAll(IsIts);
                named.RemoveAll(IsIts);
            }
        }

        if (!found)
        {
            throw named.Count > 0
                ? HyprException.Conflict($"{selector} of {machine.Name} is published by -P (all exposed ports), which stays: create the VM anew with -p for the ports that it shall have")
                : HyprException.NotFound($"{machine.Name} does not publish {selector}: see hypr port {machine.Name}");
        }
    }

    private static async Task<T> GatedAsync<T>(Machine machine, Func<Task<T>> change, CancellationToken cancel)
    {
        await machine.Gate.WaitAsync(cancel);
        try
        {
            return machine.State.Status == MachineStatus.Removing
                ? throw HyprException.NotFound($"No such container: {machine.Name}")
                : await change();
        }
        finally
        {
            machine.Gate.Release();
        }
    }
}
