namespace Hypr.Images.Tests;

/// <summary>A squashfs unpacked for a look at it.</summary>
internal sealed class Unpacked : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("hypr-unpacked-").FullName;

    public Unpacked(string squashfs) => ImageLab.Must("unsquashfs", "-q", "-n", "-d", Folder, squashfs);

    public string Folder => System.IO.Path.Combine(_folder, "root");

    public string Path(string name) => System.IO.Path.Combine(Folder, name);

    public string Inode(string name) => ImageLab.Must("stat", "-c", "%i", Path(name)).Trim();

    public SortedDictionary<string, string> Stat() => Stat(Folder);

    /// <summary>Mode, owner, group, kind and device numbers, by name.</summary>
    public static SortedDictionary<string, string> Stat(string folder)
    {
        var found = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var line in ImageLab.Must("find", folder, "-exec", "stat", "-c", "%n|%a %u %g %F|%t %T", "{}", "+").Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var parts = line.Split('|');
            var name = "." + parts[0][folder.Length..];
            found[name] = parts[1].Contains("special", StringComparison.Ordinal) ? $"{parts[1]} {parts[2]}" : parts[1].Replace("regular empty file", "regular file", StringComparison.Ordinal);
        }

        return found;
    }

    /// <summary>In hex.</summary>
    public string Xattr(string name, string attribute) =>
        ImageLab.Must("python3", "-c", "import os,sys; print(os.getxattr(sys.argv[1], sys.argv[2]).hex())", Path(name), attribute).Trim();

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
