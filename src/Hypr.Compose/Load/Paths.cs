namespace Hypr.Compose.Load;

/// <summary>Relative paths count from the folder of the file that they stand in: made absolute before trees of several folders are merged.</summary>
internal static class Paths
{
    public static Mapping MakeAbsolute(Mapping root, string folder)
    {
        if (root.Find("services") is { Value: Mapping services } entry)
        {
            root = root.With(entry with
            {
                Value = services with { Entries = [.. services.Entries.Select(e => e.Value is Mapping m ? e with { Value = OfService(m, folder) } : e)] },
            });
        }

        foreach (var key in (string[])["configs", "secrets"])
        {
            if (root.Find(key) is { Value: Mapping all } files)
            {
                root = root.With(files with { Value = all with { Entries = [.. all.Entries.Select(e => e.Value is Mapping m ? e with { Value = Key(m, "file", folder) } : e)] } });
            }
        }

        return root;
    }

    public static Mapping OfService(Mapping service, string folder)
    {
        service = Each(service, "env_file", m => Key(m, "path", folder));
        return Each(service, "volumes", m => m["type"] is Scalar { Value: "bind" } ? Key(m, "source", folder) : m);
    }

    private static Mapping Each(Mapping service, string key, Func<Mapping, Mapping> change) => service.Find(key) is { Value: Sequence list } entry
        ? service.With(entry with { Value = list with { Items = [.. list.Items.Select(i => i is Mapping m ? change(m) : i)] } })
        : service;

    private static Mapping Key(Mapping m, string key, string folder) => m.Find(key) is { Value: Scalar { IsNull: false } s } entry
        ? m.With(entry with { Value = s with { Value = Absolute(s.Value, folder) } })
        : m;

    private static string Absolute(string path, string folder) => path.StartsWith('~')
        ? Environment.GetFolderPath(Environment.SpecialFolder.UserProfile) + path[1..]
        : Path.GetFullPath(Path.Combine(folder, path));
}
