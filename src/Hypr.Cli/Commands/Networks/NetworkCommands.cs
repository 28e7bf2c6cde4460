using Hypr.Api.Client;
using Hypr.Cli.Arguments;
using Hypr.Primitives;

namespace Hypr.Cli.Commands.Networks;

/// <summary><c>hypr network ...</c></summary>
internal static class NetworkCommands
{
    public static readonly CommandSpec Group = new("network", "Manage networks")
    {
        Commands =
        [
            NetworkAttaching.Connect,
            NetworkCreate.Command,
            NetworkAttaching.Disconnect,
            NamesCommands.Zone,
            Inspecting.OfOneKind(
                "network",
                "Display detailed information on one or more networks",
                "NETWORK [NETWORK...]",
                "hypr network inspect -f '{{range .Containers}}{{.Name}} {{.IPv4Address}}{{println}}{{end}}' mynet"),
            NetworkList.Command,
            new("prune", "Remove all unused networks")
            {
                Options = [Option.List("filter", '\0', "Provide filter values (until=24h, label=key)", "filter"),
                    Option.Switch("force", 'f', "Do not prompt for confirmation")],
                Examples = [("hypr network prune", "asks, then removes every network without VMs"),
                    ("hypr network prune -f", "does not ask")],
                Run = Prune,
            },
            new("rm", "Remove one or more networks")
            {
                Aliases = ["remove"],
                Words = "NETWORK [NETWORK...]",
                Count = (1, int.MaxValue),
                Options = [Option.Switch("force", 'f', "Detach the VMs first; do not error if a network does not exist")],
                Examples = [("hypr network rm mynet", "a network that no VM uses"),
                    ("hypr network rm mynet --force", "even if VMs are attached")],
                Run = Remove,
                Completes = "network",
            },
        ],
    };

    private static int Remove(CommandLine line, Session session) => EachName.Do(line, session, name =>
    {
        try
        {
            session.Api.Delete(new Query("networks", name).Add("hypr-force", line.On("force")));
            return name;
        }
        catch (HyprException e) when (e.Kind == ErrorKind.NotFound && line.On("force"))
        {
            return null;
        }
    });

    private static int Prune(CommandLine line, Session session)
    {
        var query = new Query("networks", "prune").AddFilters(line.Filters());
        if (!line.On("force") && !EachName.Confirm(session, "This will remove all custom networks not used by at least one VM."))
            return 0;
        string[] names = session.Api.Post(query).Items("NetworksDeleted").Select(n => n.GetString()!).ToArray();
        if (names.Length > 0)
            session.Io.Write("Deleted Networks:\n" + string.Concat(names.Select(n => n + "\n")) + "\n");
        return 0;
    }
}
