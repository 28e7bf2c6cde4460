using Microsoft.Win32.SafeHandles;

namespace Hypr.Machines.Logs;

/// <summary>
/// A machine's log on disk: the newest file, and older ones as <c>.1</c>, <c>.2</c>, ... as Docker names them. One writer and any number
/// of readers, who hold
/// the files that they read open and are told when there is more.
/// </summary>
internal sealed class LogFiles(string path, long mostBytes, int mostFiles)
{
    private const int NoSpace = 28; // ENOSPC, which .NET gives as the HResult, bare
    private const int QuotaExceeded = 122; // EDQUOT
    private readonly Lock _lock = new();
    private SafeFileHandle? _file;
    private long _length;
    private long _generation;
    private long _version;
    private TaskCompletionSource? _changed;

    /// <summary>A writer has it: there may be more to come.</summary>
    public bool IsLive
    {
        get
        {
            lock (_lock)
                return _file is not null;
        }
    }

    /// <summary>Begins writing behind the last whole line; gives that line. What a torn write left behind it is cut off.</summary>
    public LogLine? Open()
    {
        lock (_lock)
        {
            if (_file is not null)
                throw new InvalidOperationException($"{path} is written already");
            var file = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            var length = RandomAccess.GetLength(file);
            var whole = LogTail.EndOfLastLine(file, length);
            if (whole < length)
                RandomAccess.SetLength(file, whole);
            var last = LogTail.LastLine(file, whole);
            if (whole == 0 && File.Exists(Older(1)))
            {
                using var older = OpenForReading(Older(1));
                last = LogTail.LastLine(older, LogTail.EndOfLastLine(older, RandomAccess.GetLength(older)));
            }

            _file = file;
            _length = whole;
            Change();
            return last;
        }
    }

    /// <summary>Appends whole lines.</summary>
    public void Append(ReadOnlySpan<byte> lines)
    {
        lock (_lock)
        {
            if (_file is null)
                return;
            if (_length > 0 && _length + lines.Length > mostBytes)
                Rotate();
            try
            {
                RandomAccess.Write(_file, lines, _length);
            }
            catch (IOException e) when ((e.HResult & 0xFFFF) is NoSpace or QuotaExceeded)
            {
                // A full disk costs lines of the log, and neither the machine nor who reads along.
                RandomAccess.SetLength(_file, _length);
                return;
            }

            _length += lines.Length;
            Change();
        }
    }

    public void Close()
    {
        lock (_lock)
        {
            _file?.Dispose();
            _file = null;
            Change();
        }
    }

    /// <summary>All files from the oldest, open, and the newest one's generation.</summary>
    public (List<SafeFileHandle> Files, long Generation) Snapshot()
    {
        lock (_lock)
        {
            var files = new List<SafeFileHandle>();
            for (var i = mostFiles - 1; i >= 0; i--)
            {
                if (TryOpen(Older(i)) is { } file)
                    files.Add(file);
            }

            return (files, _generation);
        }
    }

    /// <summary>The file behind that of a generation, or the oldest that is left; null while there is none newer.</summary>
    public (SafeFileHandle File, long Generation)? Next(long generation)
    {
        lock (_lock)
        {
            for (var next = generation + 1; next <= _generation; next++)
            {
                if (_generation - next < mostFiles && TryOpen(Older((int)(_generation - next))) is { } file)
                    return (file, next);
            }

            return null;
        }
    }

    /// <summary>Changes with every write, rotation and close.</summary>
    public long Version
    {
        get
        {
            lock (_lock)
                return _version;
        }
    }

    public Task ChangedSince(long version)
    {
        lock (_lock)
        {
            if (_version != version)
                return Task.CompletedTask;
            _changed ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _changed.Task;
        }
    }

    private void Rotate()
    {
        _file!.Dispose();
        _file = null;
        if (mostFiles <= 1)
            File.Delete(path);
        for (var i = mostFiles - 1; i >= 1; i--)
        {
            if (File.Exists(Older(i - 1)))
                File.Move(Older(i - 1), Older(i), overwrite: true);
        }

        _file = File.OpenHandle(path, FileMode.Create, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        File.SetUnixFileMode(_file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        _length = 0;
        _generation++;
    }

    private string Older(int index) => index == 0 ? path : $"{path}.{index}";

    private void Change()
    {
        _version++;
        _changed?.TrySetResult();
        _changed = null;
    }

    private static SafeFileHandle? TryOpen(string file)
    {
        try
        {
            return OpenForReading(file);
        }
        catch (IOException)
        {
            return null;
        }
    }

    private static SafeFileHandle OpenForReading(string file) =>
        File.OpenHandle(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
}
