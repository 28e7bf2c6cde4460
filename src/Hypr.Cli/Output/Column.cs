namespace Hypr.Cli.Output;

/// <summary>One thing that a list can show of an item.</summary>
/// <param name="Field">Its name in templates: <c>{{.Names}}</c>.</param>
/// <param name="Heading">Its name above the table.</param>
internal sealed record Column<T>(string Field, string Heading, Func<T, string> Text);
