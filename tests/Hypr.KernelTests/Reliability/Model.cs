namespace Hypr.KernelTests.Reliability;

/// <summary>What networks and machines come to, in a few sets.</summary>
internal sealed class Model
{
    public SortedSet<string> Networks { get; } = new(StringComparer.Ordinal);

    public SortedDictionary<string, ModelMachine> Machines { get; } = new(StringComparer.Ordinal);

    public bool IsUsed(string network) => Machines.Values.Any(m => m.Networks.Contains(network));

    public bool IsTaken(int port) => Machines.Values.Any(m => m.Ports.Contains(port));

    /// <summary>A copy after the change; null when it is to be refused.</summary>
    public Model? With(Func<Model, bool> change)
    {
        var copy = new Model();
        copy.Networks.UnionWith(Networks);
        foreach (var (name, machine) in Machines)
            copy.Machines.Add(name, machine.Copy());
        return change(copy) ? copy : null;
    }

    public string View() => string.Join('\n', Networks.Select(n => $"network {n}").Concat(Machines.Select(m => Line(m.Key, m.Value))));

    /// <summary>The same of what is there.</summary>
    public static Model Of(Estate estate)
    {
        var model = new Model();
        var names = estate.Lab.Service.List().ToDictionary(n => n.Id, n => n.Name);
        model.Networks.UnionWith(names.Values.Where(n => n != "bridge"));
        foreach (var (name, id, runs) in estate.Machines())
        {
            var machine = new ModelMachine { Runs = runs };
            var endpoints = estate.Lab.Service.EndpointsOf(id);
            machine.Networks.UnionWith(endpoints.Select(e => names[e.NetworkId]));
            machine.Suspended.UnionWith(endpoints.Where(e => runs && e.Tap is null).Select(e => names[e.NetworkId]));
            machine.Ports.UnionWith(estate.Lab.Service.PortsOf(id).Select(p => p.HostPort));
            model.Machines.Add(name, machine);
        }

        return model;
    }

    private static string Line(string name, ModelMachine machine) =>
        $"machine {name} {(machine.Runs ? "runs" : "is stopped")} on [{string.Join(' ', machine.Networks.Select(n => machine.Suspended.Contains(n) ? $"({n})" : n))}]"
        + $" with ports [{string.Join(' ', machine.Ports)}]";
}

internal sealed class ModelMachine
{
    public bool Runs { get; set; }

    public SortedSet<string> Networks { get; init; } = new(StringComparer.Ordinal);

    /// <summary>Networks that it is attached to and has no TAP on until its next start.</summary>
    public SortedSet<string> Suspended { get; init; } = new(StringComparer.Ordinal);

    public SortedSet<int> Ports { get; init; } = [];

    public bool IsReachable => Runs && Networks.Count > Suspended.Count;

    public bool Start(int port)
    {
        Runs = true;
        if (Networks.Count > 0)
            Ports.Add(port);
        return true;
    }

    public bool Stop()
    {
        if (!Runs)
            return false;
        Runs = false;
        Suspended.Clear();
        Ports.Clear();
        return true;
    }

    /// <summary>Without a network that leads out nothing is published.</summary>
    public bool Leave(string network)
    {
        if (!Networks.Remove(network))
            return false;
        Suspended.Remove(network);
        if (!IsReachable)
            Ports.Clear();
        return true;
    }

    /// <summary>The NIC goes, the place on the network stays.</summary>
    public bool Suspend(string network)
    {
        if (!Runs || !Networks.Contains(network) || !Suspended.Add(network))
            return false;
        if (!IsReachable)
            Ports.Clear();
        return true;
    }

    public ModelMachine Copy() => new() { Runs = Runs, Networks = new(Networks, StringComparer.Ordinal), Suspended = new(Suspended, StringComparer.Ordinal), Ports = [.. Ports] };
}
