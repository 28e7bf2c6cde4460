using System.Globalization;
using System.Text;
using System.Text.Json;
using Hypr.Cli.Output;

namespace Hypr.Cli.Templates;

/// <summary>
/// What a template works on: null, bool, long, double, string, lists, JSON objects and arrays, and <see cref="IFields"/>. Printing follows
/// Go's %v.
/// </summary>
internal static class Values
{
    /// <summary>
    /// A key that a JSON object does not have. Docker leaves out what is empty, so asking whether it is there is right, and printing it is
    /// a mistake.
    /// </summary>
    public sealed record Missing(string Name);

    public static object? Member(JsonElement json, string name)
    {
        if (json.TryGetProperty(name, out var exact))
            return FromJson(exact);
        // Go's field is ID where Docker's JSON has Id: both are written.
        foreach (var property in json.EnumerateObject())
        {
            if (string.Equals(property.Name, name, StringComparison.OrdinalIgnoreCase))
                return FromJson(property.Value);
        }
        return new Missing(name);
    }

    public static object? FromJson(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.String => json.GetString(),
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.Null or JsonValueKind.Undefined => null,
        JsonValueKind.Number => json.TryGetInt64(out long whole) ? whole : json.GetDouble(),
        _ => json,
    };

    public static bool IsTrue(object? value) => value switch
    {
        null or Missing => false,
        bool b => b,
        string s => s.Length > 0,
        long n => n != 0,
        double d => d != 0,
        JsonElement json => Length(json) > 0,
        IReadOnlyList<object?> list => list.Count > 0,
        _ => true,
    };

    public static int Length(object? value) => value switch
    {
        string s => Encoding.UTF8.GetByteCount(s),
        JsonElement { ValueKind: JsonValueKind.Array } json => json.GetArrayLength(),
        JsonElement { ValueKind: JsonValueKind.Object } json => json.GetPropertyCount(),
        IReadOnlyList<object?> list => list.Count,
        null or Missing => 0,
        _ => throw new TemplateException($"{Describe(value)} has no length"),
    };

    /// <summary>
    /// What <c>range</c> walks over: an object's members in the order of their keys, a list, the numbers below N, or nothing.
    /// </summary>
    public static IEnumerable<(object? Key, object? Item)> Items(object? value) => value switch
    {
        null or Missing => [],
        JsonElement { ValueKind: JsonValueKind.Object } json =>
            json.EnumerateObject().OrderBy(p => p.Name, StringComparer.Ordinal).Select(p => ((object?)p.Name, FromJson(p.Value))),
        JsonElement { ValueKind: JsonValueKind.Array } json =>
            json.EnumerateArray().Select((item, i) => ((object?)(long)i, FromJson(item))),
        IReadOnlyList<object?> list => list.Select((item, i) => ((object?)(long)i, item)),
        long count => Enumerable.Range(0, (int)Math.Clamp(count, 0, int.MaxValue)).Select(i => ((object?)(long)i, (object?)(long)i)),
        _ => throw new TemplateException($"range cannot walk over {Describe(value)}"),
    };

    public static object? Index(object? of, object? key) => of switch
    {
        null or Missing => throw new TemplateException("index of nothing"),
        JsonElement { ValueKind: JsonValueKind.Object } json when key is string name =>
            json.TryGetProperty(name, out var found) ? FromJson(found) : Absent(json),
        JsonElement { ValueKind: JsonValueKind.Object } =>
            throw new TemplateException($"an object is indexed by a string, not by {Describe(key)}"),
        JsonElement { ValueKind: JsonValueKind.Array } json => FromJson(json[Position(key, json.GetArrayLength())]),
        IReadOnlyList<object?> list => list[Position(key, list.Count)],
        string text => (long)Encoding.UTF8.GetBytes(text)[Position(key, Encoding.UTF8.GetByteCount(text))],
        _ => throw new TemplateException($"{Describe(of)} has no index"),
    };

    /// <summary>In Docker's types a map of strings, as labels are, gives the empty string for a key that it does not have.</summary>
    private static string? Absent(JsonElement json) =>
        json.EnumerateObject().All(p => p.Value.ValueKind == JsonValueKind.String) ? "" : null;

    public static int Position(object? key, int count)
    {
        if (key is not long at)
            throw new TemplateException($"a list is indexed by a number, not by {Describe(key)}");
        return at >= 0 && at < count ? (int)at : throw new TemplateException($"index out of range: {at}");
    }

    public static string Print(object? value)
    {
        switch (value)
        {
            case null: return "<nil>";
            case Missing missing: throw new TemplateException($"map has no entry for key \"{missing.Name}\"");
            case string text: return text;
            case bool b: return b ? "true" : "false";
            case long n: return n.ToString(CultureInfo.InvariantCulture);
            case double d: return d.ToString("R", CultureInfo.InvariantCulture);
            case JsonElement { ValueKind: JsonValueKind.Object } json:
                return $"map[{string.Join(' ', Items(json).Select(i => $"{i.Key}:{Print(i.Item)}"))}]";
            case IFields fields: return $"map[{string.Join(' ', fields.All.Select(f => $"{f.Key}:{f.Value}"))}]";
            default: return $"[{string.Join(' ', Items(value).Select(i => Print(i.Item)))}]";
        }
    }

    /// <summary>Docker's <c>json</c>: on one line, nothing escaped for HTML.</summary>
    public static string Json(object? value)
    {
        switch (value)
        {
            case null or Missing: return "null";
            case string text: return JsonText.Quote(text);
            case bool or long or double: return Print(value);
            case JsonElement json: return JsonText.Compact(json);
            case IFields fields:
                return $"{{{string.Join(',', fields.All.OrderBy(f => f.Key, StringComparer.Ordinal).Select(f => $"{JsonText.Quote(f.Key)}:{JsonText.Quote(f.Value)}"))}}}";
            default: return $"[{string.Join(',', Items(value).Select(i => Json(i.Item)))}]";
        }
    }

    /// <summary>Negative, zero, positive. Null equals null only.</summary>
    /// <exception cref="TemplateException">The two are of kinds that Go does not compare.</exception>
    public static int Compare(object? left, object? right) => (left, right) switch
    {
        (string a, string b) => string.CompareOrdinal(a, b),
        (long a, long b) => a.CompareTo(b),
        (bool a, bool b) => a.CompareTo(b),
        (long or double, long or double) =>
            Convert.ToDouble(left, CultureInfo.InvariantCulture).CompareTo(Convert.ToDouble(right, CultureInfo.InvariantCulture)),
        (null or Missing, null or Missing) => 0,
        (null or Missing, _) => -1,
        (_, null or Missing) => 1,
        _ => throw new TemplateException($"incompatible types for comparison: {Describe(left)} and {Describe(right)}"),
    };

    public static string Describe(object? value) => value switch
    {
        null => "nothing",
        Missing missing => $"the missing {missing.Name}",
        string text => $"the string \"{text}\"",
        bool => "a bool",
        long or double => $"the number {Print(value)}",
        JsonElement { ValueKind: JsonValueKind.Object } or IFields => "an object",
        _ => "a list",
    };
}
