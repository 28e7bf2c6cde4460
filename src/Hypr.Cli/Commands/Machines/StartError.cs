namespace Hypr.Cli.Commands.Machines;

/// <summary>Docker's exit codes, taken from the words of a failed start (cli/command/container/run.go, toStatusError).</summary>
internal static class StartError
{
    public static int ExitCode(string message)
    {
        if (message.Contains("executable file not found", StringComparison.OrdinalIgnoreCase)
            || message.Contains("no such file or directory", StringComparison.OrdinalIgnoreCase)
            || message.Contains("command not found", StringComparison.OrdinalIgnoreCase))
            return 127;
        return message.Contains("permission denied", StringComparison.OrdinalIgnoreCase)
            || message.Contains("is a directory", StringComparison.OrdinalIgnoreCase)
            ? 126
            : ExitException.Daemon;
    }
}
