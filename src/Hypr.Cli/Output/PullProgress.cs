using System.Text;
using System.Text.Json;
using Hypr.Cli.Commands;
using Hypr.Cli.Terminal;
using Hypr.Primitives;

namespace Hypr.Cli.Output;

/// <summary>
/// Shows the messages of a pull or a load: on a terminal a line for each layer with a live bar, elsewhere a line for each step and none for
/// its progress (moby pkg/jsonmessage).
/// </summary>
internal sealed class PullProgress(Stream output, bool isLive, int columns)
{
    private const int BarWidth = 50;
    private readonly Dictionary<string, int> _lines = [];

    public static PullProgress OnOutput(Session session) =>
        new(session.Io.Output, session.Io.OutputIsTerminal && session.MayColor, WindowSize.Of(1)?.Columns ?? 80);

    /// <summary>For <c>run</c> and <c>create</c>, whose output is the VM's.</summary>
    public static PullProgress OnError(Session session) =>
        new(session.Io.Error, session.Io.ErrorIsTerminal && session.MayColor, WindowSize.Of(2)?.Columns ?? 80);

    /// <exception cref="HyprException">The daemon reports a failure in the stream.</exception>
    public void Show(IEnumerable<JsonElement> messages)
    {
        foreach (var message in messages)
        {
            if (message.Text("errorDetail", "message") is { Length: > 0 } detail || (detail = message.Text("error")).Length > 0)
                throw new HyprException(ErrorKind.Internal, detail);
            Show(message);
        }
    }

    private void Show(JsonElement message)
    {
        string id = message.Text("id");
        string status = message.Text("status");
        if (message.Text("stream") is { Length: > 0 } stream)
        {
            Write(stream);
            return;
        }
        long current = message.Number("progressDetail", "current");
        long total = message.Number("progressDetail", "total");
        bool isProgress = current > 0 || total > 0;
        if (!isLive)
        {
            if (!isProgress)
                Write($"{(id.Length > 0 ? id + ": " : "")}{status}\n");
            return;
        }
        string line = $"{(id.Length > 0 ? id + ": " : "")}{status}{(isProgress ? " " + Bar(current, total) : "")}";
        if (id.Length == 0 || (message.At("progressDetail").ValueKind == JsonValueKind.Undefined && !_lines.ContainsKey(id)))
        {
            // A line of its own ends the block of layers: those above are not touched again.
            _lines.Clear();
            Write(line + "\n");
            return;
        }
        int up = 0;
        if (_lines.TryGetValue(id, out int at))
            up = _lines.Count - at;
        else
        {
            _lines[id] = _lines.Count;
            Write("\n");
            up = 1;
        }
        // Cursor up, erase the line, write, cursor down to where the next line begins (ECMA-48 CUU, EL, CUD).
        Write($"\x1b[{up}A\x1b[2K\r{Cut(line)}\r\x1b[{up}B");
    }

    private string Cut(string line) => line.Length < columns ? line : line[..(columns - 1)];

    private string Bar(long current, long total)
    {
        if (total <= 0)
            return Sizes.Human(current);
        string numbers = $"{Sizes.Human(Math.Min(current, total)),8}/{Sizes.Human(total)}";
        int width = columns > 110 ? BarWidth : Math.Min(BarWidth, columns - 50);
        if (width < 10)
            return numbers;
        int done = (int)(Math.Min(current, total) * width / total);
        string bar = done >= width ? new string('=', width) : new string('=', done) + ">" + new string(' ', width - done - 1);
        return $"[{bar}] {numbers}";
    }

    private void Write(string text)
    {
        output.Write(Encoding.UTF8.GetBytes(text));
        output.Flush();
    }
}
