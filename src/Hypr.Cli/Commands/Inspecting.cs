using System.Text.Json;
using Hypr.Api.Client;
using Hypr.Cli.Arguments;
using Hypr.Cli.Output;
using Hypr.Cli.Templates;
using Hypr.Primitives;

namespace Hypr.Cli.Commands;

/// <summary><c>inspect</c> of anything: the API's answers in an array, or each through a template.</summary>
internal static class Inspecting
{
    public static readonly Option Format = Option.Text("format", 'f', "Format output using a Go template, or json");

    private static readonly (string Type, string Collection)[] Kinds = [("container", "containers"), ("image", "images"),
        ("network", "networks"), ("volume", "volumes")];

    public static readonly CommandSpec Command = new("inspect", "Return low-level information on VMs, images, networks and volumes")
    {
        Words = "NAME|ID [NAME|ID...]",
        Count = (1, int.MaxValue),
        Options =
        [
            Format,
            Option.Switch("size", 's', "Display total file sizes if the type is container"),
            Option.Text("type", '\0', "Only inspect objects of the given type (container, image, network, volume)"),
        ],
        Examples =
        [
            ("hypr inspect web", "everything about a VM"),
            ("hypr inspect -f '{{.NetworkSettings.Networks.bridge.IPAddress}}' web", "its address"),
        ],
        Run = Run,
        Completes = "vm",
    };

    public static CommandSpec OfOneKind(string type, string summary, string words, string example) => new("inspect", summary)
    {
        Words = words,
        Count = (1, int.MaxValue),
        Options = type switch
        {
            "container" => [Format, Option.Switch("size", 's', "Display total file sizes")],
            "network" => [Format, Option.Switch("verbose", 'v', "Verbose output for diagnostics")],
            _ => [Format],
        },
        Examples = [(example, "what is asked for most")],
        Run = (line, session) => Show(line, session, name => Fetch(line, session, type, name)),
        Completes = type == "container" ? "vm" : type,
    };

    private static int Run(CommandLine line, Session session)
    {
        string? type = line.Text("type");
        if (type is not null && !Array.Exists(Kinds, k => k.Type == type))
            throw line.Bad("type", "it is one of container, image, network, volume");
        return Show(line, session, name => type is null ? FetchAny(line, session, name) : Fetch(line, session, type, name));
    }

    private static JsonElement FetchAny(CommandLine line, Session session, string name)
    {
        foreach (var (type, _) in Kinds)
        {
            try
            {
                return Fetch(line, session, type, name);
            }
            catch (HyprException e) when (e.Kind == ErrorKind.NotFound)
            {
                // The next kind may have it.
            }
        }
        throw HyprException.NotFound($"no such object: {name}. See hypr ps -a, hypr images, hypr network ls, hypr volume ls");
    }

    private static JsonElement Fetch(CommandLine line, Session session, string type, string name)
    {
        var query = type is "network" or "volume"
            ? new Query(type + "s", name)
            : new Query(Array.Find(Kinds, k => k.Type == type).Collection, name, "json");
        if (type == "container")
            query.Add("size", line.On("size"));
        if (type == "network" && line.Command.Options.Any(o => o.Name == "verbose"))
            query.Add("verbose", line.On("verbose") ? "true" : null);
        return session.Api.Get(query);
    }

    private static int Show(CommandLine line, Session session, Func<string, JsonElement> fetch)
    {
        string? format = line.Text("format");
        var template = format is null or "" or "json" ? null : Template.Parse(format);
        var found = new List<JsonElement>();
        var text = new System.Text.StringBuilder();
        int code = EachName.Do(line, session, name =>
        {
            var json = fetch(name);
            found.Add(json);
            if (template is not null)
                text.Append(template.Render(json)).Append('\n');
            else if (format == "json")
                text.Append(JsonText.Compact(json)).Append('\n');
            return null;
        });
        if (format == "json")
            session.Io.Write($"[{string.Join(',', found.Select(JsonText.Compact))}]\n");
        else
            session.Io.Write(template is null ? EachName.Array(found) : text.ToString());
        return code;
    }
}
