using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Hypr.Images.Store;

/// <summary>
/// A file that will be synced goes to the disk while it is written, so that the sync at its end waits for its last bytes alone: by itself the kernel begins after
/// 30 seconds, or with a tenth of the memory dirty (Documentation/admin-guide/sysctl/vm.rst).
/// </summary>
internal static partial class WriteBehind
{
    /// <summary>Begins with what is dirty of the file, and does not wait for it. A file system that cannot is none the worse for it.</summary>
    public static void Begin(SafeFileHandle file)
    {
        const uint Write = 2; // SYNC_FILE_RANGE_WRITE
        _ = SyncFileRange(file, 0, 0, Write);
    }

    /// <summary>For a file that another program writes: again and again until <paramref name="done"/>.</summary>
    public static async Task WhileAsync(SafeFileHandle file, Task done)
    {
        while (await Task.WhenAny(done, Task.Delay(TimeSpan.FromMilliseconds(200))).ConfigureAwait(false) != done)
            Begin(file);
    }

    // Safe: numbers, and a descriptor that the handle keeps open.
    [LibraryImport("libc", EntryPoint = "sync_file_range", SetLastError = true)]
    private static partial int SyncFileRange(SafeFileHandle file, long offset, long count, uint flags);
}
