using System.Globalization;
using System.Text;
using Hypr.Guest.Protocol.Messages;
using Hypr.Linux.Files;

namespace Hypr.Guest.Tools;

/// <summary>ps(1) for <c>docker top</c>, from /proc: an image need not have one. <c>-ef</c> and <c>aux</c> as procps prints them, and <c>-o</c> with columns by name.</summary>
internal static class ProcessTable
{
    private static readonly string[] Full = ["uid", "pid", "ppid", "c", "stime", "tty", "time", "cmd"];
    private static readonly string[] Long = ["user", "pid", "%cpu", "%mem", "vsz", "rss", "tty", "stat", "start", "time", "command"];

    public static void Write(IEnumerable<string> args, FileStream output)
    {
        var columns = ColumnsOf([.. args]);
        var processes = ProcessFacts.All(Environment.ProcessId);
        var text = new StringBuilder();
        text.AppendJoin('\t', columns.Select(static c => c.Title)).Append('\n');
        foreach (var process in processes)
        {
            var values = columns.Select(c => Clean(c.Column.Value(process)));
            text.AppendJoin('\t', values).Append('\n');
        }

        output.Write(Encoding.UTF8.GetBytes(text.ToString()));
    }

    private static string Clean(string value) => string.Concat(value.Select(static c => char.IsControl(c) ? '?' : c));

    private static List<(string Title, ProcessColumn Column)> ColumnsOf(List<string> args)
    {
        var words = args.SelectMany(static a => a.Split(' ', StringSplitOptions.RemoveEmptyEntries)).ToList();
        var own = new List<(string, ProcessColumn)>();
        var isLong = false;
        for (var i = 0; i < words.Count; i++)
        {
            var word = words[i];
            var at = word.IndexOf('o', StringComparison.Ordinal);
            if (word is "-ef" or "ef" or "-e" or "-A" or "-f" or "ax" or "-a" or "x")
                continue;
            if (word is "aux" or "-aux" or "u" or "axu")
                isLong = true;
            else if (at >= 0 && word[..at] is "" or "-" or "-e" or "-A" or "ax" or "-ax")
                AddOwn(word[(at + 1)..] is { Length: > 0 } list ? list : ++i < words.Count ? words[i] : throw Unknown("-o without columns"));
            else
                throw Unknown(word);
        }

        if (own.Count > 0)
        {
            return own.Exists(static c => c.Item2.Names.Contains("pid")) ? own
                : throw new ToolFailure(Tool.Invalid, "Couldn't find PID field in ps output: ask for it too, for instance -o pid,cmd");
        }

        return [.. (isLong ? Long : Full).Select(static name => (Find(name).Title(name), Find(name)))];

        void AddOwn(string list)
        {
            foreach (var part in list.Split(',', StringSplitOptions.RemoveEmptyEntries))
            {
                var equals = part.IndexOf('=', StringComparison.Ordinal);
                var name = equals < 0 ? part : part[..equals];
                var column = Find(name);
                own.Add((equals < 0 ? column.Title(name) : part[(equals + 1)..], column));
            }
        }
    }

    private static ProcessColumn Find(string name) =>
        ProcessColumn.All.FirstOrDefault(c => c.Names.Contains(name)) ?? throw new ToolFailure(Tool.Invalid, string.Create(CultureInfo.InvariantCulture,
            $"ps: unknown column {name}: there are {string.Join(' ', ProcessColumn.All.Select(static c => c.Names[0]))}"));

    private static ToolFailure Unknown(string word) => new(Tool.Invalid, $"ps: {word} is not understood: top takes -ef, aux and -o with columns");
}
