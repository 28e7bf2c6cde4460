using System.Globalization;
using System.Text.Json;
using Hypr.Api.Client;
using Hypr.Cli.Arguments;
using Hypr.Cli.Output;
using Hypr.Cli.Templates;

namespace Hypr.Cli.Commands.Daemon;

/// <summary><c>hypr events</c></summary>
internal static class EventsCommand
{
    public static readonly CommandSpec Command = new("events", "Get real time events from the daemon")
    {
        Options =
        [
            Option.List("filter", 'f', "Filter output based on conditions provided", "filter"),
            Option.Text("format", '\0', "Format output: json, or a Go template"),
            Option.Text("since", '\0', "Show all events created since timestamp"),
            Option.Text("until", '\0', "Stream events until this timestamp"),
        ],
        Examples = [("hypr events --since 10m --until 0s", "what happened in ten minutes"),
            ("hypr events -f type=network", "networks only, as it happens")],
        Run = Run,
    };

    private static int Run(CommandLine line, Session session)
    {
        string? format = line.Text("format");
        var template = format is null or "" or "json" ? null : Template.Parse(format);
        using var answer = session.Api.Send("GET", new Query("events")
            .Add("since", line.Text("since") is { } since ? Durations.Moment("--since", since, session.Now) : null)
            .Add("until", line.Text("until") is { } until ? Durations.Moment("--until", until, session.Now) : null)
            .AddFilters(line.Filters()));
        foreach (var one in answer.JsonLines())
            session.Io.WriteLine(template is not null ? template.Render(one) : format == "json" ? JsonText.Compact(one) : Text(one));
        return 0;
    }

    /// <summary><c>2026-01-31T12:00:00.000000000Z network connect 1a2b (container=..., name=..., type=bridge)</c></summary>
    private static string Text(JsonElement one)
    {
        long nanoseconds = one.Number("timeNano");
        var time = DateTimeOffset.UnixEpoch.AddTicks(nanoseconds / 100).ToLocalTime();
        string zone = time.Offset == TimeSpan.Zero ? "Z" : time.ToString("zzz", CultureInfo.InvariantCulture);
        string stamp = time.ToString("yyyy-MM-ddTHH:mm:ss", CultureInfo.InvariantCulture)
            + string.Create(CultureInfo.InvariantCulture, $".{nanoseconds % 1_000_000_000:000000000}{zone}");
        string attributes = string.Join(", ",
            one.Members("Actor", "Attributes").OrderBy(a => a.Name, StringComparer.Ordinal).Select(a => $"{a.Name}={a.Value.GetString()}"));
        return $"{stamp} {one.Text("Type")} {one.Text("Action")} {one.Text("Actor", "ID")}{(attributes.Length > 0 ? $" ({attributes})" : "")}";
    }
}
