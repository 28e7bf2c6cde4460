using System.Text;

namespace Hypr.Cli.Commands.Compose;

/// <summary>
/// The logs of several VMs, each line behind its VM's name in a colour of its own: <c>web-1  | line</c> (docker/compose,
/// cmd/formatter/logs.go).
/// </summary>
internal sealed class LogView(Session session, bool colors, bool prefix)
{
    // Docker's order: cyan, yellow, green, magenta, blue, then the same bright.
    private static readonly int[] Colors = [36, 33, 32, 35, 34, 96, 93, 92, 95, 94];
    private readonly Lock _lock = new();
    private readonly Dictionary<string, int> _colors = [];
    private readonly bool _mayColor = colors && session.Io.OutputIsTerminal && session.MayColor;
    private int _width;

    /// <summary>Names are padded to the longest that was announced.</summary>
    public void Announce(IEnumerable<string> names)
    {
        lock (_lock)
        {
            foreach (string name in names)
            {
                _width = Math.Max(_width, name.Length);
                _colors.TryAdd(name, Colors[_colors.Count % Colors.Length]);
            }
        }
    }

    /// <summary>A stream that shows whole lines; its disposal shows a last one without an end.</summary>
    public Stream Of(string name, bool isError) => new Lines(this, name, isError ? session.Io.Error : session.Io.Output);

    public void Say(string text)
    {
        lock (_lock)
            session.Io.WriteLine(text);
    }

    private void Write(string name, ReadOnlySpan<byte> line, Stream to)
    {
        lock (_lock)
        {
            using var text = new MemoryStream();
            if (prefix)
            {
                string head = $"{name.PadRight(_width)}  | ";
                text.Write(Encoding.UTF8.GetBytes(_mayColor && _colors.TryGetValue(name, out int color) ? $"\x1b[{color}m{head}\x1b[0m" : head));
            }
            text.Write(line);
            text.WriteByte((byte)'\n');
            to.Write(text.GetBuffer().AsSpan(0, (int)text.Length));
            to.Flush();
        }
    }

    private sealed class Lines(LogView view, string name, Stream to) : Stream
    {
        private readonly MemoryStream _rest = new();

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            while (buffer.IndexOf((byte)'\n') is >= 0 and var end)
            {
                _rest.Write(buffer[..end]);
                Show();
                buffer = buffer[(end + 1)..];
            }
            _rest.Write(buffer);
        }

        private void Show()
        {
            var line = _rest.GetBuffer().AsSpan(0, (int)_rest.Length);
            view.Write(name, line is [.., (byte)'\r'] ? line[..^1] : line, to);
            _rest.SetLength(0);
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing && _rest.Length > 0)
                Show();
            base.Dispose(disposing);
        }

        public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
