using System.Globalization;
using System.Text;
using Hypr.Cli.Arguments;
using Hypr.Cli.Terminal;
using Hypr.Compose.Apply;

namespace Hypr.Cli.Commands.Compose;

/// <summary>
/// What happens to a stack, on standard error: on a terminal one line for each thing, drawn anew as it changes, with its time; elsewhere a
/// line for each change (docker/compose, pkg/progress).
/// </summary>
internal sealed class ProgressView : IStackProgress, IDisposable
{
    private static readonly char[] Spinner = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
    private readonly Session _session;
    private readonly Mode _mode;
    private readonly Lock _lock = new();
    private readonly List<Line> _lines = [];
    private readonly HashSet<string> _warned = [];
    private readonly List<string> _warnings = [];
    private readonly Timer? _timer;
    private int _drawn;
    private int _turn;
    private bool _closed;

    private enum Mode
    {
        Quiet,
        Plain,
        Live,
    }

    private sealed class Line(string subject, DateTimeOffset begun)
    {
        public string Subject => subject;
        public DateTimeOffset Begun => begun;
        public DateTimeOffset? Ended { get; set; }
        public string Status { get; set; } = "";
        public string Detail { get; set; } = "";
        public StepState State { get; set; }
    }

    private ProgressView(Session session, Mode mode)
    {
        _session = session;
        _mode = mode;
        if (mode == Mode.Live)
            _timer = new Timer(_ => Draw(), null, 100, 100);
    }

    /// <param name="asked">auto, tty, plain or quiet; null: auto.</param>
    /// <exception cref="UsageException">It is none of them.</exception>
    public static ProgressView Of(Session session, string? asked, CommandLine line) => new(session, asked switch
    {
        null or "auto" => session.MayColor ? Mode.Live : Mode.Plain,
        "tty" => Mode.Live,
        "plain" => Mode.Plain,
        "quiet" => Mode.Quiet,
        _ => throw new UsageException(line, $"--progress \"{asked}\": it is one of auto, tty, plain, quiet"),
    });

    public void Report(string subject, string status, StepState state)
    {
        lock (_lock)
        {
            if (_closed)
                return;
            var line = _lines.Find(l => l.Subject == subject);
            if (line is null)
                _lines.Add(line = new Line(subject, _session.Now));
            if (line.Status == status)
                return;
            line.Status = status;
            line.State = state;
            line.Detail = "";
            line.Ended = state == StepState.Working ? null : _session.Now;
            if (_mode == Mode.Plain)
                _session.Io.WriteError($" {subject}  {status}");
        }
    }

    public void Detail(string subject, string text)
    {
        lock (_lock)
        {
            if (_lines.Find(l => l.Subject == subject) is { } line)
                line.Detail = text;
        }
    }

    /// <summary>At once, but on a live display above which it would be drawn over: there after its end.</summary>
    public void Warn(string text)
    {
        lock (_lock)
        {
            text = Stack.Shown(text);
            if (!_warned.Add(text))
                return;
            if (_mode == Mode.Live && !_closed)
                _warnings.Add(text);
            else
                _session.Warn(text);
        }
    }

    private void Draw()
    {
        lock (_lock)
        {
            if (_closed || _lines.Count == 0)
                return;
            var size = WindowSize.Of(2) ?? new WindowSize(24, 80);
            var text = new StringBuilder();
            if (_drawn > 0)
                text.Append(CultureInfo.InvariantCulture, $"\x1b[{_drawn}A");
            int done = _lines.Count(l => l.State != StepState.Working);
            text.Append(CultureInfo.InvariantCulture, $"\x1b[2K[+] Running {done}/{_lines.Count}\n");
            // What is at work is worth more of a short screen than what is done.
            var shown = _lines.Count < size.Rows - 1
                ? _lines
                : [.. _lines.Where(l => l.State != StepState.Working).TakeLast(Math.Max(0, size.Rows - 2 - (_lines.Count - done))),
                    .. _lines.Where(l => l.State == StepState.Working).Take(size.Rows - 2)];
            int width = shown.Max(l => l.Subject.Length);
            foreach (var line in shown)
                text.Append("\x1b[2K").Append(Text(line, width, size.Columns)).Append('\n');
            // ECMA-48 ED: what an earlier, longer drawing left below.
            text.Append("\x1b[J");
            _drawn = shown.Count + 1;
            _turn++;
            _session.Io.Error.Write(Encoding.UTF8.GetBytes(text.ToString()));
        }
    }

    private string Text(Line line, int width, int columns)
    {
        var (mark, color) = line.State switch
        {
            StepState.Done => ('✔', 32),
            StepState.Failed => ('✘', 31),
            StepState.Warning => ('!', 33),
            _ => (Spinner[_turn % Spinner.Length], 34),
        };
        string status = line.Detail.Length > 0 ? $"{line.Status} {line.Detail}" : line.Status;
        string time = ((line.Ended ?? _session.Now) - line.Begun).TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture) + "s";
        string body = $"{line.Subject.PadRight(width)}  {status}";
        int room = Math.Max(10, columns - 4 - time.Length - 1);
        body = body.Length > room ? body[..room] : body.PadRight(room);
        return $" \x1b[{color}m{mark}\x1b[0m {body} \x1b[{color}m{time}\x1b[0m";
    }

    public void Dispose()
    {
        _timer?.Dispose();
        if (_mode == Mode.Live)
            Draw();
        lock (_lock)
        {
            _closed = true;
            _warnings.ForEach(_session.Warn);
            _warnings.Clear();
        }
    }
}
