using System.Text.Json;
using Hypr.Api.Client;
using Hypr.Cli.Arguments;
using Hypr.Cli.Output;

namespace Hypr.Cli.Commands.Networks;

/// <summary><c>hypr network ls</c>: the specification's four columns.</summary>
internal static class NetworkList
{
    public static readonly CommandSpec Command = new("ls", "List networks")
    {
        Aliases = ["list"],
        Options =
        [
            Option.List("filter", 'f', "Provide filter values (driver, id, label, name, scope, type, dangling)", "filter"),
            Listings.Format,
            Option.Switch("no-trunc", '\0', "Do not truncate the output"),
            Option.Switch("quiet", 'q', "Only display network IDs"),
        ],
        Examples = [("hypr network ls", "all networks"), ("hypr network ls --format '{{.Name}} {{.Driver}}'", "what a script wants")],
        Run = Run,
    };

    private static int Run(CommandLine line, Session session)
    {
        var networks = session.Api.Get(new Query("networks").AddFilters(line.Filters())).Items()
            .OrderBy(n => n.Text("Name"), StringComparer.Ordinal);
        bool all = line.On("no-trunc");
        var listing = new Listing<JsonElement>(
            [
                new("ID", "NETWORK ID", n => JsonReading.Id(n.Text("Id"), all)),
                new("Name", "NAME", n => n.Text("Name")),
                new("Driver", "DRIVER", n => n.Text("Driver")),
                new("Scope", "SCOPE", n => n.Text("Scope")),
                new("IPv4", "IPV4", n => n.At("EnableIPv4").ValueKind == JsonValueKind.Undefined ? "true" : n.Text("EnableIPv4")),
                new("IPv6", "IPV6", n => n.IsTrue("EnableIPv6") ? "true" : "false"),
                new("Internal", "INTERNAL", n => n.IsTrue("Internal") ? "true" : "false"),
                new("Labels", "LABELS", n => Listings.Labels(n.At("Labels"))),
                new("CreatedAt", "CREATED AT", n => JsonReading.GoTime(n.Time("Created"))),
            ],
            ["ID", "Name", "Driver", "Scope"],
            (n, key) => n.Text("Labels", key));
        session.Io.Write(listing.Render(networks, line.Text("format"), line.On("quiet") ? "ID" : null));
        return 0;
    }
}
