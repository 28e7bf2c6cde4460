using System.Text.Json;

namespace Hypr.Cli.Templates;

/// <summary>Go's own functions (text/template/funcs.go) and docker's (cli/templates/templates.go).</summary>
internal static class Functions
{
    private static readonly string[] Names =
    [
        "and", "or", "not", "eq", "ne", "lt", "le", "gt", "ge", "len", "index", "slice", "print", "printf", "println",
        "json", "join", "split", "upper", "lower", "title", "pad", "truncate",
    ];

    public static bool Exists(string name) => Names.Contains(name);

    /// <summary>In a table's headings these leave the heading as it is (cli/command/formatter: templates.HeaderFunctions).</summary>
    public static bool KeepsHeading(string name) => name is "json" or "title" or "lower" or "upper" or "truncate" or "split" or "join";

    public static object? Call(string name, List<object?> arguments)
    {
        object? first = arguments.Count > 0 ? arguments[0] : null;
        switch (name)
        {
            case "print": return Print(arguments, always: false);
            case "println": return Print(arguments, always: true) + "\n";
            case "printf": return Format.Print(Text(name, Need(arguments, 1, int.MaxValue, name)[0]), arguments.Skip(1).ToList());
            case "and" or "or":
                Need(arguments, 1, int.MaxValue, name);
                return arguments.Find(a => Values.IsTrue(a) == (name == "or")) ?? arguments[^1];
            case "not": return !Values.IsTrue(Need(arguments, 1, 1, name)[0]);
            case "eq":
                Need(arguments, 2, int.MaxValue, name);
                return arguments.Skip(1).Any(a => Values.Compare(first, a) == 0);
            case "ne" or "lt" or "le" or "gt" or "ge":
                int order = Values.Compare(first, Need(arguments, 2, 2, name)[1]);
                return name switch { "ne" => order != 0, "lt" => order < 0, "le" => order <= 0, "gt" => order > 0, _ => order >= 0 };
            case "len": return (long)Values.Length(Need(arguments, 1, 1, name)[0]);
            case "index": return Need(arguments, 1, int.MaxValue, name).Skip(1).Aggregate(first, Values.Index);
            case "slice": return Slice(Need(arguments, 1, 3, name));
            case "json": return Values.Json(Need(arguments, 1, 1, name)[0]);
            case "join":
                Need(arguments, 2, 2, name);
                return string.Join(Text(name, arguments[1]), Values.Items(first).Select(i => Values.Print(i.Item)));
            case "split":
                Need(arguments, 2, 2, name);
                return Text(name, first).Split(Text(name, arguments[1])).Cast<object?>().ToList();
            case "upper": return Text(name, Need(arguments, 1, 1, name)[0]).ToUpperInvariant();
            case "lower": return Text(name, Need(arguments, 1, 1, name)[0]).ToLowerInvariant();
            case "title": return Title(Text(name, Need(arguments, 1, 1, name)[0]));
            case "pad":
                Need(arguments, 3, 3, name);
                return new string(' ', Count(name, arguments[1])) + Text(name, first) + new string(' ', Count(name, arguments[2]));
            default: // truncate
                Need(arguments, 2, 2, name);
                string text = Text(name, first);
                return text.Length > Count(name, arguments[1]) ? text[..Count(name, arguments[1])] : text;
        }
    }

    private static List<object?> Need(List<object?> arguments, int least, int most, string name)
    {
        if (arguments.Count < least || arguments.Count > most)
            throw new TemplateException(
                $"wrong number of arguments for {name}: {arguments.Count}, want {least}{(most > least ? " or more" : "")}");
        return arguments;
    }

    private static string Text(string function, object? value) =>
        value as string ?? throw new TemplateException($"{function} works on strings, not on {Values.Describe(value)}");

    private static int Count(string function, object? value) =>
        value is long and >= 0 and < 4096
            ? (int)(long)value
            : throw new TemplateException($"{function} needs a small number, not {Values.Describe(value)}");

    /// <summary>Go's fmt.Sprint: a space between two operands of which neither is a string; Sprintln: always.</summary>
    private static string Print(List<object?> arguments, bool always)
    {
        string text = "";
        for (int i = 0; i < arguments.Count; i++)
        {
            if (i > 0 && (always || (arguments[i] is not string && arguments[i - 1] is not string)))
                text += ' ';
            text += Values.Print(arguments[i]);
        }
        return text;
    }

    private static string Title(string text)
    {
        char[] letters = text.ToCharArray();
        for (int i = 0; i < letters.Length; i++)
        {
            if (i == 0 || char.IsWhiteSpace(letters[i - 1]))
                letters[i] = char.ToUpperInvariant(letters[i]);
        }
        return new string(letters);
    }

    private static object? Slice(List<object?> arguments)
    {
        int count = Values.Length(arguments[0]);
        int from = arguments.Count > 1 ? Values.Position(arguments[1], count + 1) : 0;
        int to = arguments.Count > 2 ? Values.Position(arguments[2], count + 1) : count;
        if (to < from)
            throw new TemplateException($"slice: {from} is behind {to}");
        return arguments[0] switch
        {
            string text when text.Length == count => text[from..to],
            JsonElement { ValueKind: JsonValueKind.Array } or IReadOnlyList<object?> =>
                Values.Items(arguments[0]).Skip(from).Take(to - from).Select(i => i.Item).ToList(),
            _ => throw new TemplateException($"slice cannot cut {Values.Describe(arguments[0])}"),
        };
    }
}
