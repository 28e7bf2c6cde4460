using Hypr.Machines;

namespace Hypr.Daemon.Tests.Fakes;

/// <summary>Volumes' files without a file system in them: as sparse as the real ones, with a few bytes written.</summary>
internal sealed class FolderVolumes : IVolumeFiles
{
    public string Folder { get; init; } = "";

    public long DefaultBytes => 10L << 30;

    public long LeastBytes => 16L << 20;

    public HashSet<string> NotInOrder { get; } = [];

    public string PathOf(string name) => Path.Combine(Folder, name + ".ext4");

    public Task CreateAsync(string name, long bytes, CancellationToken cancel)
    {
        Directory.CreateDirectory(Folder);
        return File.WriteAllTextAsync(PathOf(name), "a disk", cancel);
    }

    public void Delete(string name) => File.Delete(PathOf(name));

    public long UsedBytes(string name) => File.Exists(PathOf(name)) ? new FileInfo(PathOf(name)).Length : 0;

    public bool IsInOrder(string name) => !NotInOrder.Contains(name);
}
