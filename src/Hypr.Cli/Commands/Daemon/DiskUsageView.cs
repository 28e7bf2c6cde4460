using System.Globalization;
using System.Text.Json;
using Hypr.Cli.Commands.Images;
using Hypr.Cli.Commands.Machines;
using Hypr.Cli.Output;

namespace Hypr.Cli.Commands.Daemon;

/// <summary><c>hypr system df -v</c>: a table for each kind of thing, as Docker prints them.</summary>
internal static class DiskUsageView
{
    public static void Write(Session session, JsonElement usage)
    {
        var now = session.Now;
        var images = new Listing<JsonElement>(
            [
                new("Repository", "REPOSITORY", i => Name(i).Name),
                new("Tag", "TAG", i => Name(i).Tag),
                new("ID", "IMAGE ID", i => JsonReading.Id(i.Text("Id"), all: false)),
                new("CreatedSince", "CREATED", i => JsonReading.Ago(i.Time("Created"), now)),
                new("Size", "SIZE", i => Sizes.Human(i.Number("Size"))),
                new("Containers", "VMS", i => Number(Math.Max(0, i.Number("Containers")))),
            ],
            ["Repository", "Tag", "ID", "CreatedSince", "Size", "Containers"]);
        var machines = PsCommand.Listing(session, all: false, withSize: true);
        var volumes = new Listing<JsonElement>(
            [
                new("Name", "VOLUME NAME", v => v.Text("Name")),
                new("Links", "LINKS", v => Number(Math.Max(0, v.Number("UsageData", "RefCount")))),
                new("Size", "SIZE", v => Sizes.Human(Math.Max(0, v.Number("UsageData", "Size")))),
            ],
            ["Name", "Links", "Size"]);
        var templates = new Listing<JsonElement>(
            [
                new("ID", "TEMPLATE", t => JsonReading.Id(t.Text("Id"), all: false)),
                new("Cpus", "CPUS", t => Number(t.Number("Cpus"))),
                new("Memory", "MEMORY", t => Sizes.HumanBinary(t.Number("Memory"))),
                new("Size", "SIZE", t => Sizes.Human(t.Number("Size"))),
            ],
            ["ID", "Cpus", "Memory", "Size"]);
        session.Io.Write(
            $"Images space usage:\n\n{images.Render(usage.Items("Images"), null)}\n"
            + $"VMs space usage:\n\n{machines.Render(usage.Items("Containers"), null)}\n"
            + $"Local Volumes space usage:\n\n{volumes.Render(usage.Items("Volumes"), null)}\n"
            + $"Templates space usage:\n\n{templates.Render(usage.Items("HyprTemplates"), null)}");
    }

    private static (string Name, string Tag) Name(JsonElement image)
    {
        string? name = image.Items("RepoTags").Select(t => t.GetString()).FirstOrDefault();
        if (name is null)
            return ("<none>", "<none>");
        var (repository, tag) = ImageName.Split(name);
        return (repository, tag);
    }

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);
}
