using System.Globalization;
using Hypr.Api.Client;
using Hypr.Cli.Arguments;
using Hypr.Cli.Output;
using Hypr.Compose.Plan;
using Hypr.Primitives;

namespace Hypr.Cli.Commands.Compose;

/// <summary><c>hypr compose logs</c></summary>
internal static class LogsCommand
{
    public static readonly CommandSpec Command = new("logs", "View the logs of a stack")
    {
        Words = "[SERVICE...]",
        Count = (0, int.MaxValue),
        Options =
        [
            Option.Switch("follow", 'f', "Follow log output"),
            Option.Text("index", '\0', "Number of the VM of a service", "int"),
            Option.Switch("no-color", '\0', "Without colours"),
            Option.Switch("no-log-prefix", '\0', "Without the VM's name before each line"),
            Option.Text("since", '\0', "Show logs since timestamp (2026-01-02T13:23:37Z) or relative (42m for 42 minutes)"),
            Option.Text("tail", 'n', "Number of lines to show from the end of each VM's logs (default all)"),
            Option.Switch("timestamps", 't', "Show timestamps"),
            Option.Text("until", '\0', "Show logs before a timestamp or relative"),
        ],
        Examples = [("hypr compose logs -f", "all, as they come"), ("hypr compose logs --tail 20 web", "the last twenty lines of web's VMs")],
        Run = ComposeGroup.Telling(Run),
    };

    private static int Run(CommandLine line, Session session)
    {
        var stack = Stack.Find(line, session);
        var machines = stack.Machines(line.Words);
        if (line.Number("index", 1) is { } index)
            machines = [.. machines.Where(m => m.Number == index)];
        var view = new LogView(session, !line.On("no-color"), !line.On("no-log-prefix"));
        view.Announce(machines.Select(m => Short(stack.Name, m.Name)));
        var threads = machines.Select(m => new Thread(() => Copy(session, view, m, Short(stack.Name, m.Name), Of(line, session, m))) { IsBackground = true })
            .ToList();
        // Each after the other unless they go on: so each VM's lines stay together.
        foreach (var thread in threads)
        {
            thread.Start();
            if (!line.On("follow"))
                thread.Join();
        }
        threads.ForEach(t => t.Join());
        return 0;
    }

    private static Query Of(CommandLine line, Session session, PresentMachine machine) => new Query("containers", machine.Id, "logs")
        .Add("stdout", true)
        .Add("stderr", true)
        .Add("follow", line.On("follow"))
        .Add("timestamps", line.On("timestamps"))
        .Add("since", Moment(line, session, "since"))
        .Add("until", Moment(line, session, "until"))
        .Add("tail", line.Text("tail") ?? "all");

    private static string? Moment(CommandLine line, Session session, string option) =>
        line.Text(option) is { } text ? Durations.Moment("--" + option, text, session.Now) : null;

    /// <summary>The VM's name without its stack's: <c>web-1</c>; one of its own stays.</summary>
    public static string Short(string stack, string name) =>
        name.StartsWith(stack + "-", StringComparison.Ordinal) ? name[(stack.Length + 1)..] : name;

    /// <summary>Copies to its end; what goes wrong is told and ends only this.</summary>
    public static void Copy(Session session, LogView view, PresentMachine machine, string name, Query logs)
    {
        try
        {
            bool tty = session.Api.Get(new Query("containers", machine.Id, "json")).IsTrue("Config", "Tty");
            using var answer = session.Api.Send("GET", logs);
            using var output = view.Of(name, isError: false);
            using var error = view.Of(name, isError: true);
            if (tty)
                answer.Body.CopyTo(output);
            else
                StreamFrames.CopyTo(answer.Body.Read, output, error);
        }
        catch (HyprException e) when (e.Kind == ErrorKind.NotFound)
        {
            // Removed meanwhile: it has nothing more to say.
        }
        catch (Exception e) when (e is HyprException or IOException)
        {
            if (e is Terminal.BrokenPipeException)
                System.Environment.Exit(128 + 13);
            session.Fail($"the logs of {machine.Name} have broken off: {e.Message}");
        }
    }
}
