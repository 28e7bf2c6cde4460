using System.Text.Json;
using Hypr.Cli.Arguments;
using Hypr.Cli.Commands.Volumes;
using Hypr.Compose.Plan;

namespace Hypr.Cli.Commands.Compose;

/// <summary><c>hypr compose volumes</c>: the named volumes of a stack, as <c>hypr volume ls</c> shows them.</summary>
internal static class VolumesCommand
{
    public static readonly CommandSpec Command = new("volumes", "List the volumes of a stack")
    {
        Options = [Listings.Format, Option.Switch("quiet", 'q', "Only display volume names")],
        Examples = [("hypr compose volumes", "the volumes that the stack's files name")],
        Run = ComposeGroup.Telling((line, session) =>
        {
            var stack = Stack.Find(line, session);
            return VolumeCommands.Show(line, session, VolumeCommands.All(session, [KeyValuePair.Create("label", $"{StackLabels.Project}={stack.Name}")]));
        }),
    };
}
