using System.Globalization;

namespace Hypr.Compose.Load;

/// <summary>
/// Takes typed values out of a mapping and says what is of the wrong kind, with its place. What nobody asked for is told at the end: an extension (<c>x-</c>) is
/// silent, a key that is known and not supported is a warning, any other one too, for a newer Compose may know it.
/// </summary>
internal sealed class Fields(Mapping mapping, string what, Problems problems)
{
    private readonly HashSet<string> _asked = new(StringComparer.Ordinal);

    public Location At => mapping.At;

    public Node? Node(string key)
    {
        _asked.Add(key);
        return mapping[key] is Scalar { IsNull: true } ? null : mapping[key];
    }

    public Location Place(string key) => mapping.Find(key)?.At ?? mapping.At;

    public string? Text(string key) => Node(key) switch
    {
        null => null,
        Scalar s => s.Value,
        var other => Wrong<string>(other, key, "a single value"),
    };

    public bool? Flag(string key) => Node(key) switch
    {
        null => null,
        Scalar s when s.Value.ToLowerInvariant() is "true" or "yes" or "on" or "y" or "1" => true,
        Scalar s when s.Value.ToLowerInvariant() is "false" or "no" or "off" or "n" or "0" => false,
        var other => Wrong<bool?>(other, key, "true or false"),
    };

    public int? Number(string key, int min = int.MinValue, int max = int.MaxValue)
    {
        switch (Node(key))
        {
            case null:
                return null;
            case Scalar s when int.TryParse(s.Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number >= min && number <= max:
                return number;
            case var other:
                return Wrong<int?>(other, key, min == int.MinValue ? "a whole number" : $"a whole number from {min} to {max}");
        }
    }

    /// <summary>Compose's own form: <c>1h5m30s20ms</c>; a bare number is refused, as Docker does.</summary>
    public TimeSpan? Duration(string key) => Node(key) switch
    {
        null => null,
        Scalar s when Quantities.TryDuration(s.Value, out var time) => time,
        var other => Wrong<TimeSpan?>(other, key, "a time such as 1m30s"),
    };

    /// <summary>Bytes: <c>512m</c>, <c>1.5gb</c>, <c>1048576</c>.</summary>
    public long? Bytes(string key) => Node(key) switch
    {
        null => null,
        Scalar s when Quantities.TryBytes(s.Value, out var bytes) => bytes,
        var other => Wrong<long?>(other, key, "a size such as 512m or 1gb"),
    };

    public List<string> List(string key) => Node(key) switch
    {
        null => [],
        Sequence s => [.. s.Items.Select(i => i is Scalar v ? v.Value : Wrong<string>(i, key, "a list of single values") ?? "")],
        var other => Wrong<List<string>>(other, key, "a list") ?? [],
    };

    public List<string>? ListOrNull(string key) => Node(key) is null ? null : List(key);

    public List<Mapping> Mappings(string key) => Node(key) switch
    {
        null => [],
        Sequence s => [.. s.Items.Select(i => i as Mapping ?? Wrong<Mapping>(i, key, "a list of mappings")).OfType<Mapping>()],
        var other => Wrong<List<Mapping>>(other, key, "a list") ?? [],
    };

    public Mapping? Mapping(string key) => Node(key) switch
    {
        null => null,
        Mapping m => m,
        var other => Wrong<Mapping>(other, key, "a mapping"),
    };

    public Dictionary<string, string> Map(string key) =>
        MapOrNull(key).ToDictionary(p => p.Key, p => p.Value ?? "", StringComparer.Ordinal);

    /// <summary>A key without a value has null.</summary>
    public Dictionary<string, string?> MapOrNull(string key)
    {
        var result = new Dictionary<string, string?>(StringComparer.Ordinal);
        foreach (var entry in Mapping(key)?.Entries ?? [])
        {
            result[entry.Key] = entry.Value switch
            {
                Scalar { IsNull: true } => null,
                Scalar s => s.Value,
                var other => Wrong<string>(other, $"{key}.{entry.Key}", "a single value"),
            };
        }

        return result;
    }

    /// <summary>To be ignored in silence.</summary>
    public void Ignore(params ReadOnlySpan<string> keys)
    {
        foreach (var key in keys)
        {
            _asked.Add(key);
        }
    }

    public void WarnOfTheRest()
    {
        foreach (var entry in mapping.Entries.Where(e => !_asked.Contains(e.Key) && !e.Key.StartsWith("x-", StringComparison.Ordinal)))
        {
            problems.Warn(entry.At, $"{what}: the key {entry.Key} is not supported and has no effect");
        }
    }

    private T? Wrong<T>(Node node, string key, string due)
    {
        var found = node is Scalar { IsNull: false } s ? $"'{s.Value}'" : node.Kind;
        problems.Error(node.At, $"{what}: {key} is {due}; this is {found}");
        return default;
    }
}
