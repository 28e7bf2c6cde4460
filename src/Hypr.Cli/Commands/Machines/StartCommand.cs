using Hypr.Api.Client;
using Hypr.Cli.Arguments;
using Hypr.Cli.Terminal;
using Hypr.Primitives;

namespace Hypr.Cli.Commands.Machines;

/// <summary><c>hypr start</c> and <c>hypr attach</c>.</summary>
internal static class StartCommand
{
    private static readonly Option Keys = Option.Text("detach-keys", '\0',
        "Override the key sequence for detaching (default ctrl-p,ctrl-q)");
    private static readonly Option Proxy = new("sig-proxy", "Proxy all received signals to the process (default true)");

    public static readonly CommandSpec Command = new("start", "Start one or more stopped VMs")
    {
        Words = "VM [VM...]",
        Count = (1, int.MaxValue),
        Options =
        [
            Option.Switch("attach", 'a', "Attach STDOUT/STDERR and forward signals"),
            Keys,
            Option.Switch("interactive", 'i', "Attach the VM's STDIN"),
        ],
        Examples = [("hypr start web", "in the background, with the address it had"), ("hypr start -ai job", "with its output here")],
        Run = (line, session) =>
        {
            if (!line.On("attach") && !line.On("interactive"))
                return EachName.Do(line, session, name => EachName.Post(session, name, "start"));
            if (line.Words.Count > 1)
                throw new UsageException(line, "start -a takes one VM: its output is yours", UsageException.BadWords);
            return Join(line, session, starts: true, input: line.On("interactive"));
        },
        Completes = "vm",
    };

    public static readonly CommandSpec Attach = new("attach", "Attach local standard input, output, and error streams to a running VM")
    {
        Words = "VM",
        Count = (1, 1),
        Options = [Keys, Option.Switch("no-stdin", '\0', "Do not attach STDIN"), Proxy],
        Examples = [("hypr attach web", "ctrl-p ctrl-q leaves it running")],
        Run = (line, session) => Join(line, session, starts: false, input: !line.On("no-stdin")),
        Completes = "vm",
    };

    private static int Join(CommandLine line, Session session, bool starts, bool input)
    {
        var keys = DetachKeys.Parse(line.Text("detach-keys") ?? DetachKeys.Default);
        string name = line.Words[0];
        var machine = session.Api.Get(new Query("containers", name, "json"));
        string id = machine.Text("Id");
        if (!starts && !machine.IsTrue("State", "Running"))
            throw HyprException.Conflict($"cannot attach to {name}: it is not running. Start it: hypr start {name}");
        if (!starts && machine.IsTrue("State", "Paused"))
            throw HyprException.Conflict($"cannot attach to {name}: it is paused. Go on with it: hypr unpause {name}");
        bool tty = machine.IsTrue("Config", "Tty");
        input &= machine.IsTrue("Config", "OpenStdin");
        if (tty && input && !session.Io.InputIsTerminal)
            throw new ExitException(1,
                $"{name} has a terminal, and standard input is none. Run it in a terminal{(starts ? "" : ", or with --no-stdin")}");
        using var stream = session.Api.Hijack(new Query("containers", id, "attach")
            .Add("stream", true)
            .Add("stdin", input)
            .Add("stdout", true)
            .Add("stderr", true)
            .Add("detachKeys", line.Text("detach-keys")));
        bool removed = machine.IsTrue("HostConfig", "AutoRemove");
        string condition = removed ? "removed" : starts ? "next-exit" : "not-running";
        using var wait = session.Api.Send("POST", new Query("containers", id, "wait").Add("condition", condition));
        using var proxy = tty || (line.Command == Attach && line.Has("sig-proxy") && !line.On("sig-proxy"))
            ? null
            : new SignalProxy(session, id);
        if (starts)
            Start(session, id);
        using var attachment = new Attachment(session, stream, tty, input, keys, size => RunCommand.Resize(session, id, size));
        attachment.Resize();
        return attachment.Run() ? 0 : RunCommand.ExitCode(wait);
    }

    private static void Start(Session session, string id)
    {
        try
        {
            session.Api.Post(new Query("containers", id, "start"));
        }
        catch (HyprException e)
        {
            throw new ExitException(1, e.Message);
        }
    }
}
