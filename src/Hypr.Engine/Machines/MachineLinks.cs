using Hypr.Machines;
using Hypr.Network;
using Hypr.Primitives;

namespace Hypr.Engine.Machines;

/// <summary>
/// Docker's <c>--link OTHER[:ALIAS]</c>: in this machine alone the alias is the other's address on the networks that both are on. An address is a machine's for as long
/// as it is there, so a line of /etc/hosts is right until the other is removed.
/// </summary>
internal sealed class MachineLinks(MachineRegistry machines, INetworkService networks)
{
    /// <summary>Invalid, not NotFound: a 404 at create is a missing image to a client.</summary>
    public void Check(MachineConfig config)
    {
        foreach (var link in config.Links)
        {
            var (other, alias) = Split(link);
            if (other.Length == 0 || alias.Length == 0)
            {
                throw HyprException.Invalid($"invalid link {link}: the name of a VM is due, with an alias behind a colon or not");
            }

            try
            {
                _ = machines.Get(other);
            }
            catch (HyprException e) when (e.Kind == ErrorKind.NotFound)
            {
                throw HyprException.Invalid($"could not get container for {other}: {e.Message}");
            }
        }
    }

    /// <exception cref="HyprException">InvalidParameter: the two are on no common network, or the other is gone.</exception>
    public IReadOnlyList<HostsEntry> Hosts(Machine machine)
    {
        Check(machine.Config);
        var entries = new List<HostsEntry>();
        foreach (var (other, alias) in machine.Config.Links.Select(Split))
        {
            var its = networks.EndpointsOf(machine.Id).Select(e => e.NetworkId).ToHashSet();
            var linked = machines.Get(other);
            var addresses = networks.EndpointsOf(linked.Id).Where(e => its.Contains(e.NetworkId)).SelectMany(e => new[] { e.IPv4, e.IPv6 }).OfType<InterfaceAddress>().ToList();
            if (addresses.Count == 0)
            {
                throw HyprException.Invalid($"cannot link to {linked.Name}: it is on no network of {machine.Name}. Put both on one: hypr network connect NETWORK {linked.Name}");
            }

            var names = alias == linked.Name ? alias : $"{alias} {linked.Name}";
            entries.AddRange(addresses.Select(a => new HostsEntry(a.Address.ToString(), names)));
        }

        return entries;
    }

    /// <summary>While a network comes or goes: what has become of a link is no reason not to tell the rest.</summary>
    public IReadOnlyList<HostsEntry> HostsIfAny(Machine machine)
    {
        try
        {
            return Hosts(machine);
        }
        catch (HyprException)
        {
            return [];
        }
    }

    private static (string Other, string Alias) Split(string link)
    {
        var parts = link.Split(':');
        return parts.Length switch
        {
            1 => (parts[0], parts[0]),
            2 => (parts[0], parts[1]),
            _ => ("", ""),
        };
    }
}
