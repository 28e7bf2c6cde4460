using System.Text;
using System.Text.Json;

namespace Hypr.Cli.Output;

/// <summary>
/// JSON for people: the API's own text with other white space. Order of keys, numbers and escapes stay as the server wrote them.
/// </summary>
internal static class JsonText
{
    /// <summary>Docker's <c>inspect</c> indents by four spaces (encoding/json.Indent).</summary>
    public const int Spaces = 4;

    public static string Compact(JsonElement json) => Write(json.GetRawText(), indent: false, depth: 0);

    public static string Indent(JsonElement json, int depth = 0) => Write(json.GetRawText(), indent: true, depth);

    public static string Quote(string text)
    {
        var quoted = new StringBuilder(text.Length + 2).Append('"');
        foreach (char c in text)
        {
            _ = c switch
            {
                '"' => quoted.Append("\\\""),
                '\\' => quoted.Append("\\\\"),
                '\n' => quoted.Append("\\n"),
                '\r' => quoted.Append("\\r"),
                '\t' => quoted.Append("\\t"),
                < ' ' => quoted.Append($"\\u{(int)c:x4}"),
                _ => quoted.Append(c),
            };
        }
        return quoted.Append('"').ToString();
    }

    private static string Write(string json, bool indent, int depth)
    {
        var text = new StringBuilder(indent ? json.Length * 2 : json.Length);
        for (int i = 0; i < json.Length; i++)
        {
            char c = json[i];
            switch (c)
            {
                case '"':
                    int end = i + 1;
                    while (json[end] != '"')
                        end += json[end] == '\\' ? 2 : 1;
                    text.Append(json, i, end - i + 1);
                    i = end;
                    break;
                case '{' or '[':
                    int next = i + 1;
                    while (char.IsWhiteSpace(json[next]))
                        next++;
                    text.Append(c);
                    if (json[next] is '}' or ']')
                    {
                        text.Append(json[next]);
                        i = next;
                        break;
                    }
                    depth++;
                    Line();
                    break;
                case '}' or ']':
                    depth--;
                    Line();
                    text.Append(c);
                    break;
                case ',':
                    text.Append(c);
                    Line();
                    break;
                case ':':
                    text.Append(indent ? ": " : ":");
                    break;
                case ' ' or '\t' or '\r' or '\n':
                    break;
                default:
                    text.Append(c);
                    break;
            }
        }
        return text.ToString();

        void Line()
        {
            if (indent)
                text.Append('\n').Append(' ', depth * Spaces);
        }
    }
}
