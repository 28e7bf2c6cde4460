using Hypr.Engine.Machines;
using Hypr.Network;
using Hypr.Primitives;

namespace Hypr.Engine.Doctor;

/// <summary>Walks the list of troubleshooting steps by itself: <c>hypr doctor</c>. Changes nothing.</summary>
internal sealed class Examination(IEngine engine, INetworkService networks)
{
    /// <param name="machine">Null: the host alone.</param>
    /// <param name="target">What the machine does not reach: <c>VM</c>, <c>VM:PORT</c> or a name outside. Null: the machine alone.</param>
    public async Task<IReadOnlyList<Finding>> RunAsync(string? machine, string? target, CancellationToken cancel)
    {
        // Whom it is about comes first: a wrong name is an error, not a finding.
        var from = machine is null ? null : engine.Machine(machine);
        var (name, port) = target is null ? (null, null) : WayChecks.Parse(target);
        var to = name is null ? null : Find(name);

        var findings = new List<Finding>();
        await AddAsync(findings, new HostChecks(networks).RunAsync(cancel));
        if (from is null)
        {
            return findings;
        }

        var machines = new MachineChecks(engine);
        await AddAsync(findings, machines.RunAsync(from, cancel));
        if (to is not null)
        {
            if (to.Id != from.Id)
            {
                await AddAsync(findings, machines.RunAsync(to, cancel));
            }

            await AddAsync(findings, WayChecks.BetweenAsync(from, to, port, cancel));
        }
        else if (target is not null)
        {
            findings.AddRange(WayChecks.Outside(from, target));
        }

        return findings;
    }

    private static async Task AddAsync(List<Finding> findings, IAsyncEnumerable<Finding> more)
    {
        await foreach (var finding in more)
        {
            findings.Add(finding);
        }
    }

    /// <summary>A VM by its name, with or without <c>.hypr</c>; null: something outside.</summary>
    private MachineView? Find(string name)
    {
        try
        {
            return engine.Machine(name.EndsWith(".hypr", StringComparison.OrdinalIgnoreCase) ? name[..^5] : name);
        }
        catch (HyprException e) when (e.Kind == ErrorKind.NotFound && name.Contains('.'))
        {
            return null;
        }
    }
}
