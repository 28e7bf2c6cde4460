namespace Hypr.Cli;

/// <summary>Ends the command with a code and, if there is one, a message for the person.</summary>
internal sealed class ExitException : Exception
{
    /// <summary>Docker's code for an error of the daemon, or of the client, before the process of a <c>run</c> could start.</summary>
    public const int Daemon = 125;

    public ExitException(int code, string message)
        : base(message) => Code = code;

    public int Code { get; }
}
