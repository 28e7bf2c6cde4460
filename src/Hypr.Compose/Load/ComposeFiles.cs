namespace Hypr.Compose.Load;

/// <summary>Which files make up a stack when none is named with <c>-f</c>.</summary>
internal static class ComposeFiles
{
    /// <summary>HYPR's own names before the Compose Specification's.</summary>
    public static readonly IReadOnlyList<string> Names =
    [
        "hypr-compose.yaml", "hypr-compose.yml", "Hyprfile", "Hyprfile.yaml", "Hyprfile.yml",
        "compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml",
    ];

    /// <param name="Note">Several candidates lie there: which one is used. Null: only one.</param>
    public sealed record Found(IReadOnlyList<string> Files, string? Note);

    /// <summary>Looks in the folder and upwards, as Docker does. The override file of the same name, if there is one, comes second.</summary>
    public static Found Find(string folder)
    {
        for (var at = new DirectoryInfo(folder); at is not null; at = at.Parent)
        {
            var here = Names.Where(n => File.Exists(Path.Combine(at.FullName, n))).ToList();
            if (here.Count == 0)
            {
                continue;
            }

            var files = new List<string> { Path.Combine(at.FullName, here[0]) };
            var stem = Path.GetFileNameWithoutExtension(here[0]);
            files.AddRange(((string[])[".yaml", ".yml"]).Select(e => Path.Combine(at.FullName, $"{stem}.override{e}")).Where(File.Exists).Take(1));
            return new Found(files, here.Count == 1 ? null : $"several compose files in {at.FullName}: {string.Join(", ", here)}. {here[0]} is used; name another with -f");
        }

        throw new ComposeException(new Location(folder, 0, 0), $"no compose file here or above: one of {string.Join(", ", Names)} is looked for. Name another with -f");
    }
}
