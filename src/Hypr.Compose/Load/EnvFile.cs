using System.Text;

namespace Hypr.Compose.Load;

/// <summary>
/// <c>.env</c> and <c>env_file</c>, as the Compose Specification's "Env_file format" says: <c>KEY=value</c> or <c>KEY: value</c>, <c>export</c> before it allowed, <c>#</c>
/// comments, single quotes to the letter, double quotes with escapes, both over several lines, variables outside of single quotes.
/// </summary>
internal static class EnvFile
{
    /// <param name="variable">For variables in values that the file itself does not set above.</param>
    /// <returns>In order; a null value is a bare name, taken from the shell.</returns>
    public static List<KeyValuePair<string, string?>> Parse(string file, string text, Func<string, string?> variable, Problems problems)
    {
        var result = new List<KeyValuePair<string, string?>>();
        var known = new Dictionary<string, string?>(StringComparer.Ordinal);
        var interpolation = new Interpolation(name => known.TryGetValue(name, out var own) ? own : variable(name), problems);
        var line = 1;
        for (var i = 0; i < text.Length;)
        {
            var at = new Location(file, line, 1);
            var end = LineEnd(text, i);
            var content = text[i..end].Trim();
            if (content.Length == 0 || content[0] == '#')
            {
                (i, line) = (end + 1, line + 1);
                continue;
            }

            var start = i + text[i..end].IndexOf(content, StringComparison.Ordinal);
            if (content.StartsWith("export ", StringComparison.Ordinal))
            {
                start += 7;
            }

            var cut = text.IndexOfAny(['=', ':'], start);
            if (cut < 0 || cut >= end)
            {
                Add(text[start..end].Trim(), null);
                (i, line) = (end + 1, line + 1);
                continue;
            }

            var key = text[start..cut].Trim();
            if (key.Length == 0 || key.Any(c => char.IsWhiteSpace(c) || c is '"' or '\''))
            {
                problems.Error(at, $"'{content}' is no variable: KEY=value is due");
                (i, line) = (end + 1, line + 1);
                continue;
            }

            var (value, next) = Value(text, cut + 1, at, interpolation, problems);
            Add(key, value);
            line += text.AsSpan(i, Math.Min(next, text.Length) - i).Count('\n');
            i = next;
        }

        return result;

        void Add(string key, string? value)
        {
            result.Add(new(key, value));
            known[key] = value;
        }
    }

    private static (string Value, int Next) Value(string text, int from, Location at, Interpolation interpolation, Problems problems)
    {
        while (from < text.Length && text[from] is ' ' or '\t')
        {
            from++;
        }

        if (from < text.Length && text[from] is '\'' or '"')
        {
            var quote = text[from];
            var close = from + 1;
            while (close < text.Length && text[close] != quote)
            {
                close += quote == '"' && text[close] == '\\' ? 2 : 1;
            }

            if (close >= text.Length)
            {
                problems.Error(at, $"the closing {quote} is missing");
                return ("", text.Length);
            }

            var inner = text[(from + 1)..close];
            return (quote == '\'' ? inner : interpolation.Expand(Unescape(inner), at), LineEnd(text, close) + 1);
        }

        var end = LineEnd(text, from);
        var plain = text[from..end];
        var comment = plain.IndexOf(" #", StringComparison.Ordinal);
        plain = (plain.StartsWith('#') ? "" : comment < 0 ? plain : plain[..comment]).Trim();
        return (interpolation.Expand(plain, at), end + 1);
    }

    private static string Unescape(string text)
    {
        if (!text.Contains('\\'))
        {
            return text;
        }

        var result = new StringBuilder();
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] != '\\' || i + 1 == text.Length)
            {
                result.Append(text[i]);
                continue;
            }

            i++;
            _ = text[i] switch
            {
                'n' => result.Append('\n'),
                'r' => result.Append('\r'),
                't' => result.Append('\t'),
                '$' => result.Append("$$"),
                '"' or '\\' => result.Append(text[i]),
                var other => result.Append('\\').Append(other),
            };
        }

        return result.ToString();
    }

    private static int LineEnd(string text, int from)
    {
        var end = text.IndexOf('\n', Math.Min(from, text.Length));
        return end < 0 ? text.Length : end;
    }
}
