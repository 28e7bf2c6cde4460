using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Hypr.Machines.Logs;

/// <summary>
/// How far a log is, kept in each of its lines, so that a hyprd that was killed leaves nothing to reconcile: the machine's process, and up
/// to which position of its output
/// the line's own stream and the other one are written.
/// </summary>
/// <param name="Run">The VMM's start time: positions begin at 0 with each VMM.</param>
internal readonly record struct LogMark(ulong Run, ulong Own, ulong Other);

/// <summary>
/// One line of Docker's json-file (daemon/logger/jsonfilelog): <c>{"log":"text\n","stream":"stdout","time":"..."}</c>, with our mark
/// behind.
/// </summary>
internal readonly record struct LogLine(LogEntry Entry, LogMark? Mark)
{
    /// <summary>Docker splits lines there (daemon/logger/copier.go, defaultBufSize); each byte may need six in JSON.</summary>
    public const int MostText = 16 * 1024;
    public const int MostBytes = (MostText * 6) + 512;

    /// <summary>Behind the text, whose quotes are escaped: it cannot be in a text.</summary>
    private static ReadOnlySpan<byte> StdoutField => "\",\"stream\":\"stdout\""u8;

    public static void Write(IBufferWriter<byte> to, ReadOnlySpan<byte> text, int stream, DateTimeOffset time, LogMark mark)
    {
        to.Write("{\"log\":\""u8);
        WriteText(to, text);
        to.Write(stream == 1 ? StdoutField : "\",\"stream\":\"stderr\""u8);
        Span<byte> rest = stackalloc byte[160];
        var (run, own, other) = mark;
        System.Text.Unicode.Utf8.TryWrite(
            rest, CultureInfo.InvariantCulture,
            $",\"time\":\"{time.UtcDateTime:yyyy-MM-ddTHH:mm:ss.fffffff}00Z\",\"at\":\"{run}:{own}:{other}\"}}\n", out var written);
        to.Write(rest[..written]);
    }

    /// <summary>Null: it is no line of a log (a torn write, a foreign hand).</summary>
    public static LogLine? Parse(ReadOnlySpan<byte> line)
    {
        try
        {
            var reader = new Utf8JsonReader(line);
            byte[] text = [];
            var stream = 0;
            DateTimeOffset time = default;
            LogMark? mark = null;
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
                return null;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                if (reader.ValueTextEquals("log"u8) && reader.Read())
                {
                    text = new byte[reader.ValueSpan.Length];
                    text = text[..reader.CopyString(text)];
                }
                else if (reader.ValueTextEquals("stream"u8) && reader.Read())
                {
                    stream = reader.ValueTextEquals("stderr"u8) ? 2 : 1;
                }
                else if (reader.ValueTextEquals("time"u8) && reader.Read())
                {
                    time = ParseTime(reader.GetString()!);
                }
                else if (reader.ValueTextEquals("at"u8) && reader.Read())
                {
                    mark = ParseMark(reader.GetString()!);
                }
                else
                {
                    reader.Skip();
                }
            }

            return reader.TokenType == JsonTokenType.EndObject && stream != 0 ? new LogLine(new LogEntry(stream, time, text), mark) : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            return null;
        }
    }

    /// <summary>Of a line without its newline, or of its end; without parsing it.</summary>
    public static int StreamOf(ReadOnlySpan<byte> line) => line.LastIndexOf(StdoutField) >= 0 ? 1 : 2;

    /// <summary>For fuzzing.</summary>
    internal static void Fuzz(ReadOnlySpan<byte> bytes) => Parse(bytes);

    private static DateTimeOffset ParseTime(string text) =>
        DateTimeOffset.TryParse(
            text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time)
            ? time
            : default;

    private static LogMark? ParseMark(string text)
    {
        var parts = text.Split(':');
        return parts.Length == 3 && ulong.TryParse(parts[0], out var run)
            && ulong.TryParse(parts[1], out var own) && ulong.TryParse(parts[2], out var other)
            ? new LogMark(run, own, other)
            : null;
    }

    /// <summary>JSON's escapes; what is no UTF-8 becomes U+FFFD, as in Docker's.</summary>
    private static void WriteText(IBufferWriter<byte> to, ReadOnlySpan<byte> text)
    {
        while (!text.IsEmpty)
        {
            var plain = PlainLength(text);
            to.Write(text[..plain]);
            text = text[plain..];
            if (text.IsEmpty)
                return;
            var b = text[0];
            if (b >= 0x80)
            {
                var status = Rune.DecodeFromUtf8(text, out _, out var length);
                to.Write(status == OperationStatus.Done ? text[..length] : "\\ufffd"u8);
                text = text[length..];
                continue;
            }

            WriteEscape(to, b);
            text = text[1..];
        }
    }

    private static void WriteEscape(IBufferWriter<byte> to, byte b)
    {
        switch (b)
        {
            case (byte)'"': to.Write("\\\""u8); break;
            case (byte)'\\': to.Write("\\\\"u8); break;
            case (byte)'\n': to.Write("\\n"u8); break;
            case (byte)'\r': to.Write("\\r"u8); break;
            case (byte)'\t': to.Write("\\t"u8); break;
            default:
                Span<byte> escape = stackalloc byte[6];
                "\\u00"u8.CopyTo(escape);
                b.TryFormat(escape[4..], out _, "x2", CultureInfo.InvariantCulture);
                to.Write(escape);
                break;
        }
    }

    private static int PlainLength(ReadOnlySpan<byte> text)
    {
        var i = 0;
        while (i < text.Length && text[i] is >= 0x20 and < 0x80 and not (byte)'"' and not (byte)'\\')
            i++;
        return i;
    }
}
