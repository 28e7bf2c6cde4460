namespace Hypr.Cli.Templates;

/// <summary>A thing with named fields that a template can ask for: a row of a table.</summary>
internal interface IFields
{
    /// <summary>The field's value; <paramref name="arguments"/> are what follows it in the template (<c>.Label "key"</c>).</summary>
    bool TryGet(string field, IReadOnlyList<object?> arguments, out object? value);

    /// <summary>All fields without arguments, for <c>{{json .}}</c>.</summary>
    IEnumerable<KeyValuePair<string, string>> All { get; }
}
