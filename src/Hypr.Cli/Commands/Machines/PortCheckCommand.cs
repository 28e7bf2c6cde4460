using System.Text;
using System.Text.Json;
using Hypr.Api.Client;
using Hypr.Cli.Arguments;

namespace Hypr.Cli.Commands.Machines;

/// <summary><c>hypr port check</c>: whether clients reach what is published, and what of the host stops them. 0 when nothing does, else 1.</summary>
internal static class PortCheckCommand
{
    public static readonly CommandSpec Command = new("check", "Show which rule of the host, if any, drops published ports of a VM that runs")
    {
        Words = "VM [[IP:]HOST_PORT[/PROTO]]",
        Count = (1, 2),
        Options = [Option.Text("from", '\0', "Ask as the client of this address, not as a neighbour on each link", "address")],
        Examples =
        [
            ("hypr port check web 8080", "the way of a first packet through the host's rules; nobody hears of it"),
            ("hypr port check web 8080 --from 198.51.100.7", "rules may tell clients apart"),
        ],
        Run = Run,
        Completes = "vm",
    };

    private static int Run(CommandLine line, Session session)
    {
        string name = line.Words[0];
        var query = new Query("hypr", "containers", name, "ports", "check");
        if (line.Words.Count == 2)
            query.Add("port", line.Words[1]);
        if (line.Text("from") is { Length: > 0 } from)
            query.Add("from", from);
        var text = new StringBuilder();
        bool open = true;
        foreach (var port in session.Api.Get(query).Items())
            open &= Write(text, name, port);
        session.Io.Write(text.Length > 0 ? text.ToString() : $"{name} publishes nothing{(line.Text("from") is { Length: > 0 } ? " for such an address" : "")}\n");
        return open ? 0 : 1;
    }

    /// <summary>False when anything is in a client's way.</summary>
    private static bool Write(StringBuilder text, string name, JsonElement port)
    {
        string ip = port.Text("HostIp"), published = port.Text("HostPort"), target = port.Text("Target");
        string protocol = port.Text("Port").Split('/')[^1];
        text.Append(published.Length == 0 ? $"{target}/{protocol}, routed\n" : $"{(ip.Contains(':') ? $"[{ip}]" : ip)}:{published}/{protocol} -> {target}\n");
        var (isOpen, vm) = port.Text("Vm") switch
        {
            "listens" => (true, "a program listens"),
            "refuses" => (false, $"nothing listens: see hypr exec {name} ss -tln; a program on 127.0.0.1 of the VM is not reached"),
            "silent" => (false, "no answer: a firewall in the VM, or rules of the host's OUTPUT"),
            _ => (true, "not asked: only TCP tells whether a program listens"),
        };
        text.Append($"  in the VM: {vm}\n");
        foreach (var way in port.At("Ways").Items())
        {
            string state = way.Text("State"), by = way.Text("By");
            isOpen &= state is "open" or "host-only";
            text.Append(state switch
            {
                "host-only" => "  for this host only: other machines and VMs do not reach it\n",
                "open" => $"  {way.Text("Link")}, from {way.Text("From")}: open\n",
                "dropped" => $"  {way.Text("Link")}, from {way.Text("From")}: dropped by {by}\n",
                "astray" => $"  {way.Text("Link")}, from {way.Text("From")}: goes astray: {by}\n",
                _ => $"  {way.Text("Link")}, from {way.Text("From")}: lost {by}\n",
            });
        }
        if (port.At("Ways").Items().FirstOrDefault().ValueKind == JsonValueKind.Undefined)
            text.Append("  no link of the host leads there: no address of this family, or no route to the client\n");
        return isOpen;
    }
}
