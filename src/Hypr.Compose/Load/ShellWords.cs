using System.Text;

namespace Hypr.Compose.Load;

/// <summary>Splits a command that is written as one string, as Compose does: quotes and backslashes of a POSIX shell (2.2 Quoting), no variables, no globbing.</summary>
internal static class ShellWords
{
    /// <exception cref="FormatException">A quote is not closed.</exception>
    public static List<string> Split(string text)
    {
        var words = new List<string>();
        var word = new StringBuilder();
        var inWord = false;
        for (var i = 0; i < text.Length; i++)
        {
            switch (text[i])
            {
                case ' ' or '\t' or '\n' or '\r':
                    if (inWord)
                    {
                        words.Add(word.ToString());
                        word.Clear();
                        inWord = false;
                    }

                    break;
                case '\'':
                    var close = text.IndexOf('\'', i + 1);
                    word.Append(close < 0 ? throw new FormatException($"'{text}': the closing ' is missing") : text[(i + 1)..close]);
                    (i, inWord) = (close, true);
                    break;
                case '"':
                    i = Quoted(text, i + 1, word);
                    inWord = true;
                    break;
                case '\\' when i + 1 < text.Length:
                    word.Append(text[++i]);
                    inWord = true;
                    break;
                default:
                    word.Append(text[i]);
                    inWord = true;
                    break;
            }
        }

        if (inWord)
        {
            words.Add(word.ToString());
        }

        return words;
    }

    private static int Quoted(string text, int from, StringBuilder word)
    {
        for (var i = from; i < text.Length; i++)
        {
            if (text[i] == '"')
            {
                return i;
            }

            // Within double quotes a backslash stands for itself but before these.
            word.Append(text[i] == '\\' && i + 1 < text.Length && text[i + 1] is '"' or '\\' or '$' or '`' ? text[++i] : text[i]);
        }

        throw new FormatException($"'{text}': the closing \" is missing");
    }
}
