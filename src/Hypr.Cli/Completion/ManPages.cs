using System.Text;
using Hypr.Cli.Arguments;
using Hypr.Cli.Commands;

namespace Hypr.Cli.Completion;

/// <summary>Man pages (man(7)) from the commands' table: hypr(1), and one a command: hypr-run(1), hypr-network-create(1).</summary>
internal static class ManPages
{
    public static IEnumerable<(string Name, string Text)> All() =>
        CommandTable.All.Where(c => !c.Hidden).SelectMany(c => Of(c, c.Name)).Prepend(("hypr.1", Top())).DistinctBy(static page => page.Item1);

    private static IEnumerable<(string, string)> Of(CommandSpec command, string path)
    {
        yield return ($"hypr-{path.Replace(' ', '-')}.1", Page(command, path));
        foreach (var page in command.Commands.Where(c => !c.Hidden).SelectMany(c => Of(c, $"{path} {c.Name}")))
            yield return page;
    }

    private static string Top()
    {
        var text = Begin("hypr", "Virtual machines as easy as containers");
        text.Append(".SH SYNOPSIS\n.B hypr\n[OPTIONS] COMMAND\n");
        AddOptions(text, Arguments.Parser.Global);
        text.Append(".SH COMMANDS\n");
        foreach (var command in CommandTable.All.Where(c => !c.Hidden).OrderBy(c => c.Name, StringComparer.Ordinal))
            text.Append(".TP\n.BR ").Append(Escaped($"hypr-{command.Name}")).Append(" (1)\n").Append(Escaped(command.Summary)).Append('\n');
        text.Append(".SH ENVIRONMENT\n.TP\n.B HYPR_HOST\nWhere the daemon listens: unix:///run/hypr/hypr.sock\n.TP\n.B NO_COLOR\nNo colours and no moving bars.\n");
        return text.Append(".SH EXIT STATUS\n0; 1; 125 for wrong options; 126 and 127 when a VM's command cannot be run or is not there; else the command's own.\n").ToString();
    }

    private static string Page(CommandSpec command, string path)
    {
        var text = Begin("hypr-" + path.Replace(' ', '-'), command.Summary);
        text.Append(".SH SYNOPSIS\n.B ").Append(Escaped("hypr " + path)).Append('\n');
        string words = $"{(command.Options.Length > 0 ? "[OPTIONS] " : "")}{(command.Run is null ? "COMMAND" : command.Words)}".Trim();
        if (words.Length > 0)
            text.Append(Escaped(words)).Append('\n');
        AddOptions(text, command.Options);
        var commands = command.Commands.Where(c => !c.Hidden).ToArray();
        if (commands.Length > 0)
            text.Append(".SH COMMANDS\n");
        foreach (var below in commands)
            text.Append(".TP\n.BR ").Append(Escaped($"hypr-{path.Replace(' ', '-')}-{below.Name}")).Append(" (1)\n").Append(Escaped(below.Summary)).Append('\n');
        if (command.Examples.Length > 0)
            text.Append(".SH EXAMPLES\n");
        foreach (var (line, does) in command.Examples)
            text.Append(".TP\n.B ").Append(Escaped(line)).Append('\n').Append(Escaped(does.Length > 0 ? does : command.Summary)).Append('\n');
        return text.Append(".SH SEE ALSO\n.BR hypr (1)\n").ToString();
    }

    private static StringBuilder Begin(string name, string summary) => new StringBuilder()
        .Append(".TH \"").Append(Escaped(name.ToUpperInvariant())).Append("\" \"1\" \"\" \"hypr ").Append(App.Version).Append("\" \"hypr\"\n")
        .Append(".SH NAME\n").Append(Escaped(name)).Append(" \\- ").Append(Escaped(summary)).Append('\n');

    private static void AddOptions(StringBuilder text, Option[] options)
    {
        if (options.Length == 0)
            return;
        text.Append(".SH OPTIONS\n");
        foreach (var option in options.OrderBy(o => o.Name, StringComparer.Ordinal))
        {
            text.Append(".TP\n.B ").Append(Escaped(option.Short == '\0' ? option.Written : $"-{option.Short}, {option.Written}"));
            text.Append(option.IsSwitch ? "" : Escaped($" {option.Value}")).Append('\n').Append(Escaped(option.Help)).Append('\n');
        }
    }

    /// <summary>A dash is a minus, so that it can be copied; a line that begins with a dot or quote is text.</summary>
    private static string Escaped(string text)
    {
        string escaped = text.Replace("\\", "\\e", StringComparison.Ordinal).Replace("-", "\\-", StringComparison.Ordinal);
        return escaped is ['.' or '\'', ..] ? "\\&" + escaped : escaped;
    }
}
