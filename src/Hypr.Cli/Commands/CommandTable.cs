using Hypr.Cli.Arguments;
using Hypr.Cli.Commands.Daemon;
using Hypr.Cli.Commands.Files;
using Hypr.Cli.Commands.Images;
using Hypr.Cli.Commands.Machines;
using Hypr.Cli.Commands.Networks;
using Hypr.Cli.Commands.Volumes;
using Hypr.Cli.Completion;

namespace Hypr.Cli.Commands;

/// <summary>Every command there is, in the order of the help.</summary>
internal static class CommandTable
{
    public static readonly CommandSpec[] All =
    [
        RunCommand.Command,
        ExecCommand.Command,
        PsCommand.Command,
        PullCommand.Command,
        ImageCommands.List,
        LogsCommand.Command,
        StateCommands.Stop,
        StateCommands.Remove,
        VersionCommand.Command,
        InfoCommand.Command,
        new("container", "Manage VMs")
        {
            Aliases = ["vm"],
            Commands =
            [
                StartCommand.Attach,
                MakingCommands.Commit,
                CopyCommand.Command,
                RunCommand.Create,
                FileCommands.Diff,
                ExecCommand.Command,
                FileCommands.Export,
                Inspecting.OfOneKind(
                    "container", "Display detailed information on one or more VMs", "VM [VM...]",
                        "hypr container inspect -f '{{.State.Status}}' web"),
                StateCommands.Kill,
                LogsCommand.Command,
                PsCommand.OfName("ls", "ps", "list"),
                StateCommands.Pause,
                PortCommand.Command,
                SystemCommands.PruneMachines,
                StateCommands.Rename,
                StateCommands.Restart,
                StateCommands.Remove,
                RunCommand.Command,
                StartCommand.Command,
                StatsCommand.Command,
                StateCommands.Stop,
                TopCommand.Command,
                StateCommands.Unpause,
                StateCommands.Update,
                StateCommands.Wait,
            ],
        },
        ImageCommands.Group,
        NetworkCommands.Group,
        VolumeCommands.Group,
        Compose.ComposeGroup.Group,
        SystemCommands.Group,
        StartCommand.Attach,
        MakingCommands.Commit,
        CompletionCommands.Completion,
        CopyCommand.Command,
        RunCommand.Create,
        DoctorCommand.Command,
        FileCommands.Diff,
        EventsCommand.Command,
        FileCommands.Export,
        ImageCommands.History,
        MakingCommands.Import,
        Inspecting.Command,
        StateCommands.Kill,
        ImageCommands.Load,
        LoginCommands.Login,
        LoginCommands.Logout,
        StateCommands.Pause,
        PortCommand.Command,
        StateCommands.Rename,
        StateCommands.Restart,
        ImageCommands.Remove,
        ImageCommands.Save,
        StartCommand.Command,
        StatsCommand.Command,
        ImageCommands.Tag,
        TopCommand.Command,
        StateCommands.Unpause,
        StateCommands.Update,
        StateCommands.Wait,
        CompletionCommands.Complete,
        CompletionCommands.Man,
    ];
}
