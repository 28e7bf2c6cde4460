using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Hypr.Api.Client;

/// <summary>A path with its query, escaped; what is null, empty or false is left out, as Docker's own client does.</summary>
public sealed class Query
{
    private readonly StringBuilder _text = new();
    private bool _any;

    /// <param name="parts">Segments of the path; each is escaped, so a name may hold a slash (<c>images/a%2Fb/json</c>).</param>
    public Query(params ReadOnlySpan<string> parts)
    {
        foreach (string part in parts)
            _text.Append('/').Append(Uri.EscapeDataString(part));
    }

    public Query Add(string key, string? value)
    {
        if (string.IsNullOrEmpty(value))
            return this;
        _text.Append(_any ? '&' : '?').Append(key).Append('=').Append(Uri.EscapeDataString(value));
        _any = true;
        return this;
    }

    public Query Add(string key, bool value) => value ? Add(key, "1") : this;

    public Query Add(string key, int? value) => Add(key, value?.ToString(CultureInfo.InvariantCulture));

    /// <summary>Docker's filters: <c>{"key":{"value":true}}</c>.</summary>
    /// <param name="filters">Key and value of each, in any order; a key may come again.</param>
    public Query AddFilters(IEnumerable<KeyValuePair<string, string>> filters)
    {
        var json = new StringBuilder();
        foreach (var byKey in filters.GroupBy(f => f.Key, f => f.Value))
        {
            json.Append(json.Length == 0 ? '{' : ',').Append('"').Append(JsonEncodedText.Encode(byKey.Key)).Append("\":{");
            json.AppendJoin(',', byKey.Distinct().Select(v => $"\"{JsonEncodedText.Encode(v)}\":true")).Append('}');
        }
        return json.Length == 0 ? this : Add("filters", json.Append('}').ToString());
    }

    public override string ToString() => _text.ToString();
}
