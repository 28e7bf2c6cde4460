using System.Reflection;
using System.Text.Json;
using Hypr.Cli.Arguments;
using Hypr.Cli.Commands;
using Hypr.Cli.Templates;
using Hypr.Cli.Terminal;
using Hypr.Primitives;

namespace Hypr.Cli;

/// <summary>From a command line to an exit code; the one place where errors become text.</summary>
internal static class App
{
    public static string Version { get; } =
        typeof(App).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0";

    public static int Run(IReadOnlyList<string> words, StandardStreams io, Func<string, string?> environment, TimeProvider clock)
    {
        try
        {
            return RunCommand(words, io, environment, clock);
        }
        catch (BrokenPipeException)
        {
            // As the shell has it for a program that SIGPIPE ends.
            return 128 + 13;
        }
    }

    private static int RunCommand(IReadOnlyList<string> words, StandardStreams io, Func<string, string?> environment, TimeProvider clock)
    {
        CommandLine? line = null;
        try
        {
            line = new Arguments.Parser(CommandTable.All).Parse(words);
            if (line.Command.Name.Length == 0 && line.On("version"))
            {
                io.WriteLine($"hypr version {Version}");
                return 0;
            }
            if (line.Command.Name.Length == 0 || line.WantsHelp)
            {
                io.Write(line.Command.Name.Length == 0 ? Help.Top(CommandTable.All) : Help.Of(line.Command, line.Path));
                return 0;
            }
            return line.Command.Run!(line, new Session(io, environment, clock, line.Text("host")));
        }
        catch (UsageException e)
        {
            io.WriteError($"hypr: {e.Message}\nSee '{e.HelpCommand}'.");
            return e.ExitCode;
        }
        catch (ExitException e)
        {
            io.WriteError($"hypr: {e.Message}");
            return e.Code;
        }
        catch (TemplateException e)
        {
            io.WriteError($"hypr: --format: {e.Message}");
            return 1;
        }
        catch (Exception e) when (e is HyprException or JsonException
            || (e is IOException or UnauthorizedAccessException && e is not BrokenPipeException))
        {
            io.WriteError($"hypr: {e.Message}");
            return line?.Command.Order == OptionOrder.AroundImage && line.Command.Name == "run" ? ExitException.Daemon : 1;
        }
    }
}
