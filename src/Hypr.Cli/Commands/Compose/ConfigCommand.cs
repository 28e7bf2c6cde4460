using Hypr.Cli.Arguments;
using Hypr.Compose.Plan;
using Hypr.Compose.Write;

namespace Hypr.Cli.Commands.Compose;

/// <summary><c>hypr compose config</c>: the files as one, or what is wrong with them.</summary>
internal static class ConfigCommand
{
    public static readonly CommandSpec Command = new("config", "Check compose files and print them as one")
    {
        Aliases = ["convert"],
        Words = "[SERVICE...]",
        Count = (0, int.MaxValue),
        Options =
        [
            Option.List("hash", '\0', "Print the configuration hash of services; * for all", "service"),
            Option.Switch("images", '\0', "Print the image names, one a line"),
            Option.Switch("networks", '\0', "Print the network names, one a line"),
            Option.Text("output", 'o', "Write to a file", "file"),
            Option.Switch("profiles", '\0', "Print the profile names, one a line"),
            Option.Switch("quiet", 'q', "Only check, print nothing"),
            Option.Switch("services", '\0', "Print the service names, one a line"),
            Option.Switch("volumes", '\0', "Print the volume names, one a line"),
        ],
        Examples = [("hypr compose config", "everything merged, interpolated and in its long form"), ("hypr compose config -q", "are the files right?")],
        Run = ComposeGroup.Telling(Run),
    };

    private static int Run(CommandLine line, Session session)
    {
        var project = Stack.Load(line, session).Project!;
        if (line.Words.Find(w => project.Services.All(s => s.Name != w)) is { } unknown)
            throw new ExitException(1, $"no such service: {unknown}. There are: {string.Join(", ", project.Services.Select(s => s.Name))}");
        if (line.Words.Count > 0)
            project = project with { Services = [.. project.Services.Where(s => line.Words.Contains(s.Name))] };
        if (line.On("quiet"))
            return 0;
        string[]? names =
            line.On("services") ? [.. project.Services.Select(s => s.Name)]
            : line.On("networks") ? [.. project.Networks.Keys.Order(StringComparer.Ordinal)]
            : line.On("volumes") ? [.. project.Volumes.Keys.Order(StringComparer.Ordinal)]
            : line.On("images") ? [.. project.Services.Select(s => s.Image).OfType<string>().Distinct()]
            : line.On("profiles") ? [.. project.Services.SelectMany(s => s.Profiles).Distinct().Order(StringComparer.Ordinal)]
            : line.Has("hash") ? [.. project.Services.Where(s => line.All("hash").Contains("*") || line.All("hash").Contains(s.Name))
                .Select(s => $"{s.Name} {MachineRequest.Hash(project, s)}")]
            : null;
        string text = names is null ? ConfigText.Of(project) : string.Concat(names.Select(n => n + "\n"));
        if (line.Text("output") is { } file)
            File.WriteAllText(file, text);
        else
            session.Io.Write(text);
        return 0;
    }
}
