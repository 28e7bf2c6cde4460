using System.Security.Cryptography;
using System.Text;
using Hypr.Linux;

namespace Hypr.Machines.Templates;

/// <summary>
/// Templates on disk, one file each. A file's name is a hash of what it depends on, first of what all sizes share, then of the size; its time of change is
/// that of its last use. Files come by rename and go by unlink only; several hyprds may share a folder.
/// </summary>
internal sealed class TemplateStore(string folder, bool isShared)
{
    private const string Ending = ".template";
    private const string Unfinished = ".unfinished";
    private const int HashCharacters = 16;

    /// <summary>The file's name without its ending.</summary>
    public static string NameOf(string shape)
    {
        var line = shape.IndexOf('\n');
        return $"{Hash(shape[..line])}-{Hash(shape[line..])}";
    }

    public string PathOf(string name) => Path.Combine(folder, name + Ending);

    /// <summary>Null: there is none of that shape.</summary>
    /// <exception cref="InvalidDataException">There is one, and it is damaged or of another shape.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public Template? Read(string shape)
    {
        var path = PathOf(NameOf(shape));
        if (!File.Exists(path))
            return null;
        using var file = new FileStream(path, new FileStreamOptions { Share = FileShare.ReadWrite | FileShare.Delete, BufferSize = 1 << 20 });
        var template = TemplateFile.Read(file);
        if (template.Header.Shape == shape)
            return template;
        template.Guest.Memory.Dispose();
        throw new InvalidDataException("it is of other machines than its name says");
    }

    /// <summary>Puts the template in its place, in one step. Under <see cref="LockAsync"/>.</summary>
    public void Write(Template template, int most)
    {
        Sweep();
        var path = PathOf(NameOf(template.Header.Shape));
        var unfinished = Path.Combine(folder, $".{Guid.NewGuid():n}{Unfinished}");
        try
        {
            using (var file = new FileStream(unfinished, new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.Write,
                BufferSize = 1 << 20,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            }))
            {
                TemplateFile.Write(file, template);
                file.Flush(flushToDisk: true);
            }

            File.Move(unfinished, path, overwrite: true);
        }
        finally
        {
            File.Delete(unfinished);
        }

        Evict(NameOf(template.Header.Shape), most);
    }

    public void Remove(string name) => File.Delete(PathOf(name));

    /// <summary>For the order in which they are removed.</summary>
    public void Touch(string name)
    {
        try
        {
            File.SetLastWriteTimeUtc(PathOf(name), DateTime.UtcNow);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A read-only file system, or it was removed: it serves from memory.
        }
    }

    public IReadOnlyList<(string Name, TemplateHeader Header, FileInfo File)> List() =>
    [
        .. Files().Select(static file => (Path.GetFileNameWithoutExtension(file.Name), Header: HeaderOf(file)!, file)).Where(static t => t.Header is not null),
    ];

    /// <summary>Null: there is none.</summary>
    public DateTimeOffset? CreatedOf(string name) => HeaderOf(new FileInfo(PathOf(name)))?.Created;

    /// <summary>Null: it is damaged or gone meanwhile; its first use says so.</summary>
    private static TemplateHeader? HeaderOf(FileInfo file)
    {
        try
        {
            using var stream = file.Open(new FileStreamOptions { Share = FileShare.ReadWrite | FileShare.Delete, BufferSize = 16 * 1024 });
            return TemplateFile.ReadHeader(stream);
        }
        catch (Exception e) when (e is IOException or InvalidDataException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>One maker at a time, over all hyprds of the folder: the kernel frees it at a process's end.</summary>
    public async Task<IDisposable> LockAsync(TimeProvider clock, CancellationToken cancel)
    {
        Lifecycle.MachineFolders.Make(folder);
        while (true)
        {
            try
            {
                // flock(2), LOCK_EX
                return new FileStream(Path.Combine(folder, ".lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException e) when (e.HResult == Errno.EAGAIN)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(100), clock, cancel);
            }
        }
    }

    /// <summary>What a maker left that was killed. Under the lock.</summary>
    public void Sweep()
    {
        foreach (var file in Directory.Exists(folder) ? Directory.GetFiles(folder, ".*" + Unfinished) : [])
            File.Delete(file);
    }

    /// <summary>The least recently used beyond the bound, and in a folder of our own what no start can fit any more.</summary>
    private void Evict(string kept, int most)
    {
        var common = kept.Split('-')[0];
        foreach (var (file, place) in Files().OrderByDescending(f => f.LastWriteTimeUtc).Select((file, place) => (file, place)).ToList())
        {
            var name = Path.GetFileNameWithoutExtension(file.Name);
            if (name != kept && (place >= most || (!isShared && name.Split('-')[0] != common)))
                Remove(name);
        }
    }

    private FileInfo[] Files() => Directory.Exists(folder) ? new DirectoryInfo(folder).GetFiles("*" + Ending) : [];

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..HashCharacters];
}
