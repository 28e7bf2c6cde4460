using Hypr.Api.Client;
using Hypr.Cli.Arguments;
using Hypr.Cli.Output;
using Hypr.Compose.Plan;

namespace Hypr.Cli.Commands.Compose;

/// <summary><c>hypr compose port</c> and <c>top</c>.</summary>
internal static class LookCommands
{
    public static readonly CommandSpec Port = new("port", "Print where a port of a service is published")
    {
        Words = "SERVICE PRIVATE_PORT[/PROTO]",
        Count = (2, 2),
        Options = [Option.Text("index", '\0', "Number of the VM of the service", "int"), Option.Text("protocol", '\0', "tcp or udp (default tcp)")],
        Examples = [("hypr compose port web 80", "where web's port 80 is on this host")],
        Run = ComposeGroup.Telling((line, session) =>
        {
            var machine = Stack.Find(line, session).One(line.Words[0], line.Number("index", 1));
            string wanted = line.Words[1].Contains('/') ? line.Words[1] : $"{line.Words[1]}/{line.Text("protocol") ?? "tcp"}";
            var bindings = session.Api.Get(new Query("containers", machine.Id, "json")).Items("NetworkSettings", "Ports", wanted).ToList();
            if (bindings.Count == 0)
                throw new ExitException(1, $"no port {wanted} for VM {machine.Name}. See hypr compose ps");
            string ip = bindings[0].Text("HostIp");
            session.Io.WriteLine($"{(ip.Contains(':') ? $"[{ip}]" : ip)}:{bindings[0].Text("HostPort")}");
            return 0;
        }),
    };

    public static readonly CommandSpec Version = new("version", "Show the version of hypr compose")
    {
        Options = [Option.Switch("short", '\0', "Only the number"), Option.Text("format", 'f', "pretty or json (default pretty)")],
        Examples = [("hypr compose version --short", "the number alone")],
        Run = (line, session) =>
        {
            string version = StackLabels.ThisVersion;
            session.Io.WriteLine(line.Text("format") switch
            {
                _ when line.On("short") => version,
                null or "pretty" => $"hypr compose version {version}",
                "json" => $$"""{"version":"{{version}}"}""",
                _ => throw line.Bad("format", "it is one of pretty, json"),
            });
            return 0;
        },
    };

    public static readonly CommandSpec Top = new("top", "Display the running processes of a stack")
    {
        Words = "[SERVICE...]",
        Count = (0, int.MaxValue),
        Examples = [("hypr compose top", "of every VM")],
        Run = ComposeGroup.Telling((line, session) =>
        {
            foreach (var machine in Stack.Find(line, session).Machines(line.Words).Where(m => m.State == "running"))
            {
                var answer = session.Api.Get(new Query("containers", machine.Id, "top"));
                var rows = answer.Items("Processes").Select(p => p.EnumerateArray().Select(c => c.GetString() ?? "").ToArray());
                session.Io.Write($"{machine.Name}\n{Table.Lay([[.. answer.Items("Titles").Select(t => t.GetString() ?? "")], .. rows])}\n");
            }
            return 0;
        }),
    };
}
