using System.Buffers;
using System.Text;

namespace Hypr.Machines.Logs;

/// <summary>
/// Makes lines of a process's output and writes them. Output has positions; each line on disk says how far it takes the log, so a later
/// hyprd asks for the rest
/// and drops what it has.
/// </summary>
internal sealed class LogWriter
{
    private readonly LogFiles _files;
    private readonly ulong _run;
    private readonly TimeProvider _clock;
    private readonly Line[] _lines = [new(), new()];
    private readonly ArrayBufferWriter<byte> _out = new(64 * 1024);
    private DateTimeOffset _lastTime;

    /// <param name="run">The VMM's start time.</param>
    public LogWriter(LogFiles files, ulong run, TimeProvider clock)
    {
        _files = files;
        _run = run;
        _clock = clock;
        if (files.Open() is not { Mark: { } mark } last || mark.Run != run)
            return;
        Next = Math.Min(mark.Own, mark.Other);
        (_lines[0].Written, _lines[1].Written) = last.Entry.Stream == 1 ? (mark.Own, mark.Other) : (mark.Other, mark.Own);
    }

    /// <summary>The position to ask the guest's output from.</summary>
    public ulong Next { get; private set; }

    /// <param name="stream">1 or 2.</param>
    public void Write(int stream, ulong position, DateTimeOffset time, ReadOnlySpan<byte> data)
    {
        var line = _lines[stream - 1];
        var end = position + (ulong)data.Length;
        Next = Math.Max(Next, end);
        if (position < line.Written)
        {
            data = data[(int)Math.Min((ulong)data.Length, line.Written - position)..];
            position = end - (ulong)data.Length;
        }

        // The guest's clock is the guest's word: never ahead of ours, never back.
        var now = _clock.GetUtcNow();
        _lastTime = time > now ? now : time < _lastTime ? _lastTime : time;
        while (!data.IsEmpty)
        {
            if (line.Length == 0)
                line.Start = position;
            var newline = data.IndexOf((byte)'\n');
            var count = Math.Min(newline >= 0 ? newline + 1 : data.Length, LogLine.MostText - line.Length);
            data[..count].CopyTo(line.Text.AsSpan(line.Length));
            line.Length += count;
            position += (ulong)count;
            data = data[count..];
            if (line.Text[line.Length - 1] == '\n')
                Emit(stream, line.Length, position);
            else if (line.Length == LogLine.MostText)
                EmitPart(stream, position);
        }

        Flush();
    }

    /// <summary>Writes lines that have no newline yet: nothing more comes.</summary>
    public void Complete()
    {
        for (var stream = 1; stream <= 2; stream++)
        {
            if (_lines[stream - 1] is { Length: > 0 } line)
                Emit(stream, line.Length, line.Start + (ulong)line.Length);
        }

        Flush();
        _files.Close();
    }

    /// <summary>Lets go; lines without their newline are asked for again.</summary>
    public void Abandon() => _files.Close();

    /// <summary>A part of a long line does not end within a character.</summary>
    private void EmitPart(int stream, ulong position)
    {
        var line = _lines[stream - 1];
        var length = line.Length;
        for (var back = 1; back <= 3; back++)
        {
            if (Rune.DecodeFromUtf8(line.Text.AsSpan(line.Length - back, back), out _, out _) is OperationStatus.NeedMoreData)
                length = line.Length - back;
        }

        var rest = line.Length - length;
        Emit(stream, length, position - (ulong)rest);
        line.Text.AsSpan(length, rest).CopyTo(line.Text);
        line.Start = position - (ulong)rest;
        line.Length = rest;
    }

    private void Emit(int stream, int length, ulong end)
    {
        var line = _lines[stream - 1];
        var other = _lines[2 - stream];
        line.Written = end;
        line.Length = 0;
        // The other stream is written up to its open line, or else up to here, where it has had nothing.
        var otherEnd = Math.Max(other.Written, other.Length > 0 ? other.Start : end);
        LogLine.Write(_out, line.Text.AsSpan(0, length), stream, _lastTime, new LogMark(_run, end, otherEnd));
    }

    private void Flush()
    {
        if (_out.WrittenCount == 0)
            return;
        _files.Append(_out.WrittenSpan);
        _out.ResetWrittenCount();
    }

    private sealed class Line
    {
        public readonly byte[] Text = new byte[LogLine.MostText];
        public int Length;

        /// <summary>Of the first byte of the text.</summary>
        public ulong Start;

        /// <summary>All before it is in the log.</summary>
        public ulong Written;
    }
}
