using System.Runtime.CompilerServices;
using Microsoft.Win32.SafeHandles;

namespace Hypr.Machines.Logs;

/// <summary>Reads a machine's log. A slow reader holds files open, not memory.</summary>
internal sealed class MachineLog(LogFiles files, TimeProvider clock) : IMachineLog
{
    public async IAsyncEnumerable<LogEntry> ReadAsync(LogQuery query, [EnumeratorCancellation] CancellationToken cancel)
    {
        var (open, generation) = files.Snapshot();
        var waiting = new Queue<SafeFileHandle>(open);
        SafeFileHandle? current = null;
        try
        {
            var offset = SkipToTail(waiting, query);
            var lines = new LogLineReader();
            current = Take(waiting);
            while (true)
            {
                // 1. What is there. Asked for before it is read: what comes later is then a change.
                var version = files.Version;
                while (current is not null && lines.Next(current, ref offset) is { } entry)
                {
                    if (query.Until is { } until && entry.Time > until)
                        yield break;
                    if ((entry.Stream == 1 ? query.Stdout : query.Stderr) && !(entry.Time < query.Since))
                        yield return entry;
                    cancel.ThrowIfCancellationRequested();
                }

                // 2. The next file: of those that were there, then those that came by rotation.
                if (waiting.Count > 0)
                {
                    current?.Dispose();
                    current = Take(waiting);
                    offset = 0;
                    continue;
                }

                if (files.Version != version)
                    continue;
                if (files.Next(current is null ? generation - 1 : generation) is { } next)
                {
                    current?.Dispose();
                    (current, generation) = next;
                    offset = 0;
                    continue;
                }

                // 3. Whatever comes.
                if (!query.Follow || !files.IsLive || !await WaitAsync(version, query.Until, cancel))
                    yield break;
            }
        }
        finally
        {
            current?.Dispose();
            foreach (var file in waiting)
                file.Dispose();
        }
    }

    public void Dispose()
    {
    }

    /// <summary>False: nothing of interest can come any more.</summary>
    private async Task<bool> WaitAsync(long version, DateTimeOffset? until, CancellationToken cancel)
    {
        var changed = files.ChangedSince(version);
        if (until is not { } end)
        {
            await changed.WaitAsync(cancel);
            return true;
        }

        var left = end - clock.GetUtcNow();
        if (left <= TimeSpan.Zero)
            return false;
        // A timer takes no more than 49 days.
        var timeout = Task.Delay(left < TimeSpan.FromDays(1) ? left : TimeSpan.FromDays(1), clock, cancel);
        return await Task.WhenAny(changed, timeout).WaitAsync(cancel) == changed || clock.GetUtcNow() < end;
    }

    /// <summary>Drops the files that the tail does not reach; gives where it begins in the first that is left.</summary>
    private static long SkipToTail(Queue<SafeFileHandle> waiting, LogQuery query)
    {
        if (query.Tail is not { } wanted || wanted < 0)
            return 0;
        var files = waiting.ToArray();
        var first = files.Length;
        long offset = 0;
        while (first > 0)
        {
            first--;
            offset = LogTail.Find(files[first], RandomAccess.GetLength(files[first]), query, ref wanted);
            if (wanted == 0)
                break;
        }

        for (var i = 0; i < first; i++)
            waiting.Dequeue().Dispose();
        return offset;
    }

    private static SafeFileHandle? Take(Queue<SafeFileHandle> waiting) => waiting.TryDequeue(out var file) ? file : null;
}

/// <summary>Whole lines of a file that may be growing.</summary>
internal sealed class LogLineReader
{
    private readonly byte[] _buffer = new byte[2 * LogLine.MostBytes];
    private SafeFileHandle? _of;
    private long _bufferAt;
    private int _buffered;

    /// <summary>
    /// The next entry from <paramref name="offset"/> on, which is moved behind it; null: no whole line is there. What is no entry is
    /// passed over.
    /// </summary>
    public LogEntry? Next(SafeFileHandle file, ref long offset)
    {
        while (true)
        {
            if (_of != file || offset < _bufferAt || offset > _bufferAt + _buffered)
            {
                (_of, _bufferAt, _buffered) = (file, offset, 0);
            }

            var rest = _buffer.AsSpan((int)(offset - _bufferAt), _buffered - (int)(offset - _bufferAt));
            var end = rest.IndexOf((byte)'\n');
            if (end >= 0)
            {
                offset += end + 1;
                if (LogLine.Parse(rest[..end]) is { } line)
                    return line.Entry;
                continue;
            }

            // No line is as long as the buffer: it is not a log's, up to its next newline.
            if (rest.Length >= LogLine.MostBytes)
            {
                offset += rest.Length;
                continue;
            }

            rest.CopyTo(_buffer);
            _bufferAt = offset;
            _buffered = rest.Length;
            var count = RandomAccess.Read(file, _buffer.AsSpan(_buffered), _bufferAt + _buffered);
            if (count == 0)
                return null;
            _buffered += count;
        }
    }
}
