using System.Text.Json;
using Hypr.Api.Client;
using Hypr.Cli.Arguments;
using Hypr.Cli.Commands.Images;
using Hypr.Cli.Output;
using Hypr.Compose.Apply;
using Hypr.Compose.Plan;
using Hypr.Primitives;

namespace Hypr.Cli.Commands.Compose;

/// <summary><c>hypr compose pull</c> and <c>images</c>.</summary>
internal static class ImageCommands
{
    public static readonly CommandSpec Pull = new("pull", "Pull the images of a stack")
    {
        Words = "[SERVICE...]",
        Count = (0, int.MaxValue),
        Options =
        [
            Option.Switch("ignore-pull-failures", '\0', "Pull what it can"),
            Option.Switch("include-deps", '\0', "Also those of the services that the named ones depend on"),
            Option.Text("policy", '\0', "always or missing (default always)"),
            Option.Switch("quiet", 'q', "Without progress"),
        ],
        Examples = [("hypr compose pull", "all, at the same time"), ("hypr compose pull --policy missing", "what is not there")],
        Run = ComposeGroup.Telling(RunPull),
    };

    public static readonly CommandSpec Images = new("images", "List the images that the VMs of a stack were made from")
    {
        Words = "[SERVICE...]",
        Count = (0, int.MaxValue),
        Options = [Listings.Format, Option.Switch("quiet", 'q', "Only display IDs")],
        Examples = [("hypr compose images", "one line a VM")],
        Run = ComposeGroup.Telling(RunImages),
    };

    private static int RunPull(CommandLine line, Session session)
    {
        string policy = line.Text("policy") ?? "always";
        if (policy is not ("always" or "missing"))
            throw line.Bad("policy", "it is one of always, missing");
        var stack = Stack.Load(line, session);
        stack.MustHave(line.Words);
        var services = Dependencies.InOrder(stack.Project!, line.Words, alone: !line.On("include-deps"));
        var present = stack.Reader.Read(stack.Name, policy == "missing" ? services.Select(s => s.Image).OfType<string>() : []);
        int code = stack.Run(PullPlan.All(services, present, policy == "missing"), stack.Progress(line, line.On("quiet")));
        return line.On("ignore-pull-failures") ? 0 : code;
    }

    private static int RunImages(CommandLine line, Session session)
    {
        var stack = Stack.Find(line, session);
        var chosen = stack.Machines(line.Words, oneOff: true).Select(m => m.Id).ToHashSet();
        var machines = stack.Reader.Containers(stack.Name).Where(c => chosen.Contains(c.Id)).OrderBy(StackReader.Name, StringComparer.Ordinal);
        var images = new Dictionary<string, JsonElement>();
        var rows = machines.Select(c => (Machine: c, Image: Find(session, images, c.ImageId)));
        var listing = new Listing<(Api.Contracts.ContainerSummary Machine, JsonElement Image)>(
            [
                new("ContainerName", "CONTAINER", r => StackReader.Name(r.Machine)),
                new("Repository", "REPOSITORY", r => ImageName.Split(r.Machine.Image).Name),
                new("Tag", "TAG", r => ImageName.Split(r.Machine.Image).Tag is { Length: > 0 } tag ? tag : "latest"),
                new("ID", "IMAGE ID", r => JsonReading.Id(r.Machine.ImageId, all: false)),
                new("Size", "SIZE", r => r.Image.ValueKind == JsonValueKind.Undefined ? "N/A" : Sizes.Human(r.Image.Number("Size"))),
            ],
            ["ContainerName", "Repository", "Tag", "ID", "Size"]);
        session.Io.Write(listing.Render(rows, line.Text("format"), line.On("quiet") ? "ID" : null));
        return 0;
    }

    private static JsonElement Find(Session session, Dictionary<string, JsonElement> known, string id)
    {
        if (known.TryGetValue(id, out var image))
            return image;
        try
        {
            image = session.Api.Get(new Query("images", id, "json"));
        }
        catch (HyprException e) when (e.Kind == ErrorKind.NotFound)
        {
            // The VM outlives its image's name.
        }
        return known[id] = image;
    }
}
