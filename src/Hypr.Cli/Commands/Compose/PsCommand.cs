using System.Text.Json;
using Hypr.Api.Client;
using Hypr.Cli.Arguments;
using Hypr.Cli.Commands.Machines;
using Hypr.Cli.Output;
using Hypr.Compose.Plan;

namespace Hypr.Cli.Commands.Compose;

/// <summary><c>hypr compose ps</c>: Docker's columns, and the addresses for templates.</summary>
internal static class PsCommand
{
    public static readonly CommandSpec Command = new("ps", "List the VMs of a stack")
    {
        Words = "[SERVICE...]",
        Count = (0, int.MaxValue),
        Options =
        [
            Option.Switch("all", 'a', "Also stopped and one-off VMs"),
            Listings.Format,
            Option.Switch("no-trunc", '\0', "Don't truncate output"),
            Option.Switch("quiet", 'q', "Only display VM IDs"),
            Option.Switch("services", '\0', "Display services"),
            Option.List("status", '\0', "Only VMs of this state (created, running, paused, restarting, exited)", "state"),
        ],
        Examples = [("hypr compose ps", "the VMs that run, with their ports"), ("hypr compose ps -a --format '{{.Name}} {{.State}} {{.ExitCode}}'", "all, for a script")],
        Run = ComposeGroup.Telling(Run),
    };

    private static int Run(CommandLine line, Session session)
    {
        var stack = Stack.Find(line, session);
        bool all = line.On("all");
        var chosen = stack.Machines(line.Words, oneOff: all).Select(m => m.Id).ToHashSet();
        var states = line.All("status");
        var machines = session.Api.Get(new Query("containers", "json").Add("all", true)
                .AddFilters([KeyValuePair.Create("label", $"{StackLabels.Project}={stack.Name}")])).Items()
            .Where(m => chosen.Contains(m.Text("Id")))
            .Where(m => states.Count > 0 ? states.Contains(m.Text("State")) : all || m.Text("State") is "running" or "paused" or "restarting")
            .OrderBy(Name, StringComparer.Ordinal)
            .ToList();
        if (line.On("services"))
        {
            session.Io.Write(string.Concat(machines.Select(m => m.Text("Labels", StackLabels.Service)).Distinct().Select(s => s + "\n")));
            return 0;
        }
        session.Io.Write(Listing(session, line.On("no-trunc")).Render(machines, line.Text("format"), line.On("quiet") ? "ID" : null));
        return 0;
    }

    private static Listing<JsonElement> Listing(Session session, bool all)
    {
        var now = session.Now;
        return new Listing<JsonElement>(
            [
                new("ID", "ID", m => JsonReading.Id(m.Text("Id"), all)),
                new("Name", "NAME", Name),
                new("Names", "NAMES", Name),
                new("Image", "IMAGE", m => m.Text("Image")),
                new("Command", "COMMAND", m => Machines.PsCommand.Shown(m.Text("Command"), all)),
                new("Project", "PROJECT", m => m.Text("Labels", StackLabels.Project)),
                new("Service", "SERVICE", m => m.Text("Labels", StackLabels.Service)),
                new("CreatedAt", "CREATED AT", m => JsonReading.GoTime(m.Time("Created"))),
                new("RunningFor", "CREATED", m => JsonReading.Ago(m.Time("Created"), now)),
                new("State", "STATE", m => m.Text("State")),
                new("Status", "STATUS", m => m.Text("Status")),
                new("Health", "HEALTH", m => Between(m.Text("Status"), m.Text("State") == "running")),
                new("ExitCode", "EXIT CODE", m => m.Text("State") == "exited" ? Between(m.Text("Status"), true) : "0"),
                new("IP", "IP", m => string.Join(", ", Machines.PsCommand.Addresses(m))),
                new("Ports", "PORTS", m => PortText.Of(m.Items("Ports"))),
                new("Networks", "NETWORKS", m => string.Join(',', m.Members("NetworkSettings", "Networks").Select(n => n.Name))),
                new("Labels", "LABELS", m => Listings.Labels(m.At("Labels"))),
            ],
            ["Name", "Image", "Command", "Service", "RunningFor", "Status", "Ports"],
            (m, key) => m.Text("Labels", key));
    }

    private static string Name(JsonElement machine) =>
        machine.Items("Names").Select(n => n.GetString()!.TrimStart('/')).FirstOrDefault(n => !n.Contains('/')) ?? "";

    /// <summary>What stands in brackets: <c>healthy</c> of "Up 3 minutes (healthy)", <c>0</c> of "Exited (0) 2 hours ago".</summary>
    private static string Between(string status, bool applies)
    {
        int open = status.IndexOf('(', StringComparison.Ordinal);
        int close = status.IndexOf(')', StringComparison.Ordinal);
        string text = applies && open >= 0 && close > open ? status[(open + 1)..close] : "";
        return text.StartsWith("health: ", StringComparison.Ordinal) ? text["health: ".Length..] : text;
    }
}
