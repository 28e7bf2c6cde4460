namespace Hypr.Compose.Load;

/// <summary>YAML as it was written, with the place of each value: what interpolation, merging and binding work on. Never changed once made.</summary>
public abstract record Node(Location At)
{
    /// <summary>What a person would call it.</summary>
    public abstract string Kind { get; }
}

/// <param name="Plain">Written without quotes: <c>null</c>, <c>true</c> and numbers mean themselves.</param>
public sealed record Scalar(Location At, string Value, bool Plain) : Node(At)
{
    /// <summary>YAML 1.2 core schema, "null".</summary>
    public bool IsNull => Plain && Value is "" or "~" or "null" or "Null" or "NULL";

    public override string Kind => IsNull ? "nothing" : "a single value";
}

public sealed record Sequence(Location At, IReadOnlyList<Node> Items) : Node(At)
{
    public override string Kind => "a list";
}

/// <param name="Entries">In the order of the file, keys unique.</param>
public sealed record Mapping(Location At, IReadOnlyList<Entry> Entries) : Node(At)
{
    public override string Kind => "a mapping";

    public Entry? Find(string key) => Entries.FirstOrDefault(e => e.Key == key);

    public Node? this[string key] => Find(key)?.Value;

    /// <summary>With the entry in place of the one of its key, or at the end.</summary>
    public Mapping With(Entry entry)
    {
        var entries = Entries.ToList();
        var at = entries.FindIndex(e => e.Key == entry.Key);
        if (at < 0)
        {
            entries.Add(entry);
        }
        else
        {
            entries[at] = entry;
        }

        return this with { Entries = entries };
    }

    public Mapping Without(string key) => this with { Entries = [.. Entries.Where(e => e.Key != key)] };
}

/// <param name="At">The key's place.</param>
/// <param name="Tag"><c>!reset</c> or <c>!override</c> (Compose Specification, "Merge"), else null.</param>
public sealed record Entry(Location At, string Key, Node Value, string? Tag = null);
