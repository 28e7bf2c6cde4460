using Hypr.Engine.Machines;
using Hypr.Images;
using Hypr.Machines;
using Hypr.Network;

namespace Hypr.Engine;

/// <summary>
/// Whether database, kernel, files and processes agree. Looks twice: what only one of two looks sees was an operation under way; a VM on its way up, which takes longer,
/// may have its VMM and TAPs already. Changes nothing.
/// </summary>
internal sealed class Consistency(MachineRegistry machines, IImageService images, INetworkService networks, IMachineHost host, TimeProvider clock)
{
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(500);

    public async Task<ConsistencyReport> CheckAsync(CancellationToken cancel)
    {
        var first = await LookAsync(cancel);
        if (first.Count == 0)
        {
            return Report([]);
        }

        await Task.Delay(BetweenLooks, clock, cancel);
        var second = await LookAsync(cancel);
        return Report([.. first.Where(second.Contains)]);
    }

    private ConsistencyReport Report(IReadOnlyList<string> faults)
    {
        var all = machines.All();
        return new ConsistencyReport(faults, all.Count, all.Count(m => m.Running is not null), networks.List().Count, images.List().Count);
    }

    private async Task<IReadOnlyList<string>> LookAsync(CancellationToken cancel)
    {
        var faults = new List<string>();
        var all = machines.All();
        foreach (var machine in all)
        {
            CheckMachine(machine, faults);
        }

        var known = all.Select(m => m.Id).ToHashSet();
        faults.AddRange(networks.List().SelectMany(n => networks.EndpointsOn(n.Id)).Where(e => !known.Contains(e.MachineId))
            .Select(e => $"endpoint {e.Id} is of machine {e.MachineId}, which does not exist"));
        faults.AddRange(images.Check());
        faults.AddRange(host.Check(known, [.. all.Select(Vmm).OfType<MachineHandle>()], [.. all.Where(IsOnItsWay).Select(m => m.Id)]));
        faults.AddRange(await networks.CheckAsync(cancel));
        return faults;
    }

    private static bool IsOnItsWay(Machine machine) => machine.State.Status is MachineStatus.Starting or MachineStatus.Restarting;

    private static MachineHandle? Vmm(Machine machine) => machine.Running?.Handle
        ?? (IsOnItsWay(machine) && machine.State.Pid != 0 ? new MachineHandle(machine.Id, machine.State.Pid, machine.State.PidStartTime) : null);

    private void CheckMachine(Machine machine, List<string> faults)
    {
        var runs = machine.Running is not null;
        if (machine.State.HasVmm != runs && !IsOnItsWay(machine) && machine.State.Status != MachineStatus.Removing)
        {
            faults.Add($"VM {machine.Name} is {machine.State.Status.ToString().ToLowerInvariant()} in the database, and {(runs ? "has a VMM" : "has none")}");
        }

        if (images.Find(machine.ImageId) is null)
        {
            faults.Add($"VM {machine.Name} has an image that is not there: {machine.ImageId}");
        }

        foreach (var endpoint in networks.EndpointsOf(machine.Id).Where(e => e.Tap is not null && !runs && !IsOnItsWay(machine)))
        {
            faults.Add($"VM {machine.Name} does not run, and has {endpoint.Tap}");
        }
    }
}

/// <param name="Faults">What disagrees, a sentence each; empty: nothing.</param>
public sealed record ConsistencyReport(IReadOnlyList<string> Faults, int Machines, int Running, int Networks, int Images);
