using System.Globalization;
using System.Text;
using Hypr.Cli.Output;

namespace Hypr.Cli.Templates;

/// <summary>Go's fmt.Sprintf for the verbs v, s, q, d, x, t, f, g and c, with the flags -, 0 and + and with width and precision.</summary>
internal static class Format
{
    public static string Print(string format, List<object?> arguments)
    {
        var text = new StringBuilder();
        int next = 0;
        for (int i = 0; i < format.Length; i++)
        {
            if (format[i] != '%')
            {
                text.Append(format[i]);
                continue;
            }
            int start = i++;
            bool left = false, zeros = false, plus = false;
            for (; i < format.Length && format[i] is '-' or '0' or '+' or '#' or ' '; i++)
            {
                left |= format[i] == '-';
                zeros |= format[i] == '0';
                plus |= format[i] == '+';
            }
            int? width = Number(format, ref i);
            int? precision = null;
            if (i < format.Length && format[i] == '.')
            {
                i++;
                precision = Number(format, ref i) ?? 0;
            }
            if (i >= format.Length)
                throw new TemplateException($"printf: \"{format[start..]}\" has no verb");
            if (format[i] == '%')
            {
                text.Append('%');
                continue;
            }
            if (next == arguments.Count)
            {
                text.Append("%!").Append(format[i]).Append("(MISSING)");
                continue;
            }
            string one = One(format[i], arguments[next++], precision, plus);
            int pad = Math.Min(width ?? 0, 4096) - one.Length;
            if (pad <= 0)
                text.Append(one);
            else if (left)
                text.Append(one).Append(' ', pad);
            else if (zeros && one[0] is '-' or '+')
                text.Append(one[0]).Append('0', pad).Append(one, 1, one.Length - 1);
            else
                text.Append(zeros ? '0' : ' ', pad).Append(one);
        }
        return text.ToString();
    }

    private static int? Number(string format, ref int i)
    {
        int start = i;
        while (i < format.Length && char.IsAsciiDigit(format[i]))
            i++;
        return int.TryParse(format.AsSpan(start, i - start), CultureInfo.InvariantCulture, out int number) ? number : null;
    }

    private static string One(char verb, object? value, int? precision, bool plus)
    {
        string sign = plus && value is long and >= 0 or double and >= 0 ? "+" : "";
        switch (verb, value)
        {
            case ('v', double) when precision is null: return sign + Values.Print(value);
            case ('f' or 'F', double real): return sign + real.ToString($"F{precision ?? 6}", CultureInfo.InvariantCulture);
            case ('g' or 'v', double real): return sign + real.ToString($"G{precision ?? 17}", CultureInfo.InvariantCulture);
            case ('d', long): return sign + Values.Print(value);
            case ('x', long number): return number.ToString("x", CultureInfo.InvariantCulture);
            case ('X', long number): return number.ToString("X", CultureInfo.InvariantCulture);
            case ('x', string bytes): return Convert.ToHexStringLower(Encoding.UTF8.GetBytes(bytes));
            case ('c', long rune) when Rune.IsValid((int)rune): return new Rune((int)rune).ToString();
            case ('q', string quoted): return JsonText.Quote(quoted);
            case ('t', bool): return Values.Print(value);
            case ('v' or 's', string text): return precision < text.Length ? text[..precision.Value] : text;
            case ('v', _) or ('s', not (bool or long or double or null)): return sign + Values.Print(value);
            default:
                string kind = value switch
                {
                    null =>
                    "<nil>",
                    bool => "bool",
                    long => "int",
                    double => "float64",
                    string => "string",
                    _ => "map"
                };
                return value is null ? $"%!{verb}(<nil>)" : $"%!{verb}({kind}={Values.Print(value)})";
        }
    }
}
