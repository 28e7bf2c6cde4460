using System.Text.Json;
using Hypr.Cli.Arguments;

namespace Hypr.Cli.Commands;

/// <summary>What the lists share.</summary>
internal static class Listings
{
    public static readonly Option Format = Option.Text("format", '\0', "Format output: table, json, a Go template, or \"table TEMPLATE\"");

    /// <summary><c>a=1,b=2</c></summary>
    public static string Labels(JsonElement labels) =>
        string.Join(',', labels.Members().OrderBy(l => l.Name, StringComparer.Ordinal).Select(l => $"{l.Name}={l.Value.GetString()}"));
}
