using Hypr.Linux.Files;

namespace Hypr.Machines.Disks;

internal sealed class VolumeFiles(string dataDirectory, EmptyDisks disks) : IVolumeFiles
{
    private readonly string _folder = Path.Combine(Path.GetFullPath(dataDirectory), "volumes");

    public long DefaultBytes => disks.UsualBytes;

    public long LeastBytes => 16L << 20;

    public string PathOf(string name) =>
        name.Length > 0 && name[0] != '.' && !name.Contains('/') ? Path.Combine(_folder, name + ".ext4") : throw new ArgumentException($"'{name}' is no volume's name", nameof(name));

    public async Task CreateAsync(string name, long bytes, CancellationToken cancel)
    {
        Directory.CreateDirectory(_folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        await disks.MakeAsync(PathOf(name), bytes, cancel);
    }

    public void Delete(string name)
    {
        if (Directory.Exists(_folder))
            File.Delete(PathOf(name));
    }

    public long UsedBytes(string name) => FileStatus.Find(PathOf(name)) is { } status ? status.AllocatedBytes : 0;

    public bool IsInOrder(string name) => Ext4Header.IsInOrder(PathOf(name));
}
