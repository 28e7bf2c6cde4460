using System.Text.Json;
using Hypr.Api.Client;
using Hypr.Api.Contracts;
using Hypr.Cli.Arguments;
using Hypr.Primitives;

namespace Hypr.Cli.Commands.Machines;

/// <summary>The verbs that change a VM's state: stop, restart, kill, rm, pause, unpause, rename, wait, update.</summary>
internal static class StateCommands
{
    private static readonly Option Signal = Option.Text("signal", 's', "Signal to send to the VM's process");
    private static readonly Option Timeout = Option.Text("timeout", 't', "Seconds to wait before killing the VM (-1: without end)", "int");
    private static readonly Option Time = Option.Text("time", '\0', "The same as --timeout", "int");

    public static readonly CommandSpec Stop = OfEach("stop", "Stop one or more running VMs", "stop", "hypr stop web",
        "SIGTERM, and after 10 seconds the power is off");

    public static readonly CommandSpec Restart = OfEach("restart", "Restart one or more VMs", "restart", "hypr restart -t 2 web",
        "with two seconds of patience");

    public static readonly CommandSpec Kill = new("kill", "Kill one or more running VMs")
    {
        Words = "VM [VM...]",
        Count = (1, int.MaxValue),
        Options = [Signal],
        Examples = [("hypr kill -s HUP web", "sends SIGHUP to its process"), ("hypr kill web", "ends it at once")],
        Run = (line, session) => EachName.Do(line, session, name =>
            EachName.Post(session, name, "kill", q => q.Add("signal", line.Text("signal") ?? "KILL"))),
        Completes = "vm",
    };

    public static readonly CommandSpec Remove = new("rm", "Remove one or more VMs")
    {
        Aliases = ["remove"],
        Words = "VM [VM...]",
        Count = (1, int.MaxValue),
        Options =
        [
            Option.Switch("force", 'f', "Force the removal of a running VM"),
            Option.Switch("link", 'l', "Remove the specified link"),
            Option.Switch("volumes", 'v', "Remove anonymous volumes associated with the VM"),
        ],
        Examples = [("hypr rm web", "a stopped VM"), ("hypr rm -f web db", "running ones too")],
        Run = RunRemove,
        Completes = "vm",
    };

    public static readonly CommandSpec Pause = OfPost("pause", "Pause all processes within one or more VMs");

    public static readonly CommandSpec Unpause = OfPost("unpause", "Unpause all processes within one or more VMs");

    public static readonly CommandSpec Rename = new("rename", "Rename a VM")
    {
        Words = "VM NEW_NAME",
        Count = (2, 2),
        Examples = [("hypr rename web www", "its DNS name changes with it")],
        Run = (line, session) =>
        {
            if (line.Words[1].Trim('/').Length == 0)
                throw new UsageException(line, "the new name is empty", UsageException.BadWords);
            session.Api.Post(new Query("containers", line.Words[0], "rename").Add("name", line.Words[1]));
            return 0;
        },
        Completes = "vm",
    };

    public static readonly CommandSpec Wait = new("wait", "Block until one or more VMs stop, then print their exit codes")
    {
        Words = "VM [VM...]",
        Count = (1, int.MaxValue),
        Examples = [("hypr wait job", "prints 0 when it ended well")],
        Run = (line, session) => EachName.Do(line, session, name =>
        {
            using var wait = session.Api.Send("POST", new Query("containers", name, "wait"));
            return RunCommand.ExitCode(wait).ToString(System.Globalization.CultureInfo.InvariantCulture);
        }),
        Completes = "vm",
    };

    public static readonly CommandSpec Update = new("update", "Update configuration of one or more VMs")
    {
        Words = "VM [VM...]",
        Count = (1, int.MaxValue),
        Options =
        [
            Option.Text("cpus", '\0', "Number of CPUs", "decimal"),
            Option.Text("memory", 'm', "Memory: 512m, 1g; a bare number is in MB", "bytes"),
            Option.Text("restart", '\0', "Restart policy to apply when the VM exits"),
        ],
        Examples = [("hypr update --restart unless-stopped web", "from now on it comes back")],
        Run = RunUpdate,
        Completes = "vm",
    };

    private static CommandSpec OfEach(string name, string summary, string verb, string example, string does) => new(name, summary)
    {
        Words = "VM [VM...]",
        Count = (1, int.MaxValue),
        Options = [Signal, Timeout, Time],
        Examples = [(example, does)],
        Run = (line, session) =>
        {
            int? seconds = line.Number("timeout", -1) ?? line.Number("time", -1);
            return EachName.Do(line, session, n =>
                EachName.Post(session, n, verb, q => q.Add("signal", line.Text("signal")).Add("t", seconds)));
        },
        Completes = "vm",
    };

    private static CommandSpec OfPost(string name, string summary) => new(name, summary)
    {
        Words = "VM [VM...]",
        Count = (1, int.MaxValue),
        Examples = [($"hypr {name} web", "")],
        Run = (line, session) => EachName.Do(line, session, n => EachName.Post(session, n, name)),
        Completes = "vm",
    };

    private static int RunRemove(CommandLine line, Session session) => EachName.Do(line, session, name =>
    {
        if (name.Trim('/').Length == 0)
            throw HyprException.Invalid("a VM's name cannot be empty");
        try
        {
            session.Api.Delete(new Query("containers", name.TrimStart('/')).Add("force", line.On("force")).Add("v", line.On("volumes"))
                .Add("link", line.On("link")));
            return name;
        }
        catch (HyprException e) when (e.Kind == ErrorKind.NotFound && line.On("force"))
        {
            session.Fail(e.Message);
            return null;
        }
    });

    private static int RunUpdate(CommandLine line, Session session)
    {
        long memory = CreateRequest.Memory(line);
        long cpus = CreateRequest.Cpus(line);
        var restart = CreateRequest.Restart(line);
        if (memory == 0 && cpus == 0 && restart is null)
            throw new UsageException(line, "update: nothing to change. Give --restart, --memory or --cpus");
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(
            new HostConfig { Memory = memory, NanoCpus = cpus, RestartPolicy = restart }, HyprJson.Wire.HostConfig);
        return EachName.Do(line, session, name =>
        {
            foreach (var warning in session.Api.Post(new Query("containers", name, "update"), json).Items("Warnings"))
                session.Warn(warning.GetString()!);
            return name;
        });
    }
}
