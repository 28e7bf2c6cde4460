using System.Runtime.InteropServices;
using Hypr.Primitives;
using Microsoft.Win32.SafeHandles;

namespace Hypr.Images.Store;

/// <summary>
/// The files of all images: <c>blobs/sha256/HEX</c> (configurations and layers as they came), <c>rootfs/CHAINID.squashfs</c>, and <c>tmp/</c> for what is being
/// made. A file has its final name only when it is whole, verified and on the disk; so what a crash leaves is all in tmp, which is emptied at start.
/// </summary>
internal sealed partial class ImageFiles
{
    private static readonly TimeSpan KeepUnused = TimeSpan.FromDays(1);

    private readonly string _blobs;
    private readonly string _roots;
    private readonly string _temporary;
    private readonly long _keepFree;
    private readonly Faults? _faults;
    private readonly Lock _gate = new();
    private readonly Dictionary<string, int> _pins = new(StringComparer.Ordinal);
    private long _counter;

    public ImageFiles(ImageSettings settings)
    {
        (_keepFree, _faults) = (settings.KeepFree, settings.Faults);
        _blobs = Path.Combine(settings.Folder, "blobs", "sha256");
        _roots = Path.Combine(settings.Folder, "rootfs");
        _temporary = Path.Combine(settings.Folder, "tmp");
        Directory.CreateDirectory(settings.Folder);
        Directory.CreateDirectory(_blobs);
        Directory.CreateDirectory(_roots);
        // Nobody else looks into what is half made: mksquashfs' output is writable for all while it is.
        Directory.CreateDirectory(_temporary, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        File.SetUnixFileMode(_temporary, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    public string Blob(Digest digest) => Path.Combine(_blobs, digest.Hex);

    public string Root(string chainId) => Path.Combine(_roots, chainId + ".squashfs");

    public bool HasBlob(Digest digest) => File.Exists(Blob(digest));

    public bool HasRoot(string chainId) => File.Exists(Root(chainId));

    /// <summary>A new name for a file in the making.</summary>
    public string Temporary()
    {
        var path = Path.Combine(_temporary, $"{Interlocked.Increment(ref _counter)}");
        _faults.BeforeWriting(path);
        return path;
    }

    /// <summary>Gives a finished, verified file its name. It is synced before, the folder after.</summary>
    public void KeepBlob(string temporary, Digest digest) => Keep(temporary, Blob(digest), _blobs);

    public void KeepRoot(string temporary, string chainId) => Keep(temporary, Root(chainId), _roots);

    /// <summary>Stops what would fill the disk.</summary>
    /// <param name="coming">Bytes that are about to be written.</param>
    /// <exception cref="HyprException">Unavailable, with the figures.</exception>
    public void RequireSpace(long coming, string what)
    {
        var free = new DriveInfo(_temporary).AvailableFreeSpace;
        if (free - coming < _keepFree)
        {
            throw HyprException.Unavailable($"no space left on device for {what}: {free >> 20} MB free in {Path.GetDirectoryName(_temporary)}, {coming >> 20} MB more due, "
                + $"and {_keepFree >> 20} MB must stay free. Remove images (hypr rmi) or make room");
        }
    }

    /// <summary>While the pin is held, no removal takes the files of these digests or chains away.</summary>
    public IDisposable Pin(IEnumerable<string> hexes)
    {
        var pinned = hexes.Distinct().ToArray();
        lock (_gate)
        {
            foreach (var hex in pinned)
                _pins[hex] = _pins.GetValueOrDefault(hex) + 1;
        }

        return new Unpin(this, pinned);
    }

    /// <summary>Removes the files that were an image's and are nobody's any more, unless a pull needs them at this moment.</summary>
    public void Drop(IEnumerable<Digest> blobs, IEnumerable<string> chainIds)
    {
        lock (_gate)
        {
            foreach (var blob in blobs.Where(b => !_pins.ContainsKey(b.Hex)))
                File.Delete(Blob(blob));
            foreach (var chain in chainIds.Where(c => !_pins.ContainsKey(c)))
                File.Delete(Root(chain));
        }
    }

    /// <summary>
    /// At start, before anything else runs: what is half made goes, and what no image has. A blob without an image (of a pull that was cancelled) is kept for a day,
    /// so that the next pull takes it up.
    /// </summary>
    public void Sweep(IReadOnlySet<string> blobs, IReadOnlySet<string> chains, DateTimeOffset now)
    {
        foreach (var file in new DirectoryInfo(_temporary).EnumerateFileSystemInfos())
        {
            if (file is DirectoryInfo folder)
                folder.Delete(recursive: true);
            else
                file.Delete();
        }

        foreach (var file in new DirectoryInfo(_blobs).EnumerateFiles())
        {
            if (!blobs.Contains(file.Name) && now - file.LastWriteTimeUtc > KeepUnused)
                file.Delete();
        }

        foreach (var file in new DirectoryInfo(_roots).EnumerateFiles())
        {
            if (!chains.Contains(Path.GetFileNameWithoutExtension(file.Name)))
                file.Delete();
        }
    }

    private void Keep(string temporary, string final, string folder)
    {
        _faults.BeforeWriting(final);
        File.Move(temporary, final, overwrite: true);
        SyncFolder(folder);
    }

    /// <summary>A rename is on the disk when its directory is (fsync(2)). .NET opens no directories.</summary>
    private static void SyncFolder(string path)
    {
        const int ReadOnlyDirectoryCloseOnExec = 0x10000 | 0x80000;
        using var handle = Open(path, ReadOnlyDirectoryCloseOnExec);
        if (handle.IsInvalid || FSync(handle) != 0)
            throw new IOException($"cannot sync {path}: {Marshal.GetLastPInvokeErrorMessage()}");
    }

    // Safe: a path that is marshalled for the call, and a descriptor that the handle keeps open.
    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int FSync(SafeFileHandle file);

    private sealed class Unpin(ImageFiles files, string[] pinned) : IDisposable
    {
        private string[] _pinned = pinned;

        public void Dispose()
        {
            lock (files._gate)
            {
                foreach (var hex in Interlocked.Exchange(ref _pinned, []))
                {
                    if (--files._pins[hex] == 0)
                        files._pins.Remove(hex);
                }
            }
        }
    }
}
