using System.Globalization;
using System.Text.Json;
using Hypr.Api.Client;
using Hypr.Cli.Arguments;
using Hypr.Cli.Output;

namespace Hypr.Cli.Commands.Daemon;

/// <summary><c>hypr system ...</c> and <c>hypr container prune</c>.</summary>
internal static class SystemCommands
{
    private static readonly Option[] PruneOptions =
    [
        Option.List("filter", '\0', "Provide filter values (until=24h, label=key)", "filter"),
        Option.Switch("force", 'f', "Do not prompt for confirmation"),
    ];

    public static readonly CommandSpec PruneMachines = new("prune", "Remove all stopped VMs")
    {
        Options = PruneOptions,
        Examples = [("hypr container prune", "asks first")],
        Run = (line, session) =>
        {
            if (!line.On("force") && !EachName.Confirm(session, "This will remove all stopped VMs."))
                return 0;
            session.Io.WriteLine($"Total reclaimed space: {Sizes.Human(Machines(session, line))}");
            return 0;
        },
    };

    public static readonly CommandSpec Group = new("system", "Manage HYPR")
    {
        Commands =
        [
            CheckCommand.Command,
            new("df", "Show disk usage")
            {
                Options = [Listings.Format, Option.Switch("verbose", 'v', "Show each image, VM, volume and template")],
                Examples = [("hypr system df", "what images and VMs take"), ("hypr system df -v", "each of them")],
                Run = RunDf,
            },
            Networks.NamesCommands.Host,
            EventsCommand.Command,
            InfoCommand.Command,
            WarmCommand.Command,
            new("prune", "Remove unused data")
            {
                Options =
                [
                    Option.Switch("all", 'a', "Remove all unused images not just dangling ones"),
                    Option.Switch("volumes", '\0', "Prune anonymous volumes"),
                    .. PruneOptions,
                ],
                Examples = [("hypr system prune -a", "stopped VMs, unused networks and images; asks first")],
                Run = RunPrune,
            },
        ],
    };

    private static long Machines(Session session, CommandLine line)
    {
        var answer = session.Api.Post(new Query("containers", "prune").AddFilters(line.Filters()));
        Print(session, "Deleted Containers:", answer.Items("ContainersDeleted").Select(c => c.GetString()!));
        return answer.Number("SpaceReclaimed");
    }

    private static void Print(Session session, string title, IEnumerable<string> lines)
    {
        string text = string.Concat(lines.Select(l => l + "\n"));
        if (text.Length > 0)
            session.Io.Write($"{title}\n{text}\n");
    }

    private static int RunPrune(CommandLine line, Session session)
    {
        bool all = line.On("all");
        string what = "This will remove:\n  - all stopped VMs\n  - all networks not used by at least one VM\n  - "
            + (all ? "all images without at least one VM associated to them" : "all dangling images") + "\n"
            + (line.On("volumes") ? "  - all anonymous volumes not used by at least one VM\n" : "");
        if (!line.On("force") && !EachName.Confirm(session, what))
            return 0;
        long bytes = Machines(session, line);
        var networks = session.Api.Post(new Query("networks", "prune").AddFilters(line.Filters()));
        Print(session, "Deleted Networks:", networks.Items("NetworksDeleted").Select(n => n.GetString()!));
        if (line.On("volumes"))
        {
            var volumes = session.Api.Post(new Query("volumes", "prune").AddFilters(line.Filters().Where(f => f.Key != "until")));
            Print(session, "Deleted Volumes:", volumes.Items("VolumesDeleted").Select(n => n.GetString()!));
            bytes += volumes.Number("SpaceReclaimed");
        }

        var filters = line.Filters().Append(KeyValuePair.Create("dangling", all ? "false" : "true"));
        var images = session.Api.Post(new Query("images", "prune").AddFilters(filters));
        Print(session, "Deleted Images:", images.Items("ImagesDeleted")
            .Select(i => i.Text("Untagged") is { Length: > 0 } tag ? $"untagged: {tag}" : $"deleted: {i.Text("Deleted")}"));
        session.Io.WriteLine($"Total reclaimed space: {Sizes.Human(bytes + images.Number("SpaceReclaimed"))}");
        return 0;
    }

    private sealed record Usage(string Type, int Total, int Active, long Size, long Reclaimable);

    private static int RunDf(CommandLine line, Session session)
    {
        if (line.On("verbose") && line.Has("format"))
            throw new UsageException(line, "system df: --verbose and --format contradict each other: a format is for the summary");
        var df = session.Api.Get(new Query("system", "df"));
        if (line.On("verbose"))
        {
            DiskUsageView.Write(session, df);
            return 0;
        }
        var images = df.Items("Images").ToArray();
        var machines = df.Items("Containers").ToArray();
        var volumes = df.Items("Volumes").ToArray();
        var templates = df.Items("HyprTemplates").ToArray();
        Usage[] rows =
        [
            new("Images", images.Length, images.Count(i => i.Number("Containers") > 0), df.Number("LayersSize"),
                images.Where(i => i.Number("Containers") <= 0).Sum(i => i.Number("Size") - Math.Max(0, i.Number("SharedSize")))),
            new("VMs", machines.Length, machines.Count(m => m.Text("State") is "running" or "paused" or "restarting"),
                machines.Sum(m => m.Number("SizeRw")),
                machines.Where(m => m.Text("State") is not ("running" or "paused" or "restarting")).Sum(m => m.Number("SizeRw"))),
            new("Local Volumes", volumes.Length, volumes.Count(v => v.Number("UsageData", "RefCount") > 0),
                volumes.Sum(v => Math.Max(0, v.Number("UsageData", "Size"))),
                volumes.Where(v => v.Number("UsageData", "RefCount") <= 0).Sum(v => Math.Max(0, v.Number("UsageData", "Size")))),
            // They are made anew when they are missed.
            new("Templates", templates.Length, templates.Count(t => t.IsTrue("Loaded")), templates.Sum(t => t.Number("Size")),
                templates.Sum(t => t.Number("Size"))),
        ];
        var listing = new Listing<Usage>(
            [
                new("Type", "TYPE", u => u.Type),
                new("TotalCount", "TOTAL", u => u.Total.ToString(CultureInfo.InvariantCulture)),
                new("Active", "ACTIVE", u => u.Active.ToString(CultureInfo.InvariantCulture)),
                new("Size", "SIZE", u => Sizes.Human(u.Size)),
                new("Reclaimable", "RECLAIMABLE", u => u.Size > 0
                    ? $"{Sizes.Human(u.Reclaimable)} ({u.Reclaimable * 100 / u.Size}%)"
                    : Sizes.Human(u.Reclaimable)),
            ],
            ["Type", "TotalCount", "Active", "Size", "Reclaimable"]);
        session.Io.Write(listing.Render(rows, line.Text("format")));
        return 0;
    }
}
