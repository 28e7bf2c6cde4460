using System.Text.Json;
using Hypr.Api.Client;
using Hypr.Cli.Arguments;
using Hypr.Cli.Output;

namespace Hypr.Cli.Commands.Networks;

/// <summary><c>hypr network dns</c> and <c>hypr system dns</c>.</summary>
internal static class NamesCommands
{
    public static readonly CommandSpec Zone = new("dns", "Display the names that VMs on a network find")
    {
        Words = "NETWORK",
        Count = (1, 1),
        Options = [Listings.Format],
        Examples = [("hypr network dns bridge", "names, aliases, services and addresses")],
        Run = RunZone,
        Completes = "network",
    };

    public static readonly CommandSpec Host = new("dns", "Manage how this host finds VMs' names")
    {
        Commands =
        [
            new("install", "Put the name server into resolv.conf (hosts without systemd-resolved)")
            {
                Examples = [("hypr system dns install", "names of VMs work on the host; the nameservers of before are kept behind ours")],
                Run = (_, session) => Tell(session, session.Api.Post(new Query("hypr", "dns", "host"))),
            },
            new("status", "Display how names of VMs are found on this host")
            {
                Examples = [("hypr system dns status", "installed, not installed, or systemd-resolved")],
                Run = (_, session) => Tell(session, session.Api.Get(new Query("hypr", "dns", "host"))),
            },
            new("uninstall", "Take the name server out of resolv.conf")
            {
                Examples = [("hypr system dns uninstall", "every other byte stays as it is")],
                Run = (_, session) =>
                {
                    session.Api.Delete(new Query("hypr", "dns", "host"));
                    return Tell(session, session.Api.Get(new Query("hypr", "dns", "host")));
                },
            },
        ],
    };

    private static int RunZone(CommandLine line, Session session)
    {
        var records = session.Api.Get(new Query("hypr", "dns", "networks", line.Words[0])).Items();
        var listing = new Listing<JsonElement>(
            [
                new("Name", "NAME", r => r.Text("Name")),
                new("Type", "TYPE", r => r.Text("Type")),
                new("Value", "VALUE", r => r.Text("Value")),
            ],
            ["Name", "Type", "Value"]);
        session.Io.Write(listing.Render(records, line.Text("format")));
        return 0;
    }

    private static int Tell(Session session, JsonElement state)
    {
        string path = state.Text("Path");
        session.Io.WriteLine(state.Text("State") switch
        {
            "installed" => $"installed: {path} asks HYPR first",
            "systemd-resolved" => "systemd-resolved: told of the names by itself (resolvectl status vbr0)",
            _ => $"not installed: {path} does not ask HYPR (hypr system dns install)",
        });
        if (state.Text("Warning") is { Length: > 0 } warning)
            session.Io.WriteError("WARNING: " + warning);
        return 0;
    }
}
