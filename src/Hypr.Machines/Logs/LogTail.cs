using Microsoft.Win32.SafeHandles;

namespace Hypr.Machines.Logs;

/// <summary>Looks into a log from its end.</summary>
internal static class LogTail
{
    private const int Block = 64 * 1024;

    // A line's fields behind its text are shorter.
    private const int Overlap = 256;

    /// <summary>Just behind the last newline; 0 when there is none.</summary>
    public static long EndOfLastLine(SafeFileHandle file, long length)
    {
        var buffer = new byte[Block];
        for (var end = length; end > 0;)
        {
            var start = Math.Max(0, end - Block);
            var found = Read(file, buffer, start, end).LastIndexOf((byte)'\n');
            if (found >= 0)
                return start + found + 1;
            end = start;
        }

        return 0;
    }

    /// <summary>The last line, which ends at <paramref name="end"/>.</summary>
    public static LogLine? LastLine(SafeFileHandle file, long end)
    {
        if (end == 0)
            return null;
        var buffer = new byte[LogLine.MostBytes];
        var start = Math.Max(0, end - buffer.Length);
        var bytes = Read(file, buffer, start, end)[..^1];
        return LogLine.Parse(bytes[(bytes.LastIndexOf((byte)'\n') + 1)..]);
    }

    /// <summary>
    /// Where the last <paramref name="wanted"/> lines of the query's streams begin; what is still missing then is left in it.
    /// </summary>
    public static long Find(SafeFileHandle file, long length, LogQuery query, ref int wanted)
    {
        var both = query.Stdout && query.Stderr;
        var buffer = new byte[Block + Overlap];
        for (var end = EndOfLastLine(file, length); end > 0;)
        {
            var start = Math.Max(0, end - Block);
            var context = Math.Max(0, start - Overlap);
            var bytes = Read(file, buffer, context, end);
            for (var i = bytes.Length - 1; i >= start - context; i--)
            {
                if (bytes[i] != '\n')
                    continue;
                if (wanted == 0)
                    return context + i + 1;
                if (both || Wants(query, LineEnd(bytes[..i])))
                    wanted--;
            }

            end = start;
        }

        return 0;
    }

    private static bool Wants(LogQuery query, ReadOnlySpan<byte> line) => LogLine.StreamOf(line) == 1 ? query.Stdout : query.Stderr;

    private static ReadOnlySpan<byte> LineEnd(ReadOnlySpan<byte> until)
    {
        until = until.Length > Overlap ? until[^Overlap..] : until;
        return until[(until.LastIndexOf((byte)'\n') + 1)..];
    }

    private static ReadOnlySpan<byte> Read(SafeFileHandle file, byte[] buffer, long start, long end)
    {
        var count = 0;
        while (count < end - start
            && RandomAccess.Read(file, buffer.AsSpan(count, (int)(end - start) - count), start + count) is var n and > 0)
            count += n;
        return buffer.AsSpan(0, count);
    }
}
