namespace Hypr.Cli.Arguments;

/// <summary>Where options may stand.</summary>
internal enum OptionOrder
{
    /// <summary>Anywhere before <c>--</c>.</summary>
    Anywhere,

    /// <summary>
    /// Before the first word; what follows it is another program's command line. A <c>--</c> right after that word is dropped.
    /// </summary>
    BeforeFirstWord,

    /// <summary>
    /// All before the image; after it those of <see cref="CommandSpec.AfterImage"/>, up to the first other word or <c>--</c>.
    /// </summary>
    AroundImage,

    /// <summary>Nothing is read: every word is the command's, for verbs that only say why they are not there.</summary>
    Unread,
}

/// <summary>
/// A command: what it is called, takes and does. Help, completion, the reference in docs/ and the parser all read this one table.
/// </summary>
internal sealed class CommandSpec(string name, string summary)
{
    /// <summary>What <c>run</c> and <c>create</c> take after the image, as the specification writes it.</summary>
    public static readonly string[] AfterImage = ["publish", "detach", "name", "network", "rm"];

    public string Name => name;

    public string Summary => summary;

    public string[] Aliases { get; init; } = [];

    /// <summary>The words after the options, as the help shows them.</summary>
    public string Words { get; init; } = "";

    /// <summary>How many words at least and at most.</summary>
    public (int Least, int Most) Count { get; init; }

    /// <summary>Of a group: those that stand before its command, as in <c>hypr compose -f FILE up</c>.</summary>
    public Option[] Options { get; init; } = [];

    public OptionOrder Order { get; init; }

    /// <summary>Command lines that work, each with what it does.</summary>
    public (string Line, string Does)[] Examples { get; init; } = [];

    /// <summary>What its words name, for completion: <c>vm</c>, <c>network</c>, <c>image</c> or nothing.</summary>
    public string Completes { get; init; } = "";

    /// <summary>Works, but is not listed in the help of <c>hypr</c>.</summary>
    public bool Hidden { get; init; }

    /// <summary>The commands of a group; or of a command that does something by itself too, which then stand before its words.</summary>
    public CommandSpec[] Commands { get; init; } = [];

    /// <summary>What it does; null for a group.</summary>
    public Func<CommandLine, Session, int>? Run { get; init; }

    public bool Answers(string word) => word == name || Aliases.Contains(word);
}
