namespace Hypr.Compose.Load;

/// <summary>
/// Lays one canonical tree over another, as the Compose Specification's "Merge" says: mappings by key, lists one behind the other, single values replaced;
/// commands and health tests replaced whole; ports, volumes, configs and secrets that mean the same resource replaced one by one; <c>!reset</c> removes, <c>!override</c> replaces.
/// </summary>
internal static class Merge
{
    public static Mapping Files(Mapping below, Mapping above) => (Mapping)Over(below, above, "");

    /// <param name="service">A service's own path begins with two names: <c>services.NAME</c>.</param>
    public static Mapping Service(Mapping below, Mapping above) => (Mapping)Over(below, above, "services.*");

    private static Node Over(Node below, Node above, string path)
    {
        switch (below, above)
        {
            case (Mapping b, Mapping a):
                var result = b;
                foreach (var entry in a.Entries)
                {
                    var at = PathOf(path, entry.Key);
                    result = entry.Tag switch
                    {
                        "!reset" => result.Without(entry.Key),
                        "!override" => result.With(entry with { Tag = null }),
                        _ => result.Find(entry.Key) is { } old && !IsNull(entry.Value) && !IsNull(old.Value)
                            ? result.With(entry with { Value = Over(old.Value, entry.Value, at) })
                            : result.With(entry),
                    };
                }

                return result with { At = a.At };
            case (Sequence b, Sequence a) when !ReplacedWhole(path):
                return Unique(path) is { } key ? ByKey(b, a, key) : a with { Items = [.. b.Items.Concat(a.Items.Where(i => !Repeats(b, i)))] };
            default:
                return above;
        }
    }

    /// <summary>Names under services, networks and so on are anything: they count as one.</summary>
    private static string PathOf(string path, string key) => path switch
    {
        "" => key,
        "services" or "networks" or "volumes" or "configs" or "secrets" => path + ".*",
        _ => $"{path}.{key}",
    };

    private static bool ReplacedWhole(string path) =>
        path is "services.*.command" or "services.*.entrypoint" or "services.*.healthcheck.test";

    private static Func<Node, string?>? Unique(string path) => path switch
    {
        "services.*.ports" => static n => n is Mapping m ? $"{Text(m, "host_ip")}|{Text(m, "published")}|{Text(m, "target")}|{Text(m, "protocol") ?? "tcp"}" : null,
        "services.*.volumes" => static n => n is Mapping m ? Text(m, "target") : null,
        "services.*.configs" or "services.*.secrets" => static n => n is Mapping m ? Text(m, "target") ?? Text(m, "source") : null,
        _ => null,
    };

    private static Sequence ByKey(Sequence below, Sequence above, Func<Node, string?> key)
    {
        var items = below.Items.ToList();
        foreach (var item in above.Items)
        {
            var at = key(item) is { } wanted ? items.FindIndex(i => key(i) == wanted) : -1;
            if (at < 0)
            {
                items.Add(item);
            }
            else
            {
                items[at] = item;
            }
        }

        return above with { Items = items };
    }

    private static bool Repeats(Sequence list, Node item) =>
        item is Scalar s && list.Items.Any(i => i is Scalar other && other.Value == s.Value);

    private static bool IsNull(Node node) => node is Scalar { IsNull: true };

    private static string? Text(Mapping m, string key) => (m[key] as Scalar)?.Value;
}
