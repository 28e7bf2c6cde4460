using System.Text.Json;
using System.Text.RegularExpressions;
using Hypr.Primitives;

namespace Hypr.Daemon.Http;

/// <summary>Docker's <c>filters=</c>: <c>{"label":{"a=b":true}}</c>, or the older <c>{"label":["a=b"]}</c>. Keys are ANDed, the values of a key ORed (labels: ANDed).</summary>
internal sealed class Filters
{
    private static readonly TimeSpan PatternTimeout = TimeSpan.FromMilliseconds(100);
    private readonly Dictionary<string, List<string>> _values = new(StringComparer.Ordinal);

    private Filters()
    {
    }

    public static Filters Parse(string? json, ReadOnlySpan<string> known)
    {
        var filters = new Filters();
        if (string.IsNullOrEmpty(json))
        {
            return filters;
        }

        try
        {
            using var document = JsonDocument.Parse(json);
            foreach (var key in document.RootElement.EnumerateObject())
            {
                filters._values[key.Name] = key.Value.ValueKind == JsonValueKind.Object
                    ? [.. key.Value.EnumerateObject().Where(v => v.Value.ValueKind == JsonValueKind.True).Select(v => v.Name)]
                    : [.. key.Value.EnumerateArray().Select(Text)];
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw HyprException.Invalid($"invalid filters {json}: JSON such as {{\"label\":{{\"key=value\":true}}}} is due");
        }

        foreach (var key in filters._values.Keys)
        {
            if (!known.Contains(key))
            {
                throw HyprException.Invalid($"invalid filter '{key}'");
            }
        }

        return filters;
    }

    public bool Has(string key) => _values.TryGetValue(key, out var values) && values.Count > 0;

    public IReadOnlyList<string> Values(string key) => _values.TryGetValue(key, out var values) ? values : [];

    /// <summary>True without such a filter, else when one of its values is the text.</summary>
    public bool Exact(string key, string text) => !Has(key) || Values(key).Contains(text, StringComparer.Ordinal);

    /// <summary>As <see cref="Exact"/>, or a value is a regular expression that finds something in the text (filters.Args.Match).</summary>
    public bool Pattern(string key, string text) => !Has(key) || Values(key).Any(v => v == text || Finds(v, text));

    /// <summary>True without such a filter, else when one of its values satisfies the test.</summary>
    public bool Any(string key, Func<string, bool> test) => !Has(key) || Values(key).Any(test);

    /// <summary><c>label=key</c> and <c>label=key=value</c>, all of them; <c>label!</c>: none of them.</summary>
    public bool Labels(IReadOnlyDictionary<string, string> labels) =>
        Values("label").All(l => HasLabel(labels, l)) && !Values("label!").Any(l => HasLabel(labels, l));

    /// <summary>A flag as <c>dangling=true</c>; null without it.</summary>
    public bool? Flag(string key)
    {
        if (!Has(key))
        {
            return null;
        }

        return Values(key)[0] switch
        {
            "true" or "1" => true,
            "false" or "0" => false,
            var other => throw HyprException.Invalid($"invalid filter '{key}={other}': true or false is due"),
        };
    }

    private static bool HasLabel(IReadOnlyDictionary<string, string> labels, string wanted)
    {
        var cut = wanted.IndexOf('=');
        return cut < 0 ? labels.ContainsKey(wanted) : labels.TryGetValue(wanted[..cut], out var value) && value == wanted[(cut + 1)..];
    }

    private static bool Finds(string pattern, string text)
    {
        try
        {
            return Regex.IsMatch(text, pattern, RegexOptions.CultureInvariant, PatternTimeout);
        }
        catch (Exception e) when (e is ArgumentException or RegexMatchTimeoutException)
        {
            // Docker passes over what is no regular expression.
            return false;
        }
    }

    private static string Text(JsonElement value) => value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText();
}
