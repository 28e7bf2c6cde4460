using System.Globalization;
using Hypr.Daemon.Http;
using Hypr.Engine.Machines;
using Hypr.Primitives;

namespace Hypr.Daemon.Endpoints.Containers;

/// <summary>The filters of docker ps (daemon/list.go).</summary>
internal static class ContainerFilters
{
    private static readonly string[] Known =
        ["ancestor", "before", "exited", "expose", "health", "id", "is-task", "label", "label!", "name", "network", "publish", "since", "status", "volume"];

    private static readonly string[] States = ["created", "dead", "exited", "paused", "removing", "restarting", "running"];

    public static IReadOnlyList<MachineView> Select(ApiCall call)
    {
        var filters = call.Filters(Known);
        var limit = call.Number("limit") ?? -1;
        var all = call.Flag("all") || limit > 0 || filters.Has("status") || filters.Has("exited");
        foreach (var state in filters.Values("status").Where(s => !States.Contains(s)))
        {
            throw HyprException.Invalid($"invalid filter 'status={state}'");
        }

        foreach (var health in filters.Values("health").Where(h => !HealthShapes.Words.Contains(h)))
        {
            throw HyprException.Invalid($"invalid filter 'health={health}'");
        }

        var machines = call.Engine.Machines();
        var after = filters.Has("since") ? call.Engine.Machine(filters.Values("since")[0]).Created : (DateTimeOffset?)null;
        var before = filters.Has("before") ? call.Engine.Machine(filters.Values("before")[0]).Created : (DateTimeOffset?)null;
        var networks = NetworkIds(call, filters);
        var chosen = machines.Where(m => (all || MachineWords.IsRunning(m.State))
            && (after is null || m.Created > after) && (before is null || m.Created < before) && Matches(m, filters, networks));
        return [.. limit > 0 ? chosen.Take(limit) : chosen];
    }

    public static bool Matches(MachineView machine, Filters filters, IReadOnlyCollection<string>? networks) =>
        filters.Any("id", id => machine.Id.StartsWith(id, StringComparison.Ordinal))
        && (filters.Pattern("name", machine.Name) || filters.Pattern("name", "/" + machine.Name))
        && filters.Labels(ContainerViews.Labels(machine))
        && filters.Exact("status", MachineWords.State(machine.State))
        && filters.Any("exited", code => code == machine.State.ExitCode.ToString(CultureInfo.InvariantCulture) && !MachineWords.IsRunning(machine.State) && machine.State.StartedAt is not null)
        && filters.Any("ancestor", name => IsAncestor(machine, name))
        && (networks is null || machine.Networks.Any(n => networks.Contains(n.Network.Id)))
        && filters.Any("publish", port => machine.Ports.Any(p => InRange(port, p.HostPort, EndpointViews.Word(p.Protocol))))
        && filters.Any("expose", port => machine.ExposedPorts.Any(e => Exposed(port, e)))
        && filters.Exact("health", HealthShapes.Word(machine.Health))
        && filters.Exact("is-task", "false")
        && filters.Any("volume", v => machine.Config.Volumes.Any(m => m.Volume == v || m.Target == v)
            || machine.Config.Folders.Any(m => m.Source == v || m.Target == v));

    /// <summary>Null without the filter; a network that is not there matches nothing.</summary>
    private static HashSet<string>? NetworkIds(ApiCall call, Filters filters)
    {
        if (!filters.Has("network"))
        {
            return null;
        }

        return [.. call.Engine.Networks().Select(n => n.Network)
            .Where(n => filters.Values("network").Any(v => v == n.Name || (v.Length > 0 && n.Id.StartsWith(v, StringComparison.Ordinal)))).Select(n => n.Id)];
    }

    private static bool IsAncestor(MachineView machine, string name)
    {
        var digest = name.StartsWith("sha256:", StringComparison.Ordinal) ? name[7..] : name;
        return machine.Config.Image == name || machine.Image?.Tags.Any(t => t == name || t == name + ":latest") == true
            || (digest.Length >= 4 && machine.ImageId.StartsWith("sha256:" + digest, StringComparison.Ordinal));
    }

    private static bool Exposed(string wanted, string exposed)
    {
        var parts = EndpointViews.Normal(exposed).Split('/');
        return int.TryParse(parts[0], out var port) && InRange(wanted, port, parts[1]);
    }

    /// <summary><c>80</c>, <c>80/udp</c>, <c>8000-8100/tcp</c>; tcp when nothing is said.</summary>
    private static bool InRange(string wanted, int port, string protocol)
    {
        var parts = EndpointViews.Normal(wanted).Split('/');
        var ends = parts[0].Split('-');
        return parts[1] == protocol && int.TryParse(ends[0], out var first) && int.TryParse(ends[^1], out var last) && port >= first && port <= last;
    }
}
