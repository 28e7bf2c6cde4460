using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Hypr.Machines.Disks;

/// <summary>Files with holes: a disk of 10 GB takes what is written in it.</summary>
internal static partial class SparseFile
{
    private const int SeekData = 3;
    private const int SeekHole = 4;
    private const int Enxio = 6;

    /// <summary>Nothing but a hole; for this user only.</summary>
    public static void Make(string path, long bytes)
    {
        using var file = Create(path);
        RandomAccess.SetLength(file, bytes);
    }

    public static void Copy(string from, string to)
    {
        using var source = File.OpenHandle(from);
        using var target = Create(to);
        var length = RandomAccess.GetLength(source);
        RandomAccess.SetLength(target, length);
        var buffer = new byte[128 * 1024];
        for (long data = 0, hole; data < length && (data = Seek(source, data, SeekData)) >= 0; data = hole)
        {
            hole = Seek(source, data, SeekHole);
            for (var at = data; at < hole;)
            {
                var count = RandomAccess.Read(source, buffer.AsSpan(0, (int)Math.Min(buffer.Length, hole - at)), at);
                RandomAccess.Write(target, buffer.AsSpan(0, count), at);
                at += count;
            }
        }
    }

    private static SafeFileHandle Create(string path)
    {
        var file = File.OpenHandle(path, FileMode.Create, FileAccess.Write);
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return file;
    }

    /// <summary>-1: no data from there to the end.</summary>
    private static long Seek(SafeFileHandle file, long offset, int whence)
    {
        var result = LSeek(file, offset, whence);
        if (result >= 0 || Marshal.GetLastPInvokeError() == Enxio)
            return result;
        throw new IOException($"lseek: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}");
    }

    // off_t is 64 bits on 64-bit Linux; no pointer is passed.
    [LibraryImport("libc", EntryPoint = "lseek", SetLastError = true)]
    private static partial long LSeek(SafeFileHandle file, long offset, int whence);
}
