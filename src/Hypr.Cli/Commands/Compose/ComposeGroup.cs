using Hypr.Cli.Arguments;
using Hypr.Compose.Load;

namespace Hypr.Cli.Commands.Compose;

/// <summary><c>hypr compose</c>: its options, its commands, and a sentence for each of Docker's that is not there.</summary>
internal static class ComposeGroup
{
    public static readonly CommandSpec Group = new("compose", "Define and run stacks of VMs with compose files")
    {
        Options =
        [
            Option.List("file", 'f', "Compose files, each over the one before; - reads standard input (default: the compose file here or above)", "file"),
            Option.Text("project-name", 'p', "Name of the stack (default: the file's name, else the folder's)"),
            Option.List("profile", '\0', "Enable the services of a profile; * for all", "profile"),
            Option.List("env-file", '\0', "File of variables for the compose file (default .env beside it)", "file"),
            Option.Text("project-directory", '\0', "Folder that relative paths start from (default: the first file's)", "path"),
            Option.Text("progress", '\0', "How progress is shown: auto, tty, plain, quiet (default auto)"),
        ],
        Examples =
        [
            ("hypr compose up -d", "the stack of the compose file here, in the background"),
            ("hypr compose -f base.yaml -f prod.yaml up -d", "two files, the second over the first"),
            ("cat compose.yaml | hypr compose -f - up -d", "from standard input; relative paths start here"),
            ("hypr compose -p shop ps", "by name, from anywhere, without the file"),
        ],
        Commands =
        [
            UpCommand.Command,
            DownCommand.Command,
            PsCommand.Command,
            LsCommand.Command,
            LogsCommand.Command,
            ConfigCommand.Command,
            ExecCommands.Exec,
            ExecCommands.Run,
            UpCommand.Create,
            StateCommands.Start,
            StateCommands.Stop,
            StateCommands.Restart,
            StateCommands.Kill,
            StateCommands.Remove,
            StateCommands.Pause,
            StateCommands.Unpause,
            UpCommand.Scale,
            ImageCommands.Pull,
            ImageCommands.Images,
            LookCommands.Port,
            LookCommands.Top,
            LookCommands.Version,
            VolumesCommand.Command,
            Missing("build", "HYPR does not build: build with docker, podman or buildkit, load it (hypr load), and name it with image"),
            Missing("push", "HYPR does not push images: push with docker, podman or skopeo"),
            Missing("watch", "HYPR does not watch sources. Build, hypr load, and hypr compose up -d, which recreates what changed"),
            Missing("cp", "copying is not in HYPR yet: use hypr compose exec -T SERVICE tar"),
            Missing("events", "use hypr events --filter label=com.docker.compose.project=STACK"),
            Missing("attach", "use hypr attach VM; hypr compose ps names the VMs"),
            Missing("wait", "use hypr wait VM; hypr compose ps names the VMs"),
            Missing("stats", "measurements of VMs are not in HYPR yet"),
            Missing("commit", "HYPR does not make images: build with docker, podman or buildkit"),
            Missing("export", "use hypr compose exec -T SERVICE tar"),
            Missing("publish", "HYPR does not publish stacks"),
            Missing("bridge", "HYPR does not convert stacks"),
        ],
    };

    /// <summary>Every problem of the files on a line of its own, and exit code 1, as docker compose has it.</summary>
    public static Func<CommandLine, Session, int> Telling(Func<CommandLine, Session, int> run) => (line, session) =>
    {
        try
        {
            return run(line, session);
        }
        catch (ComposeException e)
        {
            foreach (var problem in e.Problems)
                session.Fail(Stack.Shown(problem.ToString()));
            return 1;
        }
    };

    private static CommandSpec Missing(string name, string why) => new(name, "Not in HYPR")
    {
        Hidden = true,
        Order = OptionOrder.Unread,
        Count = (0, int.MaxValue),
        Run = (_, _) => throw new ExitException(1, $"hypr compose {name}: {why}"),
    };
}
