using Hypr.Api.Client;
using Hypr.Cli.Arguments;
using Hypr.Primitives;

namespace Hypr.Cli.Commands.Machines;

/// <summary><c>hypr port</c>: the published ports, from inspect.</summary>
internal static class PortCommand
{
    public static readonly CommandSpec Command = new("port", "List port mappings or a specific mapping for the VM")
    {
        Words = "VM [PRIVATE_PORT[/PROTO]]",
        Count = (1, 2),
        Examples = [("hypr port web", "all of them"), ("hypr port web 80/tcp", "where its port 80 is")],
        Run = Run,
        Completes = "vm",
    };

    private static int Run(CommandLine line, Session session)
    {
        string name = line.Words[0];
        var ports = session.Api.Get(new Query("containers", name, "json")).Members("NetworkSettings", "Ports")
            .SelectMany(p => p.Value.Items().Select(b => (Guest: p.Name, Host: Address(b.Text("HostIp"), b.Text("HostPort")))))
            .ToArray();
        if (line.Words.Count == 1)
        {
            session.Io.Write(string.Concat(
                ports.OrderBy(p => Number(p.Guest)).ThenBy(p => p.Guest, StringComparer.Ordinal).Select(p => $"{p.Guest} -> {p.Host}\n")));
            return 0;
        }
        string wanted = line.Words[1].Contains('/') ? line.Words[1] : line.Words[1] + "/tcp";
        if (!int.TryParse(wanted.Split('/')[0], out int port) || port is < 1 or > 65535)
            throw HyprException.Invalid($"invalid port \"{line.Words[1]}\": write PORT or PORT/PROTOCOL, as 80 or 53/udp");
        string[] hosts = ports.Where(p => p.Guest == wanted).Select(p => p.Host).ToArray();
        if (hosts.Length == 0)
            throw HyprException.NotFound($"no public port '{wanted}' published for {name}");
        session.Io.Write(string.Concat(hosts.Select(h => h + "\n")));
        return 0;
    }

    private static string Address(string ip, string port) => ip.Contains(':') ? $"[{ip}]:{port}" : $"{ip}:{port}";

    private static int Number(string guest) => int.TryParse(guest.Split('/')[0], out int port) ? port : 0;
}
