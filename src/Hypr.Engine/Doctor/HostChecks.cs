using System.Net;
using Hypr.Network;

namespace Hypr.Engine.Doctor;

/// <summary>The host's part of the way: forwarding, bridges, NAT, name server, upstream resolvers.</summary>
internal sealed class HostChecks(INetworkService networks)
{
    private const string Subject = "host";
    private const ushort A = 1;
    private const ushort Soa = 6;
    private const int ServerFailure = 2;

    public async IAsyncEnumerable<Finding> RunAsync([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel)
    {
        yield return File.ReadAllText("/proc/sys/net/ipv4/ip_forward").Trim() == "1"
            ? Finding.Ok(Subject, "IP forwarding is on")
            : Finding.Problem(Subject, "IP forwarding is off: no VM reaches anything beyond the host", "sysctl -w net.ipv4.ip_forward=1");

        var faults = await networks.CheckAsync(cancel);
        foreach (var fault in faults)
        {
            yield return Finding.Problem(Subject, fault, "hyprd mends this within a second; if it stays: systemctl restart hypr (VMs run on)");
        }

        var all = networks.List();
        if (faults.Count == 0)
        {
            yield return Finding.Ok(Subject, $"bridges, addresses, TAPs, NAT and published ports are as they should be ({all.Count} networks)");
        }

        foreach (var note in networks.Notes)
        {
            yield return Finding.Note(Subject, note);
        }

        foreach (var network in all)
        {
            foreach (var gateway in network.Subnets.Select(network.GatewayIn).OfType<IPAddress>())
            {
                if (gateway.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork && await NameServerAsync(network.Name, gateway, cancel) is { } finding)
                {
                    yield return finding;
                }
            }
        }

        var outside = all.FirstOrDefault(n => n.Predefined) is { } first
            ? await NameQuestion.AskAsync(new IPEndPoint(first.Subnets[0].Gateway, 41003), ".", Soa, cancel)
            : null;
        yield return outside is null or { Code: ServerFailure }
            ? Finding.Problem(Subject, "names outside of hypr are not resolved: none of the host's resolvers answers", "look at /etc/resolv.conf (resolvectl status), or set dns in daemon.json")
            : Finding.Ok(Subject, "names outside of hypr are resolved");
    }

    /// <summary>Null when a network has no address on the host, so no name server either.</summary>
    private static async Task<Finding?> NameServerAsync(string network, IPAddress gateway, CancellationToken cancel)
    {
        var silent = new List<int>();
        foreach (var port in new[] { 53, 41003 })
        {
            if (await NameQuestion.AskAsync(new IPEndPoint(gateway, port), "host.hypr", A, cancel) is null)
            {
                silent.Add(port);
            }
        }

        return silent.Count == 0
            ? Finding.Ok($"network {network}", $"the name server answers on {gateway}, ports 53 and 41003")
            : Finding.Problem($"network {network}", $"no name server answers on {gateway}, port {string.Join(" and ", silent)}",
                $"see who has the port: ss -ulnp 'sport = :{silent[0]}'; then systemctl restart hypr (VMs run on)");
    }
}
