using Hypr.Compose.Load;
using Hypr.Compose.Model;

namespace Hypr.Compose.Tests;

/// <summary>A folder named <c>shop</c> with the files of a test; gone with it.</summary>
internal sealed class StackFolder : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("hypr-compose-").FullName;

    public StackFolder(params ReadOnlySpan<(string Name, string Text)> files)
    {
        Path = System.IO.Path.Combine(_root, "shop");
        Directory.CreateDirectory(Path);
        foreach (var (name, text) in files)
        {
            var file = System.IO.Path.Combine(Path, name);
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(file)!);
            File.WriteAllText(file, text);
        }
    }

    public string Path { get; }

    public Dictionary<string, string> Shell { get; } = [];

    public List<string> Files { get; } = [];

    public List<string> Profiles { get; } = [];

    public string? Name { get; set; }

    public string From { get; set; } = "";

    public static Service OneService(string yaml)
    {
        using var folder = new StackFolder(("compose.yaml", "services:\n  web:\n    image: nginx\n" + Indent(yaml)));
        return Assert.Single(folder.Load().Project.Services);
    }

    public static IReadOnlyList<string> ErrorsOf(string yaml)
    {
        using var folder = new StackFolder(("compose.yaml", yaml));
        return folder.Errors();
    }

    public Loaded Load() => Loader.Load(new LoadRequest(System.IO.Path.Combine(Path, From), Files, Name, [], Profiles, n => Shell.GetValueOrDefault(n)));

    /// <summary><c>compose.yaml:3:5: what</c></summary>
    public IReadOnlyList<string> Errors()
    {
        var error = Assert.Throws<ComposeException>(() => Load());
        return [.. error.Problems.Select(p => p.ToString().Replace(Path + "/", "", StringComparison.Ordinal))];
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);

    private static string Indent(string yaml) => string.Concat(yaml.Split('\n').Select(l => l.Length == 0 ? "" : $"    {l}\n"));
}
