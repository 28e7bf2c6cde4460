using System.Text.Json;
using Hypr.Api.Client;
using Hypr.Api.Contracts;
using Hypr.Cli.Arguments;
using Hypr.Cli.Terminal;
using Hypr.Primitives;

namespace Hypr.Cli.Commands.Machines;

/// <summary><c>hypr exec</c></summary>
internal static class ExecCommand
{
    public static readonly CommandSpec Command = new("exec", "Execute a command in a running VM")
    {
        Words = "VM [--] COMMAND [ARG...]",
        Count = (2, int.MaxValue),
        Options =
        [
            Option.Switch("detach", 'd', "Detached mode: run command in the background"),
            Option.Text("detach-keys", '\0', "Override the key sequence for detaching (default ctrl-p,ctrl-q)"),
            Option.List("env", 'e', "Set environment variables"),
            Option.List("env-file", '\0', "Read in a file of environment variables"),
            Option.Switch("interactive", 'i', "Keep STDIN open even if not attached"),
            Option.Switch("privileged", '\0', "Give extended privileges to the command"),
            Option.Switch("tty", 't', "Allocate a pseudo-TTY"),
            Option.Text("user", 'u', "Username or UID (format: <name|uid>[:<group|gid>])"),
            Option.Text("workdir", 'w', "Working directory inside the VM"),
        ],
        Order = OptionOrder.BeforeFirstWord,
        Examples =
        [
            ("hypr exec myvm -- cat /etc/resolv.conf", "prints the VM's resolvers"),
            ("hypr exec -it myvm sh", "a shell in it"),
            ("echo hello | hypr exec -i myvm cat", "your input is the command's"),
        ],
        Run = Run,
        Completes = "vm",
    };

    private static int Run(CommandLine line, Session session)
    {
        string machine = line.Words[0];
        bool detach = line.On("detach");
        bool tty = line.On("tty");
        bool input = line.On("interactive") && !detach;
        if (tty && input && !session.Io.InputIsTerminal)
            throw new ExitException(1, "-t with -i: standard input is no terminal. Leave out -t, or run it in a terminal");
        var keys = DetachKeys.Parse(line.Text("detach-keys") ?? DetachKeys.Default);
        List<int>? size = tty && session.Io.OutputIsTerminal && WindowSize.Of(1) is { } window ? [window.Rows, window.Columns] : null;
        var request = new CreateExecRequest
        {
            User = line.Text("user"),
            Privileged = line.On("privileged"),
            Tty = tty,
            ConsoleSize = size,
            AttachStdin = input,
            AttachStdout = !detach,
            AttachStderr = !detach,
            Detach = detach,
            DetachKeys = line.Text("detach-keys"),
            Env = CreateRequest.Environment(line, session),
            WorkingDir = line.Text("workdir"),
            Cmd = line.Words[1..],
        };
        return Execute(session, machine, request, keys);
    }

    /// <summary>Runs it to its end, with our streams unless it is detached; its exit code.</summary>
    public static int Execute(Session session, string machine, CreateExecRequest request, DetachKeys keys)
    {
        string id = session.Api.Post(
            new Query("containers", machine, "exec"), JsonSerializer.SerializeToUtf8Bytes(request, HyprJson.Wire.CreateExecRequest))
                .Text("Id");
        byte[] start = JsonSerializer.SerializeToUtf8Bytes(
            new StartExecRequest { Detach = request.Detach, Tty = request.Tty, ConsoleSize = request.ConsoleSize }, HyprJson.Wire.StartExecRequest);
        try
        {
            if (request.Detach)
            {
                session.Api.Post(new Query("exec", id, "start"), start);
                return 0;
            }
            using var stream = session.Api.Hijack(new Query("exec", id, "start"), start);
            using var attachment = new Attachment(session, stream, request.Tty, request.AttachStdin, keys, window => session.Api.Post(
                new Query("exec", id, "resize").Add("h", window.Rows).Add("w", window.Columns)));
            attachment.Resize();
            if (attachment.Run())
                return 0;
        }
        catch (HyprException e) when (StartError.ExitCode(e.Message) is 126 or 127)
        {
            throw new ExitException(StartError.ExitCode(e.Message), e.Message);
        }
        return ExitCode(session, id);
    }

    private static int ExitCode(Session session, string id)
    {
        var state = session.Api.Get(new Query("exec", id, "json"));
        if (state.IsTrue("Running"))
            throw new ExitException(1, "the connection to the command was lost while it runs. See hypr logs, or run it again");
        return (int)state.Number("ExitCode");
    }
}
