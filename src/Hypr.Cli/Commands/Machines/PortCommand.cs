using System.Text.Json;
using Hypr.Api.Client;
using Hypr.Api.Contracts;
using Hypr.Cli.Arguments;
using Hypr.Primitives;

namespace Hypr.Cli.Commands.Machines;

/// <summary>
/// <c>hypr port</c>: the published ports, from inspect; <c>add</c> and <c>rm</c> change them. A VM that is called so is named by its id here.
/// </summary>
internal static class PortCommand
{
    public static readonly CommandSpec Command = new("port", "List port mappings or a specific mapping for the VM")
    {
        Words = "VM [PRIVATE_PORT[/PROTO]]",
        Count = (1, 2),
        Examples = [("hypr port web", "all of them"), ("hypr port web 80/tcp", "where its port 80 is")],
        Commands =
        [
            new("add", "Publish more ports of a VM, running or not")
            {
                Words = "VM [[IP:]HOST_PORT:]VM_PORT[/PROTO] [PORT...]",
                Count = (2, int.MaxValue),
                Examples =
                [
                    ("hypr port add web 8081:80", "at once, and at every start from now on"),
                    ("hypr port add web 127.0.0.1:8443:443 5353:53/udp", "two, or none if one of them is taken"),
                ],
                Run = Add,
                Completes = "vm",
            },
            new("rm", "Take published ports of a VM back")
            {
                Aliases = ["remove"],
                Words = "VM [IP:]HOST_PORT[/PROTO] [PORT...]",
                Count = (2, int.MaxValue),
                Examples = [("hypr port rm web 8081", "at once, and for its next starts; connections that are open go on")],
                Run = Remove,
                Completes = "vm",
            },
            PortCheckCommand.Command,
        ],
        Run = Run,
        Completes = "vm",
    };

    private static int Add(CommandLine line, Session session)
    {
        var request = new PublishedPorts();
        foreach (var port in line.Words.Skip(1).SelectMany(PublishedPort.Parse))
        {
            if (!request.Ports.TryGetValue(port.Guest, out var bindings) || bindings is null)
                request.Ports[port.Guest] = bindings = [];
            bindings.Add(new PortBinding { HostIp = port.HostIp, HostPort = port.HostPort });
        }
        var answer = session.Api.Post(
            new Query("hypr", "containers", line.Words[0], "ports"), JsonSerializer.SerializeToUtf8Bytes(request, HyprJson.Wire.PublishedPorts));
        Write(session, Published(answer.At("Ports")));
        return 0;
    }

    private static int Remove(CommandLine line, Session session)
    {
        session.Api.Delete(new Query("hypr", "containers", line.Words[0], "ports").Add("published", string.Join(',', line.Words.Skip(1))));
        return 0;
    }

    private static (string Guest, string Host)[] Published(JsonElement map) =>
        [.. map.Members().SelectMany(p => p.Value.Items().Select(b => (p.Name, Address(b.Text("HostIp"), b.Text("HostPort")))))];

    private static void Write(Session session, IEnumerable<(string Guest, string Host)> ports) => session.Io.Write(string.Concat(
        ports.OrderBy(p => Number(p.Guest)).ThenBy(p => p.Guest, StringComparer.Ordinal).Select(p => $"{p.Guest} -> {p.Host}\n")));

    private static int Run(CommandLine line, Session session)
    {
        string name = line.Words[0];
        var ports = Published(session.Api.Get(new Query("containers", name, "json")).At("NetworkSettings", "Ports"));
        if (line.Words.Count == 1)
        {
            Write(session, ports);
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
