using System.Globalization;
using System.Text;

namespace Hypr.Compose.Write;

/// <summary>A mapping to be written; what is null or empty is left out.</summary>
internal sealed class YamlMap
{
    private readonly List<(string Key, object Value)> _entries = [];

    public IReadOnlyList<(string Key, object Value)> Entries => _entries;

    public bool IsEmpty => _entries.Count == 0;

    /// <summary>A string, a number, a boolean, a mapping, or a list of strings or mappings.</summary>
    public YamlMap Add(string key, object? value, bool evenEmpty = false)
    {
        var empty = value is null or false or YamlMap { IsEmpty: true } or System.Collections.ICollection { Count: 0 };
        if (value is not null && (!empty || evenEmpty))
        {
            _entries.Add((key, value));
        }

        return this;
    }

    public YamlMap Add(string key, IReadOnlyDictionary<string, string> map) => Add(key, Of(map));

    public static YamlMap Of(IEnumerable<KeyValuePair<string, string>> map)
    {
        var result = new YamlMap();
        foreach (var (key, value) in map.OrderBy(e => e.Key, StringComparer.Ordinal))
        {
            result.Add(key, value);
        }

        return result;
    }
}

/// <summary>Block style YAML 1.2; a text that something else could be read from is quoted, and a dollar is doubled as the Compose Specification has it.</summary>
internal static class YamlText
{
    public static string Of(YamlMap root)
    {
        var text = new StringBuilder();
        Write(text, root, 0);
        return text.ToString();
    }

    private static void Write(StringBuilder text, YamlMap map, int indent)
    {
        foreach (var (key, value) in map.Entries)
        {
            text.Append(' ', indent).Append(Scalar(key)).Append(':');
            switch (value)
            {
                case YamlMap { IsEmpty: true }:
                    text.Append(" {}\n");
                    break;
                case YamlMap below:
                    text.Append('\n');
                    Write(text, below, indent + 2);
                    break;
                case IEnumerable<YamlMap> maps:
                    text.Append('\n');
                    foreach (var item in maps)
                    {
                        var start = text.Length;
                        Write(text, item, indent + 4);
                        text[start + indent + 2] = '-';
                    }

                    break;
                case IReadOnlyCollection<string> { Count: 0 }:
                    text.Append(" []\n");
                    break;
                case IEnumerable<string> items:
                    text.Append('\n');
                    foreach (var item in items)
                    {
                        text.Append(' ', indent + 2).Append("- ").Append(Scalar(item)).Append('\n');
                    }

                    break;
                case string s:
                    text.Append(' ').Append(Scalar(s)).Append('\n');
                    break;
                case bool b:
                    text.Append(b ? " true\n" : " false\n");
                    break;
                default:
                    text.Append(' ').Append(Convert.ToString(value, CultureInfo.InvariantCulture)).Append('\n');
                    break;
            }
        }
    }

    private static string Scalar(string value)
    {
        value = value.Replace("$", "$$", StringComparison.Ordinal);
        return IsPlain(value) ? value : Quote(value);
    }

    private static bool IsPlain(string value) =>
        value.Length > 0
        && (char.IsAsciiLetter(value[0]) || value[0] is '/' or '.' or '_' or '$')
        && value.All(c => c is > ' ' and < (char)0x7f or ' ' && c is not ('"' or '\'' or '\\' or '[' or ']' or '{' or '}' or ','))
        && !value.EndsWith(' ') && !value.EndsWith(':')
        && !value.Contains(": ", StringComparison.Ordinal) && !value.Contains(" #", StringComparison.Ordinal)
        && value.ToLowerInvariant() is not ("true" or "false" or "yes" or "no" or "on" or "off" or "y" or "n" or "null" or ".nan" or ".inf")
        && !(value[0] == '.' && value.Length > 1 && char.IsAsciiDigit(value[1]));

    private static string Quote(string value)
    {
        var text = new StringBuilder("\"");
        foreach (var c in value)
        {
            _ = c switch
            {
                '"' => text.Append("\\\""),
                '\\' => text.Append("\\\\"),
                '\n' => text.Append("\\n"),
                '\r' => text.Append("\\r"),
                '\t' => text.Append("\\t"),
                < ' ' or '\x7f' => text.Append($"\\x{(int)c:x2}"),
                _ => text.Append(c),
            };
        }

        return text.Append('"').ToString();
    }
}
