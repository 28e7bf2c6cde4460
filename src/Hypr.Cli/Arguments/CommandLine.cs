using System.Globalization;

namespace Hypr.Cli.Arguments;

/// <summary>A parsed command line: which command, its options' values and its words.</summary>
/// <param name="Path">The command as it was called: <c>network ls</c>.</param>
internal sealed record CommandLine(CommandSpec Command, string Path)
{
    private readonly Dictionary<string, List<string>> _values = [];

    /// <summary>The words: names, an image, a command.</summary>
    public List<string> Words { get; } = [];

    /// <summary>What stood before it for its group; null where the group has no options.</summary>
    public CommandLine? Group { get; set; }

    /// <summary>It asks for help instead.</summary>
    public bool WantsHelp { get; set; }

    public void Add(Option option, string value)
    {
        if (!_values.TryGetValue(option.Name, out var values))
            _values[option.Name] = values = [];
        if (!option.Repeats)
            values.Clear();
        values.Add(value);
    }

    public bool Has(string name) => _values.ContainsKey(Known(name));

    public bool On(string name) => _values.TryGetValue(Known(name), out var values) && values[^1] == "true";

    public string? Text(string name) => _values.TryGetValue(Known(name), out var values) ? values[^1] : null;

    public IReadOnlyList<string> All(string name) => _values.TryGetValue(Known(name), out var values) ? values : [];

    /// <exception cref="UsageException">It is no whole number.</exception>
    public int? Number(string name, int least = int.MinValue)
    {
        if (Text(name) is not { } text)
            return null;
        if (!int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int number))
            throw Bad(name, "not a whole number");
        return number >= least ? number : throw Bad(name, $"must be at least {least}");
    }

    /// <summary>The error for an option's value: names the option, the value and the reason.</summary>
    public UsageException Bad(string name, string why) => new(this, $"--{name} \"{Text(name)}\": {why}");

    private string Known(string name)
    {
        System.Diagnostics.Debug.Assert(
            Array.Exists(Command.Options, o => o.Name == name) || Array.Exists(Parser.Global, o => o.Name == name),
            $"{Command.Name} declares no --{name}");
        return name;
    }
}
