using Hypr.Cli.Templates;

namespace Hypr.Cli.Output;

/// <summary>
/// A list in the form that <c>--format</c> asks for: a table, a table of a template, a line of JSON for each item, or a template for each
/// (docker's cli/command/formatter).
/// </summary>
/// <param name="columns">All fields that templates may name.</param>
/// <param name="shown">The fields of the table when no other is asked for.</param>
/// <param name="label">The value of an item's label, for <c>{{.Label "key"}}</c>.</param>
internal sealed class Listing<T>(Column<T>[] columns, string[] shown, Func<T, string, string>? label = null)
{
    /// <param name="quiet">With -q: only this field, one a line.</param>
    /// <exception cref="TemplateException">The format is wrong.</exception>
    public string Render(IEnumerable<T> items, string? format, string? quiet = null)
    {
        if (quiet is not null && format is null or "" or "table")
            return string.Concat(items.Select(i => Find(quiet).Text(i) + "\n"));
        if (format is null or "" or "table")
        {
            var cells = shown.Select(Find).ToArray();
            return Table.Lay([cells.Select(c => c.Heading).ToArray(), .. items.Select(i => cells.Select(c => c.Text(i)).ToArray())]);
        }
        if (format == "json")
            return string.Concat(items.Select(i => Values.Json(new Row(this, i)) + "\n"));
        if (format.StartsWith("table ", StringComparison.Ordinal))
        {
            var template = Template.Parse(Unescape(format["table ".Length..].Trim()));
            var lines = items.Select(i => template.Render(new Row(this, i))).Prepend(template.Render(new Heading(this), headings: true));
            return Table.Lay(lines.Select(l => l.Split('\t')).ToArray());
        }
        var each = Template.Parse(Unescape(format));
        return string.Concat(items.Select(i => each.Render(new Row(this, i)) + "\n"));
    }

    private Column<T> Find(string field) => Array.Find(columns, c => c.Field == field)!;

    /// <summary>Shells hand <c>\t</c> on as two characters, and people mean a tab.</summary>
    private static string Unescape(string format) =>
        format.Replace("\\t", "\t", StringComparison.Ordinal).Replace("\\n", "\n", StringComparison.Ordinal);

    private sealed class Row(Listing<T> of, T item) : IFields
    {
        public bool TryGet(string field, IReadOnlyList<object?> arguments, out object? value)
        {
            if (field == "Label" && arguments is [string key] && of.Labels is { } label)
            {
                value = label(item, key);
                return true;
            }
            var column = arguments.Count == 0 ? of.Find(field) : null;
            value = column?.Text(item);
            return column is not null;
        }

        public IEnumerable<KeyValuePair<string, string>> All => of.Fields.Select(c => KeyValuePair.Create(c.Field, c.Text(item)));
    }

    private sealed class Heading(Listing<T> of) : IFields
    {
        public bool TryGet(string field, IReadOnlyList<object?> arguments, out object? value)
        {
            value = field == "Label" && arguments is [string key] ? key : of.Find(field)?.Heading;
            return value is not null;
        }

        public IEnumerable<KeyValuePair<string, string>> All => of.Fields.Select(c => KeyValuePair.Create(c.Field, c.Heading));
    }

    private Column<T>[] Fields => columns;

    private Func<T, string, string>? Labels => label;
}
