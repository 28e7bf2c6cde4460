using System.Text;

namespace Hypr.Compose.Load;

/// <summary>
/// Variables in values, as the Compose Specification's "Interpolation" says: <c>$VAR</c>, <c>${VAR}</c>, <c>${VAR:-default}</c>, <c>${VAR-default}</c>,
/// <c>${VAR:?message}</c>, <c>${VAR?message}</c>, <c>${VAR:+other}</c>, <c>${VAR+other}</c>, nested; <c>$$</c> is a dollar. With the colon an empty variable counts as unset.
/// </summary>
public sealed class Interpolation(Func<string, string?> variable, Problems problems)
{
    private const int MaxDepth = 32;

    /// <summary>Values of the whole tree; keys stay as they are.</summary>
    public Node Apply(Node node) => node switch
    {
        Scalar s when s.Value.Contains('$') => s with { Value = Expand(s.Value, s.At) },
        Sequence s => s with { Items = [.. s.Items.Select(Apply)] },
        Mapping m => m with { Entries = [.. m.Entries.Select(e => e with { Value = Apply(e.Value) })] },
        _ => node,
    };

    public string Expand(string text, Location at)
    {
        try
        {
            return Expand(text, at, 0);
        }
        catch (FormatException e)
        {
            problems.Error(at, e.Message);
            return text;
        }
    }

    private string Expand(string text, Location at, int depth)
    {
        if (depth > MaxDepth)
        {
            throw new FormatException($"variables nested deeper than {MaxDepth} levels");
        }

        var result = new StringBuilder();
        for (var i = 0; i < text.Length;)
        {
            if (text[i] != '$' || i + 1 == text.Length)
            {
                result.Append(text[i++]);
            }
            else if (text[i + 1] == '$')
            {
                result.Append('$');
                i += 2;
            }
            else if (text[i + 1] == '{')
            {
                var end = ClosingBrace(text, i + 2);
                result.Append(Braced(text[(i + 2)..end], at, depth));
                i = end + 1;
            }
            else if (NameLength(text, i + 1) is > 0 and var length)
            {
                result.Append(Value(text.Substring(i + 1, length), at));
                i += 1 + length;
            }
            else
            {
                throw new FormatException($"'{text}': a $ stands before what is no variable's name; write $$ for a dollar sign");
            }
        }

        return result.ToString();
    }

    private string Braced(string inner, Location at, int depth)
    {
        var length = NameLength(inner, 0);
        var (name, rest) = (inner[..length], inner[length..]);
        if (length == 0)
        {
            throw new FormatException($"'${{{inner}}}': a variable's name is due after ${{; write $$ for a dollar sign");
        }

        if (rest.Length == 0)
        {
            return Value(name, at);
        }

        var colon = rest[0] == ':';
        if (rest.Length < (colon ? 2 : 1) || rest[colon ? 1 : 0] is not ('-' or '?' or '+'))
        {
            throw new FormatException($"'${{{inner}}}': after the name {name} one of :- - :? ? :+ + or }} is due");
        }

        var (operation, word) = (rest[colon ? 1 : 0], rest[(colon ? 2 : 1)..]);
        var value = variable(name);
        var isSet = value is not null && (!colon || value.Length > 0);
        return operation switch
        {
            '-' => isSet ? value! : Expand(word, at, depth + 1),
            '+' => isSet ? Expand(word, at, depth + 1) : "",
            _ => isSet ? value! : throw new FormatException($"required variable {name} is missing a value: {Expand(word, at, depth + 1)}".TrimEnd(' ', ':')),
        };
    }

    private string Value(string name, Location at)
    {
        if (variable(name) is { } value)
        {
            return value;
        }

        problems.Warn(at, $"the variable {name} is not set: an empty string stands for it");
        return "";
    }

    private static int ClosingBrace(string text, int from)
    {
        var open = 1;
        for (var i = from; i < text.Length; i++)
        {
            if (text[i] == '{' && text[i - 1] == '$')
            {
                open++;
            }
            else if (text[i] == '}' && --open == 0)
            {
                return i;
            }
        }

        throw new FormatException($"'{text}': the closing brace of ${{ is missing");
    }

    private static int NameLength(string text, int from)
    {
        var i = from;
        while (i < text.Length && (char.IsAsciiLetter(text[i]) || text[i] == '_' || (i > from && char.IsAsciiDigit(text[i]))))
        {
            i++;
        }

        return i - from;
    }
}
