namespace Hypr.Guest.Protocol.Messages;

/// <summary>
/// What the agent itself does as a process beside the image's, on streams like an exec's: <see cref="ProcessSpecification.IsTool"/> with one of these as the
/// first argument. What went wrong is on its stderr, of which kind its exit code.
/// </summary>
public static class Tool
{
    /// <summary>PATH: a <see cref="PathStatus"/>, with four bytes of length before it.</summary>
    public const string Look = "look";

    /// <summary>PATH: the same, then a tar of what is there.</summary>
    public const string Read = "read";

    /// <summary>PATH [keep-folders] [owner USER]: a tar from stdin into the folder.</summary>
    public const string Write = "write";
    public const string KeepFolders = "keep-folders";
    public const string WithOwner = "owner";

    /// <summary>A tar of the whole root without what is mounted in it.</summary>
    public const string Export = "export";

    /// <summary>What differs from the image: A, C or D, path, NUL.</summary>
    public const string Changes = "changes";

    /// <summary>ps's options: titles and processes, a line each, columns with tabs between.</summary>
    public const string Processes = "processes";

    public const int Failed = 1;
    public const int NotFound = 2;
    public const int Invalid = 3;
    public const int Forbidden = 4;
}
