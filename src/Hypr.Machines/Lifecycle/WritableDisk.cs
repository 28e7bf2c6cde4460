using System.Runtime.InteropServices;
using Hypr.Linux.Processes;
using Hypr.Machines.Vmm;
using Hypr.Primitives;
using Microsoft.Win32.SafeHandles;

namespace Hypr.Machines.Lifecycle;

/// <summary>
/// A machine's writable disk: an empty ext4 in a sparse file. mkfs.ext4 runs once for the template; a machine gets its few hundred
/// kilobytes of metadata copied
/// to their places.
/// </summary>
internal sealed partial class WritableDisk(string dataDirectory, long bytes)
{
    private const int SeekData = 3;
    private const int SeekHole = 4;
    private const int Enxio = 6;
    private static readonly TimeSpan MkfsDeadline = TimeSpan.FromSeconds(60);

    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly string _template = Path.Combine(dataDirectory, "machines", $".writable-{bytes >> 20}m.ext4");

    /// <summary>Makes it when the machine has none yet: it is kept until the machine is removed.</summary>
    public async Task EnsureAsync(string path, CancellationToken cancel)
    {
        if (File.Exists(path))
            return;
        await EnsureTemplateAsync(cancel);
        var unfinished = path + ".new";
        try
        {
            CopySparse(_template, unfinished);
            File.Move(unfinished, path, overwrite: true);
        }
        catch (IOException e)
        {
            File.Delete(unfinished);
            throw HyprException.Unavailable($"cannot make the writable disk {path}: {e.Message}", e);
        }
    }

    private async Task EnsureTemplateAsync(CancellationToken cancel)
    {
        await _gate.WaitAsync(cancel);
        try
        {
            if (File.Exists(_template))
                return;
            var unfinished = _template + $".{Environment.ProcessId}";
            using (var file = File.OpenHandle(unfinished, FileMode.Create, FileAccess.Write))
                RandomAccess.SetLength(file, bytes);
            try
            {
                // Nothing is left to zero in the guest (assume_storage_prezeroed, e2fsprogs 1.46.4: a new sparse file is zero), and the
                // metadata lies together.
                var result = await Tool.RunAsync(
                    new ProcessStart
                    {
                        Program = "mkfs.ext4",
                        Arguments =
                        [
                            "-q", "-F", "-m", "0", "-J", "size=16", "-O", "^resize_inode",
                            "-E", "assume_storage_prezeroed=1,nodiscard,packed_meta_blocks=1,root_owner=0:0", unfinished,
                        ],
                        Environment = [$"PATH={Tool.Path}", "MKE2FS_CONFIG=/dev/null"],
                    },
                    "install e2fsprogs: apt-get install e2fsprogs", MkfsDeadline, cancel);
                if (result.Code != 0)
                    throw HyprException.Unavailable($"mkfs.ext4 could not make {unfinished}: {result.Output.Trim()}");
                File.Move(unfinished, _template);
            }
            finally
            {
                File.Delete(unfinished);
            }
        }
        finally
        {
            _gate.Release();
        }
    }

    private static void CopySparse(string from, string to)
    {
        using var source = File.OpenHandle(from);
        using var target = File.OpenHandle(to, FileMode.Create, FileAccess.Write);
        File.SetUnixFileMode(target, UnixFileMode.UserRead | UnixFileMode.UserWrite);
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
