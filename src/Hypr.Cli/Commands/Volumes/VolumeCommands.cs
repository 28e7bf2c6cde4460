using System.Globalization;
using System.Text.Json;
using Hypr.Api.Client;
using Hypr.Api.Contracts;
using Hypr.Cli.Arguments;
using Hypr.Cli.Output;

namespace Hypr.Cli.Commands.Volumes;

/// <summary><c>hypr volume ...</c></summary>
internal static class VolumeCommands
{
    public static readonly CommandSpec Group = new("volume", "Manage volumes")
    {
        Commands =
        [
            new("create", "Create a volume")
            {
                Words = "[VOLUME]",
                Count = (0, 1),
                Options =
                [
                    Option.Text("driver", 'd', "Volume driver (default local)"),
                    Option.List("label", '\0', "Set metadata for a volume"),
                    Option.List("opt", 'o', "Driver specific options: size=10g", "map"),
                ],
                Examples = [("hypr volume create data", "an empty ext4 of 10 GiB that takes what is written in it"),
                    ("hypr volume create -o size=100g data", "of another size")],
                Run = Create,
            },
            Inspecting.OfOneKind(
                "volume", "Display detailed information on one or more volumes", "VOLUME [VOLUME...]", "hypr volume inspect -f '{{.Mountpoint}}' data"),
            new("ls", "List volumes")
            {
                Aliases = ["list"],
                Options =
                [
                    Option.List("filter", 'f', "Provide filter values (dangling=true, driver, label, name)", "filter"),
                    Listings.Format,
                    Option.Switch("quiet", 'q', "Only display volume names"),
                ],
                Examples = [("hypr volume ls", "all volumes"), ("hypr volume ls -f dangling=true", "those that no VM has")],
                Run = List,
            },
            new("prune", "Remove unused local volumes")
            {
                Options =
                [
                    Option.Switch("all", 'a', "Remove all unused volumes, not just anonymous ones"),
                    Option.List("filter", '\0', "Provide filter values (label=key)", "filter"),
                    Option.Switch("force", 'f', "Do not prompt for confirmation"),
                ],
                Examples = [("hypr volume prune", "asks, then removes the anonymous volumes that no VM has"), ("hypr volume prune -a", "also named ones")],
                Run = Prune,
            },
            new("rm", "Remove one or more volumes. You cannot remove a volume that is in use by a VM.")
            {
                Aliases = ["remove"],
                Words = "VOLUME [VOLUME...]",
                Count = (1, int.MaxValue),
                Options = [Option.Switch("force", 'f', "Do not error if a volume does not exist")],
                Examples = [("hypr volume rm data", "with all that is in it")],
                Run = (line, session) => EachName.Do(line, session, name =>
                {
                    session.Api.Delete(new Query("volumes", name).Add("force", line.On("force")));
                    return name;
                }),
                Completes = "volume",
            },
        ],
    };

    /// <summary>GET /volumes in the order of their names.</summary>
    public static IEnumerable<JsonElement> All(Session session, IEnumerable<KeyValuePair<string, string>>? filters = null) =>
        session.Api.Get(new Query("volumes").AddFilters(filters ?? [])).Items("Volumes").OrderBy(v => v.Text("Name"), StringComparer.Ordinal);

    private static int Create(CommandLine line, Session session)
    {
        var request = new CreateVolumeRequest
        {
            Name = line.Words.Count > 0 ? line.Words[0] : "",
            Driver = line.Text("driver") ?? "local",
            DriverOpts = KeyValues.Parse(line, "opt"),
            Labels = KeyValues.Parse(line, "label"),
        };
        var created = session.Api.Post(
            new Query("volumes", "create"), JsonSerializer.SerializeToUtf8Bytes(request, HyprJson.Wire.CreateVolumeRequest));
        session.Io.WriteLine(created.Text("Name"));
        return 0;
    }

    private static int List(CommandLine line, Session session) => Show(line, session, All(session, line.Filters()));

    /// <summary>The list with <c>--format</c> and <c>--quiet</c>.</summary>
    public static int Show(CommandLine line, Session session, IEnumerable<JsonElement> volumes)
    {
        var listing = new Listing<JsonElement>(
            [
                new("Driver", "DRIVER", v => v.Text("Driver")),
                new("Name", "VOLUME NAME", v => v.Text("Name")),
                new("Scope", "SCOPE", v => v.Text("Scope")),
                new("Mountpoint", "MOUNTPOINT", v => v.Text("Mountpoint")),
                new("Labels", "LABELS", v => Listings.Labels(v.At("Labels"))),
                new("Size", "SIZE", v => Sizes.Human(v.Number("Hypr", "UsedBytes"))),
                new("Capacity", "CAPACITY", v => Sizes.Human(v.Number("Hypr", "SizeBytes"))),
            ],
            ["Driver", "Name"],
            (v, key) => v.Text("Labels", key));
        session.Io.Write(listing.Render(volumes, line.Text("format"), line.On("quiet") ? "Name" : null));
        return 0;
    }

    private static int Prune(CommandLine line, Session session)
    {
        var all = line.On("all");
        var what = $"This will remove {(all ? "all" : "anonymous local")} volumes not used by at least one VM.";
        if (!line.On("force") && !EachName.Confirm(session, what))
            return 0;
        var filters = all ? line.Filters().Append(KeyValuePair.Create("all", "true")) : line.Filters();
        var answer = session.Api.Post(new Query("volumes", "prune").AddFilters(filters));
        string[] names = [.. answer.Items("VolumesDeleted").Select(n => n.GetString()!)];
        if (names.Length > 0)
            session.Io.Write("Deleted Volumes:\n" + string.Concat(names.Select(n => n + "\n")) + "\n");
        session.Io.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Total reclaimed space: {Sizes.Human(answer.Number("SpaceReclaimed"))}"));
        return 0;
    }
}
