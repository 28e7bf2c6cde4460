using System.Text.Json;
using Hypr.Api.Client;
using Hypr.Api.Contracts;
using Hypr.Cli.Arguments;
using Hypr.Cli.Output;

namespace Hypr.Cli.Commands.Machines;

/// <summary><c>hypr ps</c>: the specification's columns, with the addresses; Docker's are there for templates.</summary>
internal static class PsCommand
{
    public static readonly CommandSpec Command = OfName("ps");

    public static CommandSpec OfName(string name, params string[] aliases) => new(name, "List VMs")
    {
        Aliases = aliases,
        Options =
        [
            Option.Switch("all", 'a', "Show all VMs (default shows just running)"),
            Option.List("filter", 'f', "Filter output based on conditions provided", "filter"),
            Listings.Format,
            Option.Text("last", 'n', "Show n last created VMs (includes all states)", "int"),
            Option.Switch("latest", 'l', "Show the latest created VM (includes all states)"),
            Option.Switch("no-trunc", '\0', "Don't truncate output"),
            Option.Switch("quiet", 'q', "Only display VM IDs"),
            Option.Switch("size", 's', "Display total file sizes"),
        ],
        Examples =
        [
            ("hypr ps", "running VMs, with their addresses and ports"),
            ("hypr ps -a --filter status=exited", "those that have ended"),
            ("hypr ps --format 'table {{.Names}}\\t{{.IP}}'", "columns of your choice"),
        ],
        Run = Run,
    };

    private static int Run(CommandLine line, Session session)
    {
        int? last = line.On("latest") ? 1 : line.Number("last");
        string? format = line.Text("format");
        bool size = line.On("size") || format?.Contains(".Size", StringComparison.Ordinal) == true;
        var query = new Query("containers", "json")
            .Add("all", line.On("all"))
            .Add("limit", last > 0 ? last : null)
            .Add("size", size)
            .AddFilters(line.Filters());
        var machines = session.Api.Get(query).Items();
        session.Io.Write(Listing(session, line.On("no-trunc"), line.On("size")).Render(machines, format, line.On("quiet") ? "ID" : null));
        return 0;
    }

    public static Listing<JsonElement> Listing(Session session, bool all, bool withSize)
    {
        var now = session.Now;
        string[] shown = ["ID", "Name", "Image", "Status", "IP", "Ports"];
        return new Listing<JsonElement>(
            [
                new("ID", "ID", m => JsonReading.Id(m.Text("Id"), all)),
                new("Name", "NAME", m => m.Items("Names").Select(n => n.GetString()!.TrimStart('/')).FirstOrDefault(n => !n.Contains('/'))
                    ?? ""),
                new("Names", "NAMES", m => string.Join(',', m.Items("Names").Select(n => n.GetString()!.TrimStart('/')))),
                new("Image", "IMAGE", m => Image(m, all)),
                new("Command", "COMMAND", m => Shown(m.Text("Command"), all)),
                new("CreatedAt", "CREATED AT", m => JsonReading.GoTime(m.Time("Created"))),
                new("RunningFor", "CREATED", m => JsonReading.Ago(m.Time("Created"), now)),
                new("State", "STATE", m => m.Text("State")),
                new("Status", "STATUS", m => m.Text("Status")),
                new("IP", "IP", m => string.Join(", ", Addresses(m))),
                new("Ports", "PORTS", m => PortText.Of(m.Items("Ports"))),
                new("Networks", "NETWORKS", m => string.Join(',', m.Members("NetworkSettings", "Networks").Select(n => n.Name))),
                new("Labels", "LABELS", m => Listings.Labels(m.At("Labels"))),
                new("Mounts", "MOUNTS", m =>
                    string.Join(',', m.Items("Mounts").Select(v => v.Text("Name") is { Length: > 0 } n ? n : v.Text("Source")))),
                new("LocalVolumes", "LOCAL VOLUMES", m =>
                    m.Items("Mounts").Count(v => v.Text("Driver") == "local").ToString(System.Globalization.CultureInfo.InvariantCulture)),
                new("Size", "SIZE", m => $"{Sizes.Human(m.Number("SizeRw"))} (virtual {Sizes.Human(m.Number("SizeRootFs"))})"),
            ],
            withSize ? [.. shown, "Size"] : shown,
            (m, key) => m.Text("Labels", key));
    }

    /// <summary>All addresses, that of the default route first: a network with a gateway, the highest priority, then the name.</summary>
    public static IEnumerable<string> Addresses(JsonElement machine) =>
        machine.Members("NetworkSettings", "Networks")
            .OrderBy(n => n.Value.Text("Gateway").Length == 0 && n.Value.Text("IPv6Gateway").Length == 0)
            .ThenByDescending(n => n.Value.Number("GwPriority"))
            .ThenBy(n => n.Name, StringComparer.Ordinal)
            .SelectMany(n => new[] { n.Value.Text("IPAddress"), n.Value.Text("GlobalIPv6Address") })
            .Where(a => a.Length > 0);

    private static string Image(JsonElement machine, bool all)
    {
        string image = machine.Text("Image");
        if (image.Length == 0)
            return "<no image>";
        return !all && image.StartsWith("sha256:", StringComparison.Ordinal) ? JsonReading.Id(image, all: false) : image;
    }

    /// <summary>In quotes and, unless all is wanted, cut to twenty characters with an ellipsis (formatter.Ellipsis).</summary>
    public static string Shown(string command, bool all) => JsonText.Quote(all || command.Length <= 20 ? command : command[..19] + "…");
}
