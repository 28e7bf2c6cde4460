using System.Net;
using System.Text;
using Hypr.Engine.Machines;
using Hypr.Machines;
using Hypr.Network.Ports;
using Hypr.Primitives;

namespace Hypr.Engine.Doctor;

/// <summary>One VM: does it run, do its addresses answer, does it ask our name server, does something listen behind its published ports.</summary>
internal sealed class MachineChecks(IEngine engine)
{
    private const int MostOfAFile = 64 << 10;

    public async IAsyncEnumerable<Finding> RunAsync(MachineView machine, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel)
    {
        if (State(machine) is { } stopped)
        {
            yield return stopped;
            yield break;
        }

        yield return Finding.Ok(machine.Name, "it runs");
        if (machine.Networks.Count == 0)
        {
            yield return Finding.Problem(machine.Name, "it is on no network", $"hypr network connect bridge {machine.Name}");
        }

        foreach (var (network, endpoint) in machine.Networks.Select(n => (n.Network, n.Endpoint)))
        {
            if (endpoint.Tap is null)
            {
                yield return Finding.Problem(machine.Name, $"it is attached to network {network.Name}, and has no NIC for it yet", $"hypr restart {machine.Name}");
                continue;
            }

            foreach (var address in new[] { endpoint.IPv4, endpoint.IPv6 }.OfType<InterfaceAddress>())
            {
                yield return await Reach.PingAsync(address.Address)
                    ? Finding.Ok(machine.Name, $"{address.Address} on network {network.Name} ({endpoint.Tap}, {endpoint.GuestName}) answers")
                    : Finding.Problem(machine.Name, $"{address.Address} on network {network.Name} ({endpoint.Tap}, {endpoint.GuestName}) does not answer",
                        $"hypr exec {machine.Name} -- ip addr: the VM may have changed its address, or have a firewall of its own");
            }
        }

        yield return await ResolverAsync(machine, cancel);
        foreach (var port in machine.Ports.Where(p => p.Protocol == PortProtocol.Tcp).DistinctBy(p => p.GuestPort))
        {
            yield return await ListenerAsync(machine, port.GuestPort, port.HostPort, cancel);
        }
    }

    /// <summary>Null when it runs.</summary>
    public static Finding? State(MachineView machine) => machine.State.Status switch
    {
        MachineStatus.Running => null,
        MachineStatus.Paused => Finding.Problem(machine.Name, "it is paused: it answers nothing", $"hypr unpause {machine.Name}"),
        var status => Finding.Problem(
            machine.Name,
            $"it does not run ({status.ToString().ToLowerInvariant()}, exit code {machine.State.ExitCode}{(machine.State.Error.Length > 0 ? ": " + machine.State.Error : "")})",
            $"hypr start {machine.Name}; hypr logs {machine.Name} tells why it ended"),
    };

    public static async Task<Finding> ListenerAsync(MachineView machine, int port, int? published, CancellationToken cancel)
    {
        var address = machine.Networks.Select(n => n.Endpoint).Where(e => e.Tap is not null).Select(e => (e.IPv4 ?? e.IPv6)?.Address).OfType<System.Net.IPAddress>().FirstOrDefault();
        var what = published is > 0 ? $"port {port} (published as {published})" : $"port {port}";
        return address is null
            ? Finding.Problem(machine.Name, $"{what}: it has no address", $"hypr network connect bridge {machine.Name}")
            : await Reach.TcpAsync(address, port, cancel) switch
            {
                Answer.Open => Finding.Ok(machine.Name, $"something listens on {what}"),
                Answer.Refused => Finding.Problem(machine.Name, $"nothing listens on {what}, or on 127.0.0.1 of the VM only",
                    $"hypr exec {machine.Name} -- ss -tlnp; the service must listen on 0.0.0.0 or [::]"),
                _ => Finding.Problem(machine.Name, $"{what} of {address} does not answer", $"look for a firewall in the VM: hypr exec {machine.Name} -- iptables -S"),
            };
    }

    private async Task<Finding> ResolverAsync(MachineView machine, CancellationToken cancel)
    {
        if (machine.Config.Dns.Count > 0)
        {
            return Finding.Note(machine.Name, $"it was started with --dns {string.Join(" --dns ", machine.Config.Dns)}");
        }

        string text;
        try
        {
            text = await ReadAsync(machine.Id, "/etc/resolv.conf", cancel);
        }
        catch (HyprException e)
        {
            return Finding.Note(machine.Name, $"its /etc/resolv.conf cannot be read (the image has no cat?): {e.Message}");
        }

        var servers = text.Split('\n').Where(l => l.StartsWith("nameserver", StringComparison.Ordinal)).Select(l => l[10..].Trim()).ToList();
        var ours = machine.Networks.SelectMany(n => n.Network.Subnets.Select(n.Network.GatewayIn)).OfType<IPAddress>().Select(g => g.ToString()).Append("127.0.0.11").ToHashSet();
        return ours.Count == 1 || servers.Any(ours.Contains)
            ? Finding.Ok(machine.Name, $"its resolv.conf asks {string.Join(", ", servers)}")
            : Finding.Problem(machine.Name, $"its resolv.conf asks {(servers.Count > 0 ? string.Join(", ", servers) : "nobody")}, not HYPR: names of VMs are not found",
                $"hypr restart {machine.Name} writes it anew; the image must not replace it");
    }

    private async Task<string> ReadAsync(string machine, string file, CancellationToken cancel)
    {
        var exec = engine.CreateExec(machine, new ExecConfig { Cmd = ["cat", file], AttachStdout = true });
        await using IGuestSession session = await engine.StartExecAsync(exec, tty: false, 0, 0, cancel);
        var buffer = new byte[MostOfAFile];
        var length = await session.Stdout.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancel);
        return Encoding.UTF8.GetString(buffer, 0, length);
    }
}
