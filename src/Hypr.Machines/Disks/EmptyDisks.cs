using System.Globalization;
using Hypr.Linux.Processes;
using Hypr.Machines.Vmm;
using Hypr.Primitives;

namespace Hypr.Machines.Disks;

/// <summary>
/// Makes empty ext4 file systems in sparse files. For the one usual size mkfs.ext4 runs once, for a template; a new disk gets its few
/// hundred kilobytes of metadata copied to their places.
/// </summary>
/// <param name="usualBytes">Of machines' own disks, and of volumes of which nothing else was said.</param>
internal sealed class EmptyDisks(string dataDirectory, long usualBytes, Faults? faults = null)
{
    private static readonly TimeSpan MkfsDeadline = TimeSpan.FromSeconds(60);

    /// <summary>
    /// What mke2fs.conf of any distribution says for ext4 but metadata_csum, named here because that file differs: extents, 256-byte inodes
    /// (times beyond 2038, and to the nanosecond), checksums of groups instead of initialised tables. 220 KiB for 10 GiB.
    /// </summary>
    private const string Features = "^resize_inode,extent,ext_attr,flex_bg,extra_isize,huge_file,dir_nlink,64bit,uninit_bg";

    /// <summary>Below it a journal of 16 MB would be too much of the disk: mkfs.ext4 chooses one.</summary>
    private const long OwnJournal = 512L << 20;

    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly string _template = Path.Combine(dataDirectory, "machines", $".empty-{usualBytes >> 20}m.ext4");

    public long UsualBytes => usualBytes;

    /// <summary>Makes it of the usual size unless it is there.</summary>
    public Task EnsureAsync(string path, CancellationToken cancel) => File.Exists(path) ? Task.CompletedTask : MakeAsync(path, usualBytes, cancel);

    /// <summary>It is there whole or not at all.</summary>
    public async Task MakeAsync(string path, long bytes, CancellationToken cancel)
    {
        var unfinished = path + ".new";
        try
        {
            faults.BeforeWriting(unfinished);
            if (bytes == usualBytes)
            {
                await EnsureTemplateAsync(cancel);
                SparseFile.Copy(_template, unfinished);
            }
            else
            {
                await FormatAsync(unfinished, bytes, cancel);
            }

            faults.BeforeWriting(path);
            File.Move(unfinished, path, overwrite: true);
        }
        catch (Exception e)
        {
            File.Delete(unfinished);
            if (e is IOException or UnauthorizedAccessException)
                throw HyprException.Unavailable($"cannot make the disk {path}: {e.Message}", e);
            throw;
        }
    }

    private async Task EnsureTemplateAsync(CancellationToken cancel)
    {
        await _gate.WaitAsync(cancel);
        try
        {
            if (File.Exists(_template))
                return;
            Directory.CreateDirectory(Path.GetDirectoryName(_template)!, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            var unfinished = _template + string.Create(CultureInfo.InvariantCulture, $".{Environment.ProcessId}");
            try
            {
                await FormatAsync(unfinished, usualBytes, cancel);
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

    private static async Task FormatAsync(string path, long bytes, CancellationToken cancel)
    {
        SparseFile.Make(path, bytes);

        // Nothing is left to zero in the guest (assume_storage_prezeroed, e2fsprogs 1.46.4: a new sparse file is zero), and the
        // metadata lies together.
        string[] journal = bytes < OwnJournal ? ["-j"] : ["-J", "size=16"];
        var result = await Tool.RunAsync(
            new ProcessStart
            {
                Program = "mkfs.ext4",
                Arguments =
                [
                    "-q", "-F", "-m", "0", .. journal, "-I", "256", "-O", Features,
                    "-E", "assume_storage_prezeroed=1,nodiscard,packed_meta_blocks=1,root_owner=0:0", path,
                ],
                Environment = [$"PATH={Tool.Path}", "MKE2FS_CONFIG=/dev/null"],
            },
            "install e2fsprogs: apt-get install e2fsprogs", MkfsDeadline, cancel);
        if (result.Code != 0)
            throw HyprException.Unavailable($"mkfs.ext4 could not make {path}: {result.Output.Trim()}");
    }
}
