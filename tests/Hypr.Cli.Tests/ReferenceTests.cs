using System.Runtime.CompilerServices;
using System.Text;
using Hypr.Cli.Arguments;
using Hypr.Cli.Commands;

namespace Hypr.Cli.Tests;

/// <summary>docs/cli.md is made from the commands' table: <c>HYPR_WRITE_DOCS=1 Hypr.Cli.Tests</c> writes it anew.</summary>
public sealed class ReferenceTests
{
    [Fact]
    public void The_reference_says_what_the_commands_table_says()
    {
        string path = Path.Combine(Path.GetDirectoryName(ThisFile())!, "../../docs/cli.md");
        string text = Write();
        if (Environment.GetEnvironmentVariable("HYPR_WRITE_DOCS") == "1")
            File.WriteAllText(path, text);
        Assert.Equal(text, File.ReadAllText(path));
    }

    private static string ThisFile([CallerFilePath] string path = "") => path;

    private static string Write()
    {
        var text = new StringBuilder(
            """
            # The commands of hypr

            Made from the table that `hypr` parses by; `hypr COMMAND --help` says the same. The daemon is found by `--host`, else `$HYPR_HOST`, else
            `$HYPR_RUNTIME_DIR/hypr.sock`, else `/run/hypr/hypr.sock`. Exit codes are Docker's: 0, 1, 125 (wrong options; `run`: an error of the daemon),
            126 and 127 (the command cannot be run, is not there), 130 (`run`: Ctrl-C before the process runs; nothing stays), or the command's own.

            `hypr run` and `hypr create` take all options before the image, and after it `-p`, `-d`, `--name`, `--network` and `--rm`, up to the first other word
            or `--`; everything from there is the command. `hypr exec VM -- COMMAND` and `hypr exec VM COMMAND` are the same.


            """);
        foreach (var command in CommandTable.All.Where(c => !c.Hidden).OrderBy(c => c.Run is null).ThenBy(c => c.Name, StringComparer.Ordinal))
        {
            if (command.Run is not null || command.Options.Length > 0)
                Add(text, command, command.Name);
            foreach (var of in command.Commands.Where(c => !c.Hidden))
            {
                var same = Array.Find(CommandTable.All, c => c.Run is not null && c.Run == of.Run && c.Options == of.Options);
                if (of.Run is null && of.Commands.Length > 0)
                {
                    foreach (var below in of.Commands)
                        Add(text, below, $"{command.Name} {of.Name} {below.Name}");
                }
                else if (same is null)
                    Add(text, of, $"{command.Name} {of.Name}");
                else
                    text.Append($"## hypr {command.Name} {of.Name}\n\nThe same as `hypr {same.Name}`.\n\n");
            }
        }
        return text.ToString().TrimEnd('\n') + "\n";
    }

    private static void Add(StringBuilder text, CommandSpec command, string path)
    {
        string words = command.Words.Length > 0 ? " " + command.Words : "";
        text.Append($"## hypr {path}{words}\n\n{command.Summary}.\n");
        if (command.Options.Length > 0)
            text.Append("\n| option | what it does |\n|---|---|\n");
        foreach (var option in command.Options.OrderBy(o => o.Name, StringComparer.Ordinal))
        {
            string letter = option.Short == '\0' ? "" : $"-{option.Short}, ";
            string value = option.IsSwitch ? "" : " " + option.Value;
            text.Append($"| `{letter}--{option.Name}{value}` | {option.Help.Replace("|", "\\|", StringComparison.Ordinal)} |\n");
        }
        text.Append("\n```sh\n").AppendJoin('\n', command.Examples.Select(e => e.Does.Length > 0 ? $"{e.Line}  # {e.Does}" : e.Line))
            .Append("\n```\n\n");
    }
}
