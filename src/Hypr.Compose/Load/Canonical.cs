namespace Hypr.Compose.Load;

/// <summary>
/// Brings every short form of the Compose Specification into its long one, node by node and with its place kept, so that merging and binding know one form only.
/// What is of the wrong kind is left as it is: the binding says so.
/// </summary>
internal sealed class Canonical(Problems problems)
{
    public Mapping File(Mapping root)
    {
        if (root["services"] is Mapping services)
        {
            root = Replace(root, "services", services with { Entries = [.. services.Entries.Select(e => e.Value is Mapping m ? e with { Value = Service(m) } : e)] });
        }

        foreach (var key in (string[])["networks", "volumes", "configs", "secrets"])
        {
            if (root[key] is Mapping all)
            {
                root = Replace(root, key, all with { Entries = [.. all.Entries.Select(e => e.Value is Mapping m ? e with { Value = TopLevel(m) } : e)] });
            }
        }

        if (root["include"] is Sequence includes)
        {
            root = Replace(root, "include", includes with { Items = [.. includes.Items.Select(i => i is Scalar s ? Map(s.At, ("path", One(s))) : i)] });
        }

        return root;
    }

    private Mapping TopLevel(Mapping m)
    {
        m = Rewrite(m, "labels", n => Pairs(n, '='));

        // "external: {name: x}" is the form of version 2 files.
        if (m["external"] is Mapping external)
        {
            var at = m.Find("external")!.At;
            m = external.Find("name") is { } name && m["name"] is null ? m.With(name) : m;
            m = m.With(new Entry(at, "external", new Scalar(at, "true", true)));
        }

        return m;
    }

    public Mapping Service(Mapping m)
    {
        foreach (var key in (string[])["command", "entrypoint"])
        {
            m = Rewrite(m, key, Command);
        }

        foreach (var (key, separator) in ((string, char)[])[("environment", '='), ("labels", '='), ("annotations", '='), ("sysctls", '=')])
        {
            m = Rewrite(m, key, n => Pairs(n, separator));
        }

        foreach (var key in (string[])["dns", "dns_search", "dns_opt", "tmpfs", "expose", "profiles", "security_opt", "cap_add", "cap_drop", "links", "external_links", "volumes_from"])
        {
            m = Rewrite(m, key, n => n is Scalar { IsNull: false } s ? One(s) : n);
        }

        m = Rewrite(m, "extra_hosts", ExtraHosts);
        m = Rewrite(m, "networks", n => Keys(n, s => new Scalar(s.At, "", true)));
        m = Rewrite(m, "depends_on", n => Keys(n, s => Map(s.At, ("condition", new Scalar(s.At, "service_started", false)))));
        m = Rewrite(m, "env_file", n => n is Scalar { IsNull: false } s ? new Sequence(s.At, [EnvironmentFile(s)]) : Items(n, EnvironmentFile));
        m = Rewrite(m, "configs", n => Items(n, Source));
        m = Rewrite(m, "secrets", n => Items(n, Source));
        m = Rewrite(m, "build", n => n is Scalar { IsNull: false } s ? Map(s.At, ("context", s)) : n);
        m = Rewrite(m, "extends", n => n is Scalar { IsNull: false } s ? Map(s.At, ("service", s)) : n);
        m = Rewrite(m, "ports", n => Each(n, i => ShortForms.Ports(i, problems)));
        m = Rewrite(m, "volumes", n => Each(n, i => [i is Scalar s ? ShortForms.Volume(s) : i]));
        m = Rewrite(m, "ulimits", n => n is Mapping all
            ? all with { Entries = [.. all.Entries.Select(e => e.Value is Scalar s ? e with { Value = Map(s.At, ("soft", s), ("hard", s)) } : e)] }
            : n);
        return Rewrite(m, "healthcheck", n => n is Mapping check
            ? Rewrite(check, "test", t => t is Scalar { IsNull: false } s ? new Sequence(s.At, [new Scalar(s.At, "CMD-SHELL", false), s]) : t)
            : n);
    }

    private static Node Source(Node item) => item is Scalar s ? Map(s.At, ("source", s)) : item;

    private static Node EnvironmentFile(Node item) => item is Scalar s ? Map(s.At, ("path", s)) : item;

    private Node Command(Node node)
    {
        if (node is not Scalar { IsNull: false } s)
        {
            return node;
        }

        try
        {
            return new Sequence(s.At, [.. ShellWords.Split(s.Value).Select(w => new Scalar(s.At, w, false))]);
        }
        catch (FormatException e)
        {
            problems.Error(s.At, e.Message);
            return node;
        }
    }

    /// <summary><c>[KEY=value, KEY]</c> as <c>{KEY: value, KEY: null}</c>.</summary>
    private static Node Pairs(Node node, char separator)
    {
        if (node is not Sequence list)
        {
            return node;
        }

        var result = new Mapping(list.At, []);
        foreach (var item in list.Items)
        {
            if (item is not Scalar s)
            {
                return node;
            }

            var cut = s.Value.IndexOf(separator);
            result = result.With(cut < 0
                ? new Entry(s.At, s.Value, new Scalar(s.At, "", true))
                : new Entry(s.At, s.Value[..cut], new Scalar(s.At, s.Value[(cut + 1)..], false)));
        }

        return result;
    }

    /// <summary>A mapping of names to one or several addresses, or a list of <c>name:address</c> or <c>name=address</c>, as that list.</summary>
    private static Node ExtraHosts(Node node) => node is not Mapping m ? node : new Sequence(m.At, [.. m.Entries.SelectMany(e => e.Value switch
    {
        Sequence many => many.Items.OfType<Scalar>(),
        Scalar one => [one],
        _ => Enumerable.Empty<Scalar>(),
    }, (e, address) => new Scalar(address.At, $"{e.Key}={address.Value}", false))]);

    private static Node Keys(Node node, Func<Scalar, Node> value)
    {
        if (node is not Sequence list || list.Items.Any(i => i is not Scalar))
        {
            return node;
        }

        return list.Items.Cast<Scalar>().Aggregate(new Mapping(list.At, []), (m, s) => m.With(new Entry(s.At, s.Value, value(s))));
    }

    private static Node Items(Node node, Func<Node, Node> change) => Each(node, i => [change(i)]);

    private static Node Each(Node node, Func<Node, IEnumerable<Node>> change) =>
        node is Sequence list ? list with { Items = [.. list.Items.SelectMany(change)] } : node;

    private static Mapping Rewrite(Mapping m, string key, Func<Node, Node> change) =>
        m.Find(key) is { } entry ? m.With(entry with { Value = change(entry.Value) }) : m;

    private static Mapping Replace(Mapping m, string key, Node value) => m.With(m.Find(key)! with { Value = value });

    private static Sequence One(Scalar s) => new(s.At, [s]);

    internal static Mapping Map(Location at, params ReadOnlySpan<(string Key, Node Value)> entries)
    {
        var list = new List<Entry>();
        foreach (var (key, value) in entries)
        {
            list.Add(new Entry(value.At, key, value));
        }

        return new Mapping(at, list);
    }
}
