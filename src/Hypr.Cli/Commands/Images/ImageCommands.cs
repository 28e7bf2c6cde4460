using System.Text.Json;
using Hypr.Api.Client;
using Hypr.Cli.Arguments;
using Hypr.Cli.Commands.Files;
using Hypr.Cli.Output;
using Hypr.Primitives;

namespace Hypr.Cli.Commands.Images;

/// <summary>The images' verbs but pull: images, rmi, tag, load, save, history, prune.</summary>
internal static class ImageCommands
{
    public static readonly CommandSpec List = OfList("images");

    public static readonly CommandSpec Remove = OfRemove("rmi");

    public static readonly CommandSpec Tag = new("tag", "Create a tag TARGET_IMAGE that refers to SOURCE_IMAGE")
    {
        Words = "SOURCE_IMAGE[:TAG] TARGET_IMAGE[:TAG]",
        Count = (2, 2),
        Examples = [("hypr tag nginx:1.27 mine:stable", "a second name for it")],
        Run = (line, session) =>
        {
            var (repo, tag) = ImageName.Split(line.Words[1]);
            session.Api.Post(new Query("images", line.Words[0], "tag").Add("repo", repo).Add("tag", tag));
            return 0;
        },
        Completes = "image",
    };

    public static readonly CommandSpec Load = new("load", "Load an image from a tar archive or STDIN")
    {
        Options =
        [
            Option.Text("input", 'i', "Read from tar archive file, instead of STDIN"),
            Option.Text("platform", '\0', "Load only the given platform(s)"),
            Option.Switch("quiet", 'q', "Suppress the load output"),
        ],
        Examples = [("hypr load -i image.tar", "an archive of docker save or of skopeo")],
        Run = RunLoad,
    };

    public static readonly CommandSpec Save = new("save", "Save one or more images to a tar archive (streamed to STDOUT by default)")
    {
        Words = "IMAGE [IMAGE...]",
        Count = (1, int.MaxValue),
        Options = [Option.Text("output", 'o', "Write to a file, instead of STDOUT"),
            Option.Text("platform", '\0', "Save only the given platform(s)")],
        Examples = [("hypr save -o nginx.tar nginx", "for a host without network")],
        Run = RunSave,
        Completes = "image",
    };

    public static readonly CommandSpec History = new("history", "Show the history of an image")
    {
        Words = "IMAGE",
        Count = (1, 1),
        Options =
        [
            Listings.Format,
            Option.Switch("human", 'H', "Print sizes and dates in human readable format (default true)"),
            Option.Switch("no-trunc", '\0', "Don't truncate output"),
            Option.Switch("quiet", 'q', "Only show image IDs"),
        ],
        Examples = [("hypr history nginx", "its layers and what made them")],
        Run = RunHistory,
        Completes = "image",
    };

    public static readonly CommandSpec Prune = new("prune", "Remove unused images")
    {
        Options =
        [
            Option.Switch("all", 'a', "Remove all unused images, not just dangling ones"),
            Option.List("filter", '\0', "Provide filter values (until=24h)", "filter"),
            Option.Switch("force", 'f', "Do not prompt for confirmation"),
        ],
        Examples = [("hypr image prune -a", "every image that no VM uses")],
        Run = RunPrune,
    };

    public static readonly CommandSpec Group = new("image", "Manage images")
    {
        Commands =
        [
            History,
            MakingCommands.Import,
            Inspecting.OfOneKind("image", "Display detailed information on one or more images", "IMAGE [IMAGE...]",
                "hypr image inspect -f '{{.Config.Cmd}}' nginx"),
            Load,
            OfList("ls", "list"),
            Prune,
            PullCommand.Command,
            OfRemove("rm", "remove"),
            Save,
            Tag,
        ],
    };

    private static CommandSpec OfList(string name, params string[] aliases) => new(name, "List images")
    {
        Aliases = aliases,
        Words = "[REPOSITORY[:TAG]]",
        Count = (0, 1),
        Options =
        [
            Option.Switch("all", 'a', "Show all images (default hides intermediate images)"),
            Option.Switch("digests", '\0', "Show digests"),
            Option.List("filter", 'f', "Filter output based on conditions provided", "filter"),
            Listings.Format,
            Option.Switch("no-trunc", '\0', "Don't truncate output"),
            Option.Switch("quiet", 'q', "Only show image IDs"),
        ],
        Examples = [("hypr images", "all of them"), ("hypr images nginx", "those of one repository")],
        Run = RunList,
        Completes = "image",
    };

    private static CommandSpec OfRemove(string name, params string[] aliases) => new(name, "Remove one or more images")
    {
        Aliases = aliases,
        Words = "IMAGE [IMAGE...]",
        Count = (1, int.MaxValue),
        Options = [Option.Switch("force", 'f', "Force removal of the image"),
            Option.Switch("no-prune", '\0', "Do not delete untagged parents")],
        Examples = [($"hypr {(name == "rm" ? "image rm" : name)} nginx:1.27", "the tag, and the image if it was the last")],
        Run = (line, session) => EachName.Do(line, session, image =>
        {
            try
            {
                var removed = session.Api.Delete(
                    new Query("images", image).Add("force", line.On("force")).Add("noprune", line.On("no-prune")));
                foreach (var one in removed.Items())
                    session.Io.WriteLine(one.Text("Deleted") is { Length: > 0 } id
                        ? $"Deleted: {id}"
                        : $"Untagged: {one.Text("Untagged")}");
            }
            catch (HyprException e) when (e.Kind == ErrorKind.NotFound && line.On("force"))
            {
                session.Fail(e.Message);
            }
            return null;
        }),
        Completes = "image",
    };

    /// <summary>One row of the list: an image has one for each of its names.</summary>
    private sealed record Row(JsonElement Image, string Repository, string Tag, string Digest);

    private static int RunList(CommandLine line, Session session)
    {
        var filters = line.Filters().ToList();
        if (line.Words.Count == 1)
            filters.Add(KeyValuePair.Create("reference", line.Words[0]));
        var images = session.Api.Get(
            new Query("images", "json").Add("all", line.On("all")).Add("digests", line.On("digests")).AddFilters(filters));
        bool all = line.On("no-trunc");
        var now = session.Now;
        var listing = new Listing<Row>(
            [
                new("ID", "IMAGE ID", r => JsonReading.Id(r.Image.Text("Id"), all)),
                new("Repository", "REPOSITORY", r => r.Repository),
                new("Tag", "TAG", r => r.Tag),
                new("Digest", "DIGEST", r => r.Digest),
                new("CreatedSince", "CREATED", r => JsonReading.Ago(r.Image.Time("Created"), now)),
                new("CreatedAt", "CREATED AT", r => JsonReading.GoTime(r.Image.Time("Created"))),
                new("Size", "SIZE", r => Sizes.Human(r.Image.Number("Size"))),
                new("Containers", "CONTAINERS", r => r.Image.Number("Containers") < 0 ? "N/A" : r.Image.Text("Containers")),
                new("SharedSize", "SHARED SIZE", r => r.Image.Number("SharedSize") < 0 ? "N/A" : Sizes.Human(r.Image.Number("SharedSize"))),
            ],
            line.On("digests")
                ? ["Repository", "Tag", "Digest", "ID", "CreatedSince", "Size"]
                : ["Repository", "Tag", "ID", "CreatedSince", "Size"],
            (r, key) => r.Image.Text("Labels", key));
        var rows = images.Items().SelectMany(Rows);
        bool quiet = line.On("quiet");
        session.Io.Write(listing.Render(quiet ? rows.DistinctBy(r => r.Image.Text("Id")) : rows, line.Text("format"), quiet ? "ID" : null));
        return 0;
    }

    private static IEnumerable<Row> Rows(JsonElement image)
    {
        var digests = image.Items("RepoDigests").Select(d => d.GetString()!.Split('@')).Where(d => d.Length == 2)
            .ToLookup(d => d[0], d => d[1]);
        var names = image.Items("RepoTags").Select(t => ImageName.Split(t.GetString()!)).Where(n => n.Name != "<none>").ToArray();
        foreach (var (name, tag) in names)
            yield return new Row(image, name, tag, digests[name].FirstOrDefault() ?? "<none>");
        foreach (var digest in names.Length == 0 ? digests : Enumerable.Empty<IGrouping<string, string>>())
            yield return new Row(image, digest.Key, "<none>", digest.First());
        if (names.Length == 0 && digests.Count == 0)
            yield return new Row(image, "<none>", "<none>", "<none>");
    }

    private static int RunLoad(CommandLine line, Session session)
    {
        if (line.Text("input") is null && session.Io.InputIsTerminal)
            throw new UsageException(line, "load: no archive. Name it with -i FILE, or hand it over on standard input",
                UsageException.BadWords);
        using var file = line.Text("input") is { } path ? File.OpenRead(path) : null;
        var query = new Query("images", "load").Add("quiet", line.On("quiet")).Add("platform", line.Text("platform"));
        using var answer = session.Api.Upload("POST", query, file ?? session.Io.Input, "application/x-tar");
        PullProgress.OnOutput(session).Show(answer.JsonLines());
        return 0;
    }

    private static int RunSave(CommandLine line, Session session)
    {
        string? path = line.Text("output");
        if (path is null && session.Io.OutputIsTerminal)
            throw new UsageException(line, "save: an archive would spoil your terminal. Give -o FILE, or send it on with > or |",
                UsageException.BadWords);
        var query = new Query("images", "get").Add("platform", line.Text("platform"));
        foreach (string name in line.Words)
            query.Add("names", name);
        using var answer = session.Api.Send("GET", query);
        WholeFile.Write(path, session, answer.Body);
        return 0;
    }

    private static int RunHistory(CommandLine line, Session session)
    {
        bool all = line.On("no-trunc");
        bool human = !line.Has("human") || line.On("human");
        var now = session.Now;
        var listing = new Listing<JsonElement>(
            [
                new("ID", "IMAGE", l => JsonReading.Id(l.Text("Id"), all)),
                new("CreatedSince", "CREATED", l => human
                    ? JsonReading.Ago(l.Time("Created"), now)
                    : JsonReading.GoTime(l.Time("Created"))),
                new("CreatedAt", "CREATED AT", l => JsonReading.GoTime(l.Time("Created"))),
                new("CreatedBy", "CREATED BY", l => l.Text("CreatedBy").Replace('\t', ' ') is var by && !all && by.Length > 45
                    ? by[..44] + "…"
                    : by),
                new("Size", "SIZE", l => human ? Sizes.Human(l.Number("Size")) : l.Text("Size")),
                new("Comment", "COMMENT", l => l.Text("Comment")),
            ],
            ["ID", "CreatedSince", "CreatedBy", "Size", "Comment"]);
        var layers = session.Api.Get(new Query("images", line.Words[0], "history")).Items();
        session.Io.Write(listing.Render(layers, line.Text("format"), line.On("quiet") ? "ID" : null));
        return 0;
    }

    private static int RunPrune(CommandLine line, Session session)
    {
        bool all = line.On("all");
        string question = all
            ? "This will remove all images without at least one VM associated to them."
            : "This will remove all dangling images.";
        if (!line.On("force") && !EachName.Confirm(session, question))
            return 0;
        var filters = line.Filters().Append(KeyValuePair.Create("dangling", all ? "false" : "true"));
        var answer = session.Api.Post(new Query("images", "prune").AddFilters(filters));
        var deleted = answer.Items("ImagesDeleted").ToArray();
        if (deleted.Length > 0)
        {
            session.Io.WriteLine("Deleted Images:");
            foreach (var one in deleted)
                session.Io.WriteLine(one.Text("Untagged") is { Length: > 0 } tag ? $"untagged: {tag}" : $"deleted: {one.Text("Deleted")}");
            session.Io.WriteLine("");
        }
        session.Io.WriteLine($"Total reclaimed space: {Sizes.Human(answer.Number("SpaceReclaimed"))}");
        return 0;
    }
}
