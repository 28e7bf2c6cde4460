namespace Hypr.Cli.Arguments;

/// <summary>
/// Parses a command line by the commands' tables, in the ways that Docker's users write options (spf13/pflag): <c>--name value</c>,
/// <c>--name=value</c>, <c>-n value</c>, <c>-nvalue</c>, <c>-n=value</c>, <c>-itd</c>, <c>--switch=false</c>, <c>--</c>.
/// </summary>
internal sealed class Parser(CommandSpec[] commands)
{
    /// <summary>Options of <c>hypr</c> itself; they may also stand behind the command where it has no option of that name.</summary>
    public static readonly Option[] Global =
    [
        Option.Text("host", 'H', "Socket of the daemon (unix:///run/hypr/hypr.sock); else $HYPR_HOST"),
        Option.Switch("help", 'h', "Print the help of a command"),
        Option.Switch("version", 'v', "Print the version and quit"),
    ];

    private static readonly Option[] Everywhere = [Global[0], Global[1]];

    private static readonly CommandSpec Nothing = new("", "") { Options = Global };

    /// <exception cref="UsageException">It is wrong; the message names the nearest that is right.</exception>
    public CommandLine Parse(IReadOnlyList<string> words)
    {
        var top = new CommandLine(Nothing, "");
        int at = 0;
        while (at < words.Count && words[at] is ['-', _, ..] and not "--")
            ReadOption(top, words, ref at, isAfterImage: false);
        if (at < words.Count && words[at] == "--")
            at++;
        if (at == words.Count || top.WantsHelp || top.On("version"))
            return top;
        var line = FindCommand(words, ref at);
        if ((line.Group?.Text("host") ?? top.Text("host")) is { } host)
            line.Add(Global[0], host);
        if (line.Command.Run is null)
        {
            line.WantsHelp = true;
            return line;
        }
        ReadRest(line, words, at);
        if (!line.WantsHelp)
            CheckCount(line);
        return line;
    }

    private CommandLine FindCommand(IReadOnlyList<string> words, ref int at)
    {
        var among = commands;
        string path = "";
        CommandLine? group = null;
        while (true)
        {
            string word = words[at];
            var found = Array.Find(among, c => c.Answers(word)) ?? throw UnknownCommand(path, word, among);
            path = path.Length == 0 ? found.Name : $"{path} {found.Name}";
            at++;
            var line = new CommandLine(found, path) { Group = group };
            string? next = at < words.Count ? words[at] : null;
            // A command may have commands of its own beside what it does itself: port.
            if (found.Run is not null && (next is null || !Array.Exists(found.Commands, c => c.Answers(next))))
                return line;
            while (at < words.Count && words[at] is ['-', _, ..] and not ("-h" or "--help") && found.Options.Length > 0)
                ReadOption(line, words, ref at, isAfterImage: false);
            if (at == words.Count || words[at] is "-h" or "--help")
                return line;
            group = line;
            among = found.Commands;
        }
    }

    private static UsageException UnknownCommand(string path, string word, CommandSpec[] among)
    {
        string asked = path.Length == 0 ? word : $"{path} {word}";
        if (DockersOwn.Sentence(asked) is { } sentence)
            return new UsageException(path.Length == 0 ? null : new CommandLine(Nothing, path), $"{asked}: {sentence}", UsageException.BadWords);
        string near = Nearest.Of(word, among.SelectMany(c => c.Aliases.Append(c.Name))) is { } meant
            ? $". Did you mean hypr {(path.Length == 0 ? "" : path + " ")}{meant}?"
            : "";
        return new UsageException(
            path.Length == 0 ? null : new CommandLine(Nothing, path), $"unknown command: hypr {asked}{near}", UsageException.BadWords);
    }

    private static void ReadRest(CommandLine line, IReadOnlyList<string> words, int at)
    {
        var order = line.Command.Order;
        if (order == OptionOrder.Unread)
        {
            line.Words.AddRange(words.Skip(at));
            return;
        }
        while (at < words.Count)
        {
            string word = words[at];
            bool afterFirst = line.Words.Count > 0;
            if (word == "--")
            {
                // Docker's exec and run hand a "--" behind the first word to the program; the specification writes it as a separator.
                at++;
                if (order == OptionOrder.Anywhere || afterFirst)
                {
                    line.Words.AddRange(words.Skip(at));
                    return;
                }
                if (at < words.Count)
                    line.Words.Add(words[at++]);
                continue;
            }
            bool isOption = word is ['-', _, ..] && !(afterFirst && order == OptionOrder.BeforeFirstWord);
            if (isOption && afterFirst && order == OptionOrder.AroundImage && !IsAfterImage(line, word))
                isOption = false;
            if (isOption)
            {
                ReadOption(line, words, ref at, afterFirst && order == OptionOrder.AroundImage);
                if (line.WantsHelp)
                    return;
            }
            else if (afterFirst && order != OptionOrder.Anywhere)
            {
                line.Words.AddRange(words.Skip(at));
                return;
            }
            else
            {
                line.Words.Add(word);
                at++;
            }
        }
    }

    /// <summary>
    /// The whole word must be of the five: in <c>-dx</c> the x is none of them, so the word is the program's. A value that is joined to
    /// <c>-p</c> begins as a port does, so that <c>-print</c> stays the program's.
    /// </summary>
    private static bool IsAfterImage(CommandLine line, string word)
    {
        var after = line.Command.Options.Where(o => CommandSpec.AfterImage.Contains(o.Name)).ToArray();
        if (word.StartsWith("--", StringComparison.Ordinal))
            return Array.Exists(after, o => o.Name == word[2..].Split('=')[0]);
        for (int i = 1; i < word.Length; i++)
        {
            var option = Array.Find(after, o => o.Short == word[i]);
            if (option is null)
                return false;
            if (i + 1 < word.Length && (!option.IsSwitch || word[i + 1] == '='))
                return word[i + 1] is '=' or '[' || char.IsAsciiDigit(word[i + 1]);
        }
        return true;
    }

    private static void ReadOption(CommandLine line, IReadOnlyList<string> words, ref int at, bool isAfterImage)
    {
        string word = words[at++];
        if (word.StartsWith("--", StringComparison.Ordinal))
        {
            int equals = word.IndexOf('=', StringComparison.Ordinal);
            string name = equals < 0 ? word[2..] : word[2..equals];
            var option = Find(line, o => o.Name == name) ?? throw UnknownOption(line, "--" + name);
            Take(line, option, option.Written, equals < 0 ? null : word[(equals + 1)..], words, ref at);
            return;
        }
        for (int i = 1; i < word.Length; i++)
        {
            char letter = word[i];
            var option = Find(line, o => o.Short == letter)
                ?? throw UnknownOption(line, word.Length == 2 ? word : $"-{letter} in {word}", word);
            string? rest = i + 1 < word.Length ? word[(i + 1)..] : null;
            if (option.IsSwitch && rest is not ['=', ..])
            {
                Take(line, option, $"-{letter}", null, words, ref at);
                continue;
            }
            Take(line, option, $"-{letter}", rest is ['=', ..] ? rest[1..] : rest, words, ref at);
            return;
        }
    }

    private static Option? Find(CommandLine line, Predicate<Option> predicate) =>
        Array.Find(line.Command.Options, predicate) ?? Array.Find(Everywhere, predicate);

    private static void Take(CommandLine line, Option option, string written, string? value, IReadOnlyList<string> words, ref int at)
    {
        if (option.IsSwitch)
        {
            value = value switch
            {
                null or "true" or "1" or "t" or "T" or "TRUE" or "True" => "true",
                "false" or "0" or "f" or "F" or "FALSE" or "False" => "false",
                _ => throw new UsageException(line, $"{written}={value}: a switch is true or false"),
            };
        }
        else if (value is null)
        {
            if (at == words.Count)
                throw new UsageException(line, $"{written} needs a value ({option.Value})");
            value = words[at++];
        }
        if (option == Global[1])
            line.WantsHelp = value == "true";
        else
            line.Add(option, value);
    }

    private static UsageException UnknownOption(CommandLine line, string written, string? word = null)
    {
        var known = line.Command.Options.Concat(Everywhere).Select(o => o.Written);
        string asked = word is { Length: > 2 } ? "-" + word : written;
        string near = asked.StartsWith("--", StringComparison.Ordinal) && Nearest.Of(asked, known) is { } meant
            ? $". Did you mean {meant}?"
            : "";
        string of = line.Path.Length == 0 ? "" : $" of hypr {line.Path}";
        return new UsageException(line, $"unknown option{of}: {written}{near}");
    }

    private static void CheckCount(CommandLine line)
    {
        var (least, most) = line.Command.Count;
        int count = line.Words.Count;
        if (count >= least && count <= most && !(count > 0 && least > 0 && line.Words[0].Length == 0))
            return;
        if (count > 0 && count >= least && line.Words[0].Length == 0)
            throw new UsageException(line, $"{line.Path}: the first word is empty. It takes {line.Command.Words}", UsageException.BadWords);
        string needs = least == most ? $"{least}" : count < least ? $"at least {least}" : $"at most {most}";
        string noun = (least == most || count < least ? least : most) == 1 ? "word" : "words";
        string takes = most == 0 ? "takes no words after it" : $"needs {needs} {noun} ({line.Command.Words})";
        string got = count > most ? $", and \"{line.Words[most]}\" is one too many" : "";
        throw new UsageException(line, $"{line.Path} {takes}{got}", UsageException.BadWords);
    }
}
