namespace Hypr.Cli.Arguments;

/// <summary>One option of a command: the row from which it is parsed, shown in the help and completed.</summary>
/// <param name="Name">Its long name, without dashes.</param>
/// <param name="Help">What it does, in half a line.</param>
/// <param name="Short">Its letter, or <c>'\0'</c>.</param>
/// <param name="Value">What its value is called in the help (<c>string</c>, <c>list</c>, <c>bytes</c>); empty: a switch.</param>
/// <param name="Repeats">It may be given several times, and all count. Otherwise the last counts, as in Docker.</param>
internal sealed record Option(string Name, string Help, char Short = '\0', string Value = "", bool Repeats = false)
{
    public bool IsSwitch => Value.Length == 0;

    public string Written => "--" + Name;

    public static Option Switch(string name, char letter, string help) => new(name, help, letter);

    public static Option Text(string name, char letter, string help, string value = "string") => new(name, help, letter, value);

    public static Option List(string name, char letter, string help, string value = "list") =>
        new(name, help, letter, value, Repeats: true);
}
