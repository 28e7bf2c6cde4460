namespace Hypr.Cli.Arguments;

/// <summary>The command line is wrong. The message names what, why and what to do; the exit code is Docker's.</summary>
internal sealed class UsageException(CommandLine? line, string message, int exitCode = UsageException.BadOption) : Exception(message)
{
    /// <summary>Docker's code for an option that it does not know or that has a bad value (cli/cobra.go, FlagErrorFunc).</summary>
    public const int BadOption = 125;

    /// <summary>Docker's code for too few or too many words (cli/required.go), and for an unknown command.</summary>
    public const int BadWords = 1;

    public int ExitCode => exitCode;

    /// <summary>Where to read on.</summary>
    public string HelpCommand => line is null || line.Path.Length == 0 ? "hypr --help" : $"hypr {line.Path} --help";
}
