using System.Xml.Linq;

namespace Hypr.ArchitectureTests;

/// <summary>The layers of ARCHITECTURE.md: a project refers only to projects that stand below it.</summary>
public sealed class DependencyDirectionTests
{
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["Hypr.Primitives"] = [],
        ["Hypr.Linux"] = [],
        ["Hypr.Dns"] = [],
        ["Hypr.Tar"] = ["Hypr.Linux"],
        ["Hypr.Guest.Protocol"] = [],
        ["Hypr.Proxy"] = [],
        ["Hypr.Store"] = ["Hypr.Primitives"],
        ["Hypr.Network"] = ["Hypr.Primitives", "Hypr.Linux", "Hypr.Dns", "Hypr.Store", "Hypr.Proxy"],
        ["Hypr.Images"] = ["Hypr.Primitives", "Hypr.Linux", "Hypr.Tar", "Hypr.Store"],
        ["Hypr.Machines"] = ["Hypr.Primitives", "Hypr.Linux", "Hypr.Guest.Protocol"],
        ["Hypr.Guest"] = ["Hypr.Linux", "Hypr.Tar", "Hypr.Guest.Protocol"],
        ["Hypr.Engine"] = ["Hypr.Primitives", "Hypr.Network", "Hypr.Images", "Hypr.Machines", "Hypr.Guest.Protocol", "Hypr.Store"],
        ["Hypr.Api"] = ["Hypr.Primitives"],
        ["Hypr.Compose"] = ["Hypr.Primitives", "Hypr.Api"],
        ["Hypr.Daemon"] = ["Hypr.Primitives", "Hypr.Engine", "Hypr.Api"],
        ["Hypr.Cli"] = ["Hypr.Primitives", "Hypr.Api", "Hypr.Tar", "Hypr.Compose"],
    };

    [Fact]
    public void A_project_refers_only_to_what_stands_below_it()
    {
        var wrong = from project in Projects()
                    from reference in References(project)
                    where !Allowed[Name(project)].Contains(reference)
                    select $"{Name(project)} -> {reference}";
        Assert.Empty(wrong);
    }

    [Fact]
    public void Every_project_of_src_has_its_place() =>
        Assert.Equal(Allowed.Keys.Order(), Projects().Select(Name).Order());

    [Fact]
    public void Only_the_store_speaks_SQL() =>
        Assert.Equal(["Hypr.Store"], Projects().Where(p => Packages(p).Contains("Microsoft.Data.Sqlite")).Select(Name));

    private static IEnumerable<string> Projects() =>
        Directory.EnumerateFiles(Path.Combine(Root(), "src"), "*.csproj", SearchOption.AllDirectories);

    private static string Name(string project) => Path.GetFileNameWithoutExtension(project);

    private static IEnumerable<string> References(string project) =>
        XDocument.Load(project).Descendants("ProjectReference").Select(r => Name(r.Attribute("Include")!.Value.Replace('\\', '/')));

    private static IEnumerable<string> Packages(string project) =>
        XDocument.Load(project).Descendants("PackageReference").Select(r => r.Attribute("Include")!.Value);

    private static string Root()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder!.FullName, "Hypr.slnx")))
        {
            folder = folder.Parent;
        }

        return folder.FullName;
    }
}
