using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Hypr.Primitives;

namespace Hypr.Network.Ports;

/// <summary>
/// From what a machine asks to ports that are its own: taken in memory, then held by the reserver, all or none. Fixed ports are taken together, then ranges and
/// ephemeral ports one by one.
/// </summary>
internal sealed class PortAssigner(IPortReserver reserver, Func<string, string> nameOf)
{
    /// <summary>hyprd's own ports on loopback: the topology page and the metrics.</summary>
    private static readonly int[] OwnPorts = [41001, 41002];

    private readonly PortTable _table = new();
    private readonly Lock _cursorGate = new();
    private readonly Dictionary<PortProtocol, int> _cursors = [];

    /// <param name="targets">Where the machine's ports lead.</param>
    /// <param name="defaultAddress">Where ports go that name no address; null: every address.</param>
    public async Task<IReadOnlyList<PublishedPort>> AssignAsync(
        string machineId, IReadOnlyList<PortRequest> requests, PortTargets targets, IPAddress? defaultAddress, CancellationToken cancel)
    {
        var asked = requests.Select(r => (Request: r, Addresses: Addresses(r, targets, defaultAddress))).Where(a => a.Addresses.Count > 0).ToList();
        var published = asked.SelectMany(a => a.Addresses.Where(targets.IsRouted).Select(at => new PublishedPort(at, 0, a.Request.GuestPort, a.Request.Protocol)))
            .Distinct().ToList();
        var ofHost = asked.Select(a => (a.Request, Addresses: a.Addresses.FindAll(at => !targets.IsRouted(at)))).Where(a => a.Addresses.Count > 0);
        var isFixed = ofHost.ToLookup(a => a.Request.HostPortFirst != 0 && a.Request.HostPortLast <= a.Request.HostPortFirst);
        try
        {
            // 1. Ports with a number of their own.
            var numbered = isFixed[true].SelectMany(a => Ports(a.Request, a.Addresses, a.Request.HostPortFirst)).ToList();
            if (await TakeAsync(machineId, numbered, targets, cancel) is { } why)
            {
                throw HyprException.Conflict(why);
            }

            published.AddRange(numbered);

            // 2. Ranges, lowest first, and ephemeral ones.
            foreach (var (request, addresses) in isFixed[false])
            {
                published.AddRange(await FirstFreeAsync(machineId, request, addresses, targets, cancel));
            }

            return published;
        }
        catch
        {
            await ReleaseAsync(machineId, published);
            throw;
        }
    }

    /// <summary>What of the requests is not among the published ports and can be now, each as narrow as what lacks.</summary>
    public IReadOnlyList<PortRequest> Missing(IReadOnlyList<PublishedPort> published, IReadOnlyList<PortRequest> requests, PortTargets targets, IPAddress? defaultAddress)
    {
        var missing = new List<PortRequest>();
        foreach (var request in requests)
        {
            if ((request.HostIp ?? defaultAddress) is { } asked && !targets.Reaches(asked, request.Protocol))
            {
                continue;
            }

            var own = published.Where(p => p.GuestPort == request.GuestPort && p.Protocol == request.Protocol && IsOf(request, p)).ToList();
            var addresses = Addresses(request, targets, defaultAddress);
            var lacking = addresses.FindAll(a => !own.Any(p => p.HostIp.Equals(a)));
            if (lacking.Count == addresses.Count)
            {
                missing.Add(request);
                continue;
            }

            // Both families have one number.
            var number = own.Select(p => p.HostPort).FirstOrDefault(p => p != 0);
            missing.AddRange(lacking.Select(a => number == 0 ? request with { HostIp = a } : request with { HostIp = a, HostPortFirst = number, HostPortLast = number }));
        }

        return missing.FindAll(m => Addresses(m, targets, defaultAddress).Count > 0);
    }

    private static bool IsOf(PortRequest request, PublishedPort port) => port.HostPort == 0 || request.HostPortFirst == 0
        || (port.HostPort >= request.HostPortFirst && port.HostPort <= Math.Max(request.HostPortFirst, request.HostPortLast));

    /// <summary>Takes up what a running machine publishes since an earlier hyprd; gives what could not be held, with the reason.</summary>
    public async Task<IReadOnlyList<string>> ResumeAsync(string machineId, IReadOnlyList<PublishedPort> ports, PortTargets targets, CancellationToken cancel)
    {
        var hosts = Hosts(ports, targets);
        foreach (var port in hosts)
        {
            _table.TryTake(machineId, [port], out _, out _);
        }

        if (hosts.Count == 0 || await reserver.ReserveAsync(machineId, hosts, cancel) is null)
        {
            return [];
        }

        // All or none: one that another has taken must not cost the others.
        var notHeld = new List<string>();
        foreach (var port in hosts)
        {
            if (await reserver.ReserveAsync(machineId, [port], cancel) is { } conflict)
            {
                notHeld.Add(Words(conflict));
            }
        }

        return notHeld;
    }

    /// <summary>The machine's default route is another: what its sockets carry goes there from now on.</summary>
    public async Task MoveAsync(string machineId, IReadOnlyList<PublishedPort> ports, PortTargets targets)
    {
        var carried = Hosts(ports, targets).FindAll(h => h.Target is not null);
        if (carried.Count > 0)
        {
            await reserver.ReserveAsync(machineId, carried, CancellationToken.None);
        }
    }

    public async Task ReleaseAsync(string machineId, IReadOnlyList<PublishedPort> ports)
    {
        // Who lets go does not know what was carried: of what is not held nothing happens.
        var hosts = Hosts(ports, new PortTargets(null, null));
        hosts.AddRange(ports.Where(p => p.HostIp.Equals(IPAddress.IPv6Any) && NamePorts.IsWildcard(p.HostIp, p.HostPort))
            .Select(p => new HostPort(p.HostIp, NamePorts.CarrierOf(p.HostPort), p.Protocol)));
        if (hosts.Count > 0)
        {
            await reserver.ReleaseAsync(machineId, hosts);
            _table.Give(machineId, hosts);
        }
    }

    private List<IPAddress> Addresses(PortRequest request, PortTargets targets, IPAddress? defaultAddress)
    {
        var address = request.HostIp ?? defaultAddress;
        if (address is null)
        {
            return [.. targets.Everywhere(request.Protocol, reserver.HasIPv6)];
        }

        if (!targets.Reaches(address, request.Protocol))
        {
            var (family, way) = address.AddressFamily == AddressFamily.InterNetwork
                ? ("IPv4", "")
                : ("IPv6", request.Protocol == PortProtocol.Sctp ? ", and SCTP is carried within one family only" : "");
            throw HyprException.Invalid(
                $"cannot publish {new IPEndPoint(address, request.HostPortFirst)}: the VM has no {family} address on the network with its default route{way}. Publish on an address of the other family, or attach it to a network with both");
        }

        return [address];
    }

    private static IEnumerable<PublishedPort> Ports(PortRequest request, List<IPAddress> addresses, int port) =>
        addresses.Select(a => new PublishedPort(a, port, request.GuestPort, request.Protocol));

    /// <summary>What of it is the host's.</summary>
    private static List<HostPort> Hosts(IReadOnlyList<PublishedPort> ports, PortTargets targets) =>
    [
        .. ports.Where(p => p.HostPort != 0).Select(p => new HostPort(p.HostIp, p.HostPort, p.Protocol) { Target = targets.BySocket(p) }),
        .. ports.Where(p => targets.Carrier(p) != 0).Select(p => new HostPort(p.HostIp, targets.Carrier(p), p.Protocol) { Target = targets.BySocket(p) }),
    ];

    private static string Words(PortConflict conflict) => (NamePorts.IsCarrier(conflict.Port) ? "for IPv6 to a VM that has only IPv4 (0.0.0.0: publishes without): " : "") + string.Create(
        CultureInfo.InvariantCulture,
        $"failed to bind host port {conflict.Port}/{Networks.ProtocolWord.Of(conflict.Port.Protocol)}: {conflict.Reason}{(conflict.Holder is { } h ? $" by {h.Name} (pid {h.Pid})" : "")}");

    private async Task<IEnumerable<PublishedPort>> FirstFreeAsync(
        string machineId, PortRequest request, List<IPAddress> addresses, PortTargets targets, CancellationToken cancel)
    {
        string? last = null;
        foreach (var candidate in request.HostPortFirst == 0 ? Ephemeral(request.Protocol) : Enumerable.Range(request.HostPortFirst, request.HostPortLast - request.HostPortFirst + 1))
        {
            var ports = Ports(request, addresses, candidate).ToList();
            last = await TakeAsync(machineId, ports, targets, cancel);
            if (last is null)
            {
                return ports;
            }
        }

        throw HyprException.Conflict(request.HostPortFirst == 0
            ? $"no ephemeral port is free for guest port {request.GuestPort}: {last}"
            : $"no port of {request.HostPortFirst}-{request.HostPortLast} is free for guest port {request.GuestPort}: {last}");
    }

    /// <summary>The kernel's range, on from the last one given, as Docker does: a port that was just released is not given at once again.</summary>
    private IEnumerable<int> Ephemeral(PortProtocol protocol)
    {
        var (first, last) = EphemeralRange();
        for (var i = 0; i <= last - first; i++)
        {
            int port;
            lock (_cursorGate)
            {
                port = _cursors.TryGetValue(protocol, out var at) && at >= first && at < last ? at + 1 : first;
                _cursors[protocol] = port;
            }

            yield return port;
        }
    }

    private static (int First, int Last) EphemeralRange()
    {
        // 32768 to 60999 is the kernel's own default (Documentation/networking/ip-sysctl.rst).
        try
        {
            var words = File.ReadAllText("/proc/sys/net/ipv4/ip_local_port_range").Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
            return (int.Parse(words[0], CultureInfo.InvariantCulture), int.Parse(words[1], CultureInfo.InvariantCulture));
        }
        catch (IOException)
        {
            return (32768, 60999);
        }
    }

    /// <summary>Null when they are the machine's now; else why not, in Docker's words.</summary>
    private async Task<string?> TakeAsync(string machineId, IReadOnlyList<PublishedPort> published, PortTargets targets, CancellationToken cancel)
    {
        var ports = Hosts(published, targets);
        if (ports.Count == 0)
        {
            return null;
        }

        foreach (var port in ports)
        {
            if (OwnPorts.Contains(port.Port) && port.Protocol == PortProtocol.Tcp && (IPAddress.IsLoopback(port.Address) || port.Address.Equals(IPAddress.Any)))
            {
                return $"Bind for {port} failed: port is already allocated: 127.0.0.1:{port.Port} is hyprd's own";
            }
        }

        if (!_table.TryTake(machineId, ports, out var refused, out var owner))
        {
            return $"Bind for {refused} failed: port is already allocated: "
                + (owner == machineId ? "the VM asks for it twice" : $"VM {nameOf(owner!)} publishes it");
        }

        try
        {
            if (await reserver.ReserveAsync(machineId, ports, cancel) is { } conflict)
            {
                _table.Give(machineId, ports);
                return Words(conflict);
            }
        }
        catch
        {
            _table.Give(machineId, ports);
            throw;
        }

        return null;
    }
}
