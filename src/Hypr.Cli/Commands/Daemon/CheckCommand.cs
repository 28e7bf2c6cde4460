using Hypr.Api.Client;
using Hypr.Cli.Arguments;
using Hypr.Cli.Output;

namespace Hypr.Cli.Commands.Daemon;

/// <summary><c>hypr system check</c></summary>
internal static class CheckCommand
{
    public static readonly CommandSpec Command = new("check", "Check that database, kernel, files and processes agree")
    {
        Options = [Option.Switch("json", '\0', "Print the answer as JSON")],
        Examples = [("hypr system check", "prints what disagrees and exits 1, or says that nothing does")],
        Run = Run,
    };

    private static int Run(CommandLine line, Session session)
    {
        var state = session.Api.Get(new Query("hypr", "check"));
        string[] faults = [.. state.Items("Faults").Select(f => f.GetString()!)];
        if (line.On("json"))
            session.Io.WriteLine(JsonText.Compact(state));
        else if (faults.Length == 0)
            session.Io.WriteLine($"nothing is wrong: {state.Text("Machines")} VMs ({state.Text("Running")} running), {state.Text("Networks")} networks, {state.Text("Images")} images");
        else
            Array.ForEach(faults, session.Io.WriteLine);
        return faults.Length == 0 ? 0 : 1;
    }
}
