using Hypr.Api.Contracts;
using Hypr.Cli.Arguments;
using Hypr.Cli.Output;
using Hypr.Compose.Apply;
using Hypr.Compose.Plan;

namespace Hypr.Cli.Commands.Compose;

/// <summary><c>hypr compose ls</c>: the stacks that there are, by their labels.</summary>
internal static class LsCommand
{
    private sealed record Row(string Name, string Status, string ConfigFiles);

    public static readonly CommandSpec Command = new("ls", "List stacks")
    {
        Options =
        [
            Option.Switch("all", 'a', "Also stopped stacks"),
            Option.List("filter", '\0', "Filter output based on conditions provided (name=PATTERN)", "filter"),
            Listings.Format,
            Option.Switch("quiet", 'q', "Only display names"),
        ],
        Examples = [("hypr compose ls", "the stacks that run"), ("hypr compose ls -a --format json", "all, for a script")],
        Run = ComposeGroup.Telling(Run),
    };

    private static int Run(CommandLine line, Session session)
    {
        string[] names = [.. line.Filters().Select(f => f.Key == "name"
            ? f.Value
            : throw new UsageException(line, $"--filter \"{f.Key}\": only name is known"))];
        var rows = new StackReader(session.Api).Containers(null)
            .GroupBy(c => StackReader.Label(c.Labels, StackLabels.Project))
            .Where(g => line.On("all") || g.Any(c => c.State is "running" or "paused" or "restarting"))
            .Where(g => names.Length == 0 || names.Any(n => g.Key.Contains(n, StringComparison.Ordinal)))
            .OrderBy(g => g.Key, StringComparer.Ordinal)
            .Select(g => new Row(g.Key, Status(g), Files(g)));
        var listing = new Listing<Row>(
            [new("Name", "NAME", r => r.Name), new("Status", "STATUS", r => r.Status), new("ConfigFiles", "CONFIG FILES", r => r.ConfigFiles)],
            ["Name", "Status", "ConfigFiles"]);
        session.Io.Write(listing.Render(rows, line.Text("format"), line.On("quiet") ? "Name" : null));
        return 0;
    }

    /// <summary><c>exited(1), running(2)</c></summary>
    private static string Status(IEnumerable<ContainerSummary> machines) =>
        string.Join(", ", machines.GroupBy(c => c.State).OrderBy(g => g.Key, StringComparer.Ordinal).Select(g => $"{g.Key}({g.Count()})"));

    private static string Files(IEnumerable<ContainerSummary> machines) =>
        string.Join(',', machines.SelectMany(c => StackReader.Label(c.Labels, StackLabels.ConfigFiles).Split(',')).Where(f => f.Length > 0).Distinct());
}
