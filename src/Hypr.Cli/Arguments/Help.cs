using System.Text;

namespace Hypr.Cli.Arguments;

/// <summary>Help in Docker's form, from the tables.</summary>
internal static class Help
{
    public static string Top(CommandSpec[] commands)
    {
        var text = new StringBuilder("\nUsage:  hypr [OPTIONS] COMMAND\n\nVirtual machines as easy as containers\n");
        var listed = commands.Where(c => !c.Hidden).ToArray();
        AddCommands(text, "Common Commands", listed.Where(c => Common.Contains(c.Name)));
        AddCommands(text, "Management Commands", listed.Where(c => c.Run is null));
        AddCommands(text, "Commands", listed.Where(c => c.Run is not null && !Common.Contains(c.Name)));
        AddOptions(text, "Global Options", Parser.Global);
        return text.Append("\nRun 'hypr COMMAND --help' for more information on a command.\n").ToString();
    }

    private static readonly string[] Common = ["run", "exec", "ps", "pull", "images", "logs", "stop", "rm", "version", "info"];

    public static string Of(CommandSpec command, string path)
    {
        var text = new StringBuilder("\nUsage:  hypr ").Append(path);
        if (command.Run is null)
        {
            text.Append(command.Options.Length > 0 ? " [OPTIONS]" : "").Append(" COMMAND\n\n").Append(command.Summary).Append('\n');
            AddOptions(text, "Options", command.Options);
            AddCommands(text, "Commands", command.Commands.Where(c => !c.Hidden));
            return text.Append($"\nRun 'hypr {path} COMMAND --help' for more information on a command.\n").ToString();
        }
        if (command.Options.Length > 0)
            text.Append(" [OPTIONS]");
        if (command.Words.Length > 0)
            text.Append(' ').Append(command.Words);
        text.Append("\n\n").Append(command.Summary).Append('\n');
        if (command.Aliases.Length > 0)
        {
            string parent = path.LastIndexOf(' ') is > 0 and var at ? path[..at] + " " : "";
            text.Append("\nAliases:\n  ").AppendJoin(", ", command.Aliases.Prepend(command.Name).Select(a => $"hypr {parent}{a}"))
                .Append('\n');
        }
        AddCommands(text, "Commands", command.Commands.Where(c => !c.Hidden));
        AddOptions(text, "Options", command.Options);
        if (command.Order == OptionOrder.AroundImage)
        {
            text.Append("\nOptions stand before the image. These may also stand after it: ")
                .AppendJoin(", ", CommandSpec.AfterImage.Select(n => "--" + n))
                .Append(".\nThe first other word, or what follows --, is the command that runs in the VM.\n");
        }
        if (command.Examples.Length > 0)
        {
            text.Append("\nExamples:\n");
            foreach (var (line, does) in command.Examples)
                text.Append("  # ").Append(does).Append("\n  ").Append(line).Append('\n');
        }
        return text.ToString();
    }

    private static void AddCommands(StringBuilder text, string title, IEnumerable<CommandSpec> commands)
    {
        var list = commands.ToArray();
        if (list.Length == 0)
            return;
        int width = list.Max(c => c.Name.Length) + 2;
        text.Append('\n').Append(title).Append(":\n");
        foreach (var command in list)
            text.Append("  ").Append(command.Name.PadRight(width)).Append(command.Summary).Append('\n');
    }

    private static void AddOptions(StringBuilder text, string title, Option[] options)
    {
        if (options.Length == 0)
            return;
        int width = options.Max(o => o.Name.Length + 1 + o.Value.Length) + 2;
        text.Append('\n').Append(title).Append(":\n");
        foreach (var option in options.OrderBy(o => o.Name, StringComparer.Ordinal))
        {
            string name = option.IsSwitch ? option.Name : $"{option.Name} {option.Value}";
            text.Append(option.Short == '\0' ? "      --" : $"  -{option.Short}, --").Append(name.PadRight(width)).Append(option.Help)
                .Append('\n');
        }
    }
}
