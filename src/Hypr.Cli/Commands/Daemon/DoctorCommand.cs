using Hypr.Api.Client;
using Hypr.Cli.Arguments;
using Hypr.Cli.Output;

namespace Hypr.Cli.Commands.Daemon;

/// <summary><c>hypr doctor</c></summary>
internal static class DoctorCommand
{
    public static readonly CommandSpec Command = new("doctor", "Find out why something is not reached, and what mends it")
    {
        Words = "[VM [TARGET]]",
        Count = (0, 2),
        Options = [Option.Switch("json", '\0', "Print the findings as JSON")],
        Examples =
        [
            ("hypr doctor", "the host: forwarding, NAT, bridges, name server, upstream resolvers"),
            ("hypr doctor web", "and one VM: addresses, resolv.conf, what listens behind its ports"),
            ("hypr doctor web db:5432", "and why web does not reach port 5432 of db"),
        ],
        Run = Run,
        Completes = "vm",
    };

    private static int Run(CommandLine line, Session session)
    {
        var findings = session.Api.Get(
            new Query("hypr", "doctor").Add("machine", line.Words.ElementAtOrDefault(0)).Add("target", line.Words.ElementAtOrDefault(1)));
        if (line.On("json"))
            session.Io.WriteLine(JsonText.Compact(findings));
        foreach (var finding in line.On("json") ? [] : findings.Items())
        {
            string kind = finding.Text("Kind");
            session.Io.WriteLine($"{kind,-8}{finding.Text("Subject")}: {finding.Text("Text")}");
            if (finding.Text("Remedy") is { Length: > 0 } remedy)
                session.Io.WriteLine($"        do: {remedy}");
        }

        return findings.Items().Any(f => f.Text("Kind") == "problem") ? 1 : 0;
    }
}
