using Hypr.Engine.Machines;
using Hypr.Primitives;

namespace Hypr.Engine.Doctor;

/// <summary>Why one VM does not reach another, or something outside.</summary>
internal static class WayChecks
{
    private const string EnableIcc = "com.docker.network.bridge.enable_icc";

    public static async IAsyncEnumerable<Finding> BetweenAsync(
        MachineView from, MachineView to, int? port, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel)
    {
        var subject = $"{from.Name} to {to.Name}";
        var (mine, theirs) = (from.Networks.Select(n => n.Network).ToList(), to.Networks.Select(n => n.Network).ToList());
        var common = mine.Where(n => theirs.Any(t => t.Id == n.Id)).ToList();
        if (common.Count == 0)
        {
            yield return Finding.Problem(subject,
                $"they share no network: {from.Name} is on {Names(mine)}, {to.Name} on {Names(theirs)}",
                $"hypr network connect {(theirs.Count > 0 ? theirs[0].Name : "bridge")} {from.Name}");
        }
        else if (common.TrueForAll(n => n.Options.GetValueOrDefault(EnableIcc) == "false"))
        {
            yield return Finding.Problem(subject, $"network {Names(common)} keeps its VMs apart ({EnableIcc}=false)", "put both on a network that does not");
        }
        else
        {
            yield return Finding.Ok(subject, $"they share network {Names(common)}: {to.Name} is found there as {to.Name} and {to.Name}.hypr");
        }

        if (port is { } number && MachineChecks.State(to) is null)
        {
            yield return await MachineChecks.ListenerAsync(to, number, null, cancel);
        }
    }

    public static IEnumerable<Finding> Outside(MachineView from, string target)
    {
        var networks = from.Networks.Select(n => n.Network).ToList();
        if (networks.Count > 0 && networks.TrueForAll(n => n.Internal))
        {
            yield return Finding.Problem($"{from.Name} to {target}", $"{from.Name} is on internal networks only ({Names(networks)}): nothing beyond the host is reached",
                $"hypr network connect bridge {from.Name}");
        }
        else
        {
            yield return Finding.Ok($"{from.Name} to {target}", $"{from.Name} has a way out by network {Names(networks.Where(n => !n.Internal))}");
        }
    }

    /// <summary><c>db</c>, <c>db:5432</c>, <c>example.org:443</c>.</summary>
    public static (string Name, int? Port) Parse(string target)
    {
        var colon = target.LastIndexOf(':');
        if (colon < 0)
        {
            return (target, null);
        }

        return ushort.TryParse(target.AsSpan(colon + 1), out var port) && port > 0 && colon > 0
            ? (target[..colon], port)
            : throw HyprException.Invalid($"{target}: a name, or name:port with a port from 1 to 65535, is due");
    }

    private static string Names(IEnumerable<Network.Networks.VmNetwork> networks) =>
        string.Join(", ", networks.Select(n => n.Name)) is { Length: > 0 } names ? names : "no network";
}
