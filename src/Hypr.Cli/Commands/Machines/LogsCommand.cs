using Hypr.Api.Client;
using Hypr.Cli.Arguments;
using Hypr.Cli.Output;

namespace Hypr.Cli.Commands.Machines;

/// <summary><c>hypr logs</c></summary>
internal static class LogsCommand
{
    public static readonly CommandSpec Command = new("logs", "Fetch the logs of a VM")
    {
        Words = "VM",
        Count = (1, 1),
        Options =
        [
            Option.Switch("details", '\0', "Show extra details provided to logs"),
            Option.Switch("follow", 'f', "Follow log output"),
            Option.Text("since", '\0', "Show logs since timestamp (2026-01-02T13:23:37Z) or relative (42m for 42 minutes)"),
            Option.Text("tail", 'n', "Number of lines to show from the end of the logs (default all)"),
            Option.Switch("timestamps", 't', "Show timestamps"),
            Option.Text("until", '\0', "Show logs before a timestamp or relative"),
        ],
        Examples = [("hypr logs -f web", "as they come"), ("hypr logs --tail 20 --since 10m web", "the last twenty of ten minutes")],
        Run = Run,
        Completes = "vm",
    };

    private static int Run(CommandLine line, Session session)
    {
        string name = line.Words[0];
        var query = new Query("containers", name, "logs")
            .Add("stdout", true)
            .Add("stderr", true)
            .Add("since", Moment(line, session, "since"))
            .Add("until", Moment(line, session, "until"))
            .Add("timestamps", line.On("timestamps"))
            .Add("follow", line.On("follow"))
            .Add("tail", line.Text("tail") ?? "all")
            .Add("details", line.On("details"));
        bool tty = session.Api.Get(new Query("containers", name, "json")).IsTrue("Config", "Tty");
        using var answer = session.Api.Send("GET", query);
        if (tty)
            answer.Body.CopyTo(session.Io.Output);
        else
            StreamFrames.CopyTo(answer.Body.Read, session.Io.Output, session.Io.Error);
        return 0;
    }

    private static string? Moment(CommandLine line, Session session, string option) =>
        line.Text(option) is { } text ? Durations.Moment("--" + option, text, session.Now) : null;
}
