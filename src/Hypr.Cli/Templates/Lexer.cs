using System.Globalization;
using System.Text;

namespace Hypr.Cli.Templates;

internal enum TokenKind
{
    Text,
    Open,
    Close,
    Name,
    Field,
    Dot,
    Variable,
    Literal,
    OpenGroup,
    CloseGroup,
    Pipe,
    Comma,
    Set,
    Declare,
    End,
}

/// <param name="Joined">No space stands before it: <c>.A.B</c> is one operand, <c>.A .B</c> are two.</param>
internal readonly record struct Token(TokenKind Kind, string Text, object? Value, int Position, bool Joined);

/// <summary>Cuts a template into tokens (text/template/parse/lex.go), with the trimming of <c>{{-</c> and <c>-}}</c>.</summary>
internal sealed class Lexer(string source)
{
    private readonly List<Token> _tokens = [];
    private int _at;

    public List<Token> Read()
    {
        bool trim = false;
        while (_at < source.Length)
        {
            int open = source.IndexOf("{{", _at, StringComparison.Ordinal);
            string text = open < 0 ? source[_at..] : source[_at..open];
            bool trimEnd = open >= 0 && source.AsSpan(open + 2) is ['-', var space, ..] && char.IsWhiteSpace(space);
            if (trim)
                text = text.TrimStart();
            if (trimEnd)
                text = text.TrimEnd();
            if (text.Length > 0)
                _tokens.Add(new(TokenKind.Text, text, null, _at, false));
            if (open < 0)
                break;
            _at = open + (trimEnd ? 3 : 2);
            trim = Inside(open);
        }
        _tokens.Add(new(TokenKind.End, "", null, source.Length, false));
        return _tokens;
    }

    /// <summary>Reads one action up to and with its <c>}}</c>; true when it ends with <c> -}}</c>.</summary>
    private bool Inside(int open)
    {
        if (source.AsSpan(_at).TrimStart().StartsWith("/*"))
            return Comment(open);
        _tokens.Add(new(TokenKind.Open, "{{", null, open, false));
        while (true)
        {
            int before = _at;
            while (_at < source.Length && char.IsWhiteSpace(source[_at]))
                _at++;
            bool joined = _at == before;
            if (_at >= source.Length)
                throw new TemplateException($"the action that begins at column {open + 1} has no }}}}");
            bool trim = !joined && source.AsSpan(_at).StartsWith("-}}");
            if (trim || source.AsSpan(_at).StartsWith("}}"))
            {
                _tokens.Add(new(TokenKind.Close, "}}", null, _at, joined));
                _at += trim ? 3 : 2;
                return trim;
            }
            One(joined);
        }
    }

    private bool Comment(int open)
    {
        int end = source.IndexOf("*/", _at, StringComparison.Ordinal);
        if (end < 0)
            throw new TemplateException($"the comment that begins at column {open + 1} has no */");
        var rest = source.AsSpan(end + 2);
        bool trim = rest is [' ', '-', '}', '}', ..];
        if (!trim && !rest.StartsWith("}}"))
            throw new TemplateException($"a comment must fill its whole action (column {open + 1})");
        _at = end + (trim ? 6 : 4);
        return trim;
    }

    private void One(bool joined)
    {
        int start = _at;
        char c = source[_at];
        switch (c)
        {
            case '(': Add(TokenKind.OpenGroup, 1); break;
            case ')': Add(TokenKind.CloseGroup, 1); break;
            case '|': Add(TokenKind.Pipe, 1); break;
            case ',': Add(TokenKind.Comma, 1); break;
            case '=': Add(TokenKind.Set, 1); break;
            case ':' when source.AsSpan(_at).StartsWith(":="): Add(TokenKind.Declare, 2); break;
            case '"' or '\'': Quoted(c, joined); break;
            case '`': Raw(joined); break;
            case '$':
                _at++;
                Word();
                _tokens.Add(new(TokenKind.Variable, source[start.._at], null, start, joined));
                break;
            case '.' when _at + 1 < source.Length && IsWord(source[_at + 1]) && !char.IsAsciiDigit(source[_at + 1]):
                _at++;
                Word();
                _tokens.Add(new(TokenKind.Field, source[(start + 1).._at], null, start, joined));
                break;
            case '.': Add(TokenKind.Dot, 1); break;
            case var digit when char.IsAsciiDigit(digit) || digit is '-' or '+': Number(joined); break;
            case var letter when IsWord(letter):
                Word();
                _tokens.Add(new(TokenKind.Name, source[start.._at], null, start, joined));
                break;
            default: throw new TemplateException($"unexpected '{c}' at column {_at + 1}");
        }

        void Add(TokenKind kind, int length)
        {
            _tokens.Add(new(kind, source.Substring(_at, length), null, _at, joined));
            _at += length;
        }
    }

    private static bool IsWord(char c) => char.IsLetterOrDigit(c) || c == '_';

    private void Word()
    {
        while (_at < source.Length && IsWord(source[_at]))
            _at++;
    }

    private void Number(bool joined)
    {
        int start = _at++;
        while (_at < source.Length && (IsWord(source[_at]) || source[_at] == '.'))
            _at++;
        var text = source.AsSpan(start, _at - start);
        object value;
        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long whole))
            value = whole;
        else if (text.StartsWith("0x") && long.TryParse(text[2..], NumberStyles.HexNumber, CultureInfo.InvariantCulture, out whole))
            value = whole;
        else if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double real))
            value = real;
        else
            throw new TemplateException($"bad number \"{text}\" at column {start + 1}");
        _tokens.Add(new(TokenKind.Literal, text.ToString(), value, start, joined));
    }

    private void Raw(bool joined)
    {
        int start = _at;
        int end = source.IndexOf('`', start + 1);
        if (end < 0)
            throw new TemplateException($"the string that begins at column {start + 1} has no end");
        _tokens.Add(new(TokenKind.Literal, "", source[(start + 1)..end], start, joined));
        _at = end + 1;
    }

    /// <summary>A string, or a character in single quotes, which in Go is its number.</summary>
    private void Quoted(char quote, bool joined)
    {
        int start = _at++;
        var text = new StringBuilder();
        for (; _at < source.Length && source[_at] != '\n'; _at++)
        {
            char c = source[_at];
            if (c == quote)
            {
                _at++;
                object value = quote == '"' ? text.ToString() : (long)(text.Length > 0 ? text[0] : 0);
                _tokens.Add(new(TokenKind.Literal, "", value, start, joined));
                return;
            }
            if (c == '\\' && _at + 1 < source.Length)
                c = source[++_at] switch { 'n' => '\n', 't' => '\t', 'r' => '\r', '0' => '\0', var other => other };
            text.Append(c);
        }
        throw new TemplateException($"the string that begins at column {start + 1} has no end");
    }
}
