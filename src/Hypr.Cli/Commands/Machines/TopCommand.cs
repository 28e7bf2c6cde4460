using Hypr.Api.Client;
using Hypr.Cli.Arguments;
using Hypr.Cli.Output;

namespace Hypr.Cli.Commands.Machines;

/// <summary><c>hypr top</c>: the processes of a VM.</summary>
internal static class TopCommand
{
    public static readonly CommandSpec Command = new("top", "Display the running processes of a VM")
    {
        Words = "VM [ps OPTIONS]",
        Count = (1, int.MaxValue),
        Order = OptionOrder.BeforeFirstWord,
        Examples = [("hypr top web", "as ps -ef"), ("hypr top web -o pid,rss,cmd", "columns of your choice")],
        Run = (line, session) =>
        {
            var answer = session.Api.Get(new Query("containers", line.Words[0], "top").Add("ps_args", string.Join(' ', line.Words.Skip(1))));
            session.Io.Write(Table.Lay([
                answer.Items("Titles").Select(t => t.GetString()!).ToArray(),
                .. answer.Items("Processes").Select(p => p.Items().Select(c => c.GetString()!).ToArray()),
            ]));
            return 0;
        },
        Completes = "vm",
    };
}
