using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Hypr.Compose.Write;

namespace Hypr.Compose.Tests;

/// <summary>The forms of the Compose Specification, chapter by chapter: each file loads, and is warned of as its comments say and not otherwise.</summary>
public sealed partial class SpecificationExamplesTests
{
    public static TheoryData<string> Files => [.. Directory.GetFiles(Path.Combine(Here(), "Files", "Specification"), "*.yaml").Select(f => Path.GetFileName(f)!).Order()];

    [Theory, MemberData(nameof(Files))]
    public void Loads_with_the_warnings_that_it_names(string name)
    {
        var text = File.ReadAllText(Path.Combine(Here(), "Files", "Specification", name));
        using var folder = Folder(text);
        var warnings = folder.Load().Warnings.Select(w => w.ToString().Replace(Path.Combine(folder.Path, "compose.yaml") + ":", "", StringComparison.Ordinal)).Order().ToList();
        var expected = Warns().Matches(text).Select(m => (At: m.Groups[1].Value, What: m.Groups[2].Value)).OrderBy(w => w.At, StringComparer.Ordinal).ToList();
        Assert.True(expected.Count == warnings.Count, string.Join('\n', warnings));
        Assert.All(expected.Zip(warnings), pair =>
        {
            Assert.StartsWith(pair.First.At + ": ", pair.Second, StringComparison.Ordinal);
            Assert.Contains(pair.First.What, pair.Second, StringComparison.Ordinal);
        });
    }

    [Theory, MemberData(nameof(Files))]
    public void Comes_to_one_file_that_loads_to_the_same(string name)
    {
        using var folder = Folder(File.ReadAllText(Path.Combine(Here(), "Files", "Specification", name)));
        var once = ConfigText.Of(folder.Load().Project);
        using var again = Folder(once);
        Assert.Equal(once.Replace(folder.Path, "", StringComparison.Ordinal), ConfigText.Of(again.Load().Project).Replace(folder.Path, "", StringComparison.Ordinal));
    }

    private static StackFolder Folder(string yaml)
    {
        var folder = new StackFolder(("compose.yaml", yaml), ("my_config.txt", "a"), ("server.cert", "b"));
        foreach (var (key, value) in (ReadOnlySpan<(string, string)>)[("TAG", "1.2"), ("FALLBACK", "old"), ("EMPTY", ""), ("SIMPLE_CONFIG_VALUE", "x"), ("OAUTH_TOKEN", "y")])
        {
            folder.Shell[key] = value;
        }

        return folder;
    }

    private static string Here([CallerFilePath] string file = "") => Path.GetDirectoryName(file)!;

    [GeneratedRegex("^# warns ([0-9]+:[0-9]+) (.*)$", RegexOptions.Multiline)]
    private static partial Regex Warns();
}
