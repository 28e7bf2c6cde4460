using System.Text.Json;
using Hypr.Api.Client;
using Hypr.Api.Contracts;
using Hypr.Cli.Arguments;
using Hypr.Cli.Terminal;
using Hypr.Primitives;

namespace Hypr.Cli.Commands.Machines;

/// <summary><c>hypr run</c> and <c>hypr create</c>.</summary>
internal static class RunCommand
{
    public static readonly CommandSpec Command = new("run", "Create and run a new VM from an image")
    {
        Words = "IMAGE [OPTIONS] [COMMAND] [ARG...]",
        Count = (1, int.MaxValue),
        Options = [.. CreateOptions.All, .. CreateOptions.OfRun],
        Order = OptionOrder.AroundImage,
        Examples =
        [
            ("hypr run nginx -p 8080:80", "nginx in a VM, its port 80 on this host's 8080; Ctrl-C stops it"),
            ("hypr run -d --name web -p 8080:80 nginx", "the same in the background"),
            ("hypr run -it --rm debian bash", "a shell in a VM of its own, gone when you leave it"),
            ("hypr run -d --network mynet --ip 10.89.0.10 -m 1g --cpus 4 postgres",
                "on your network, with an address and more of the host"),
        ],
        Run = Run,
        Completes = "image",
    };

    public static readonly CommandSpec Create = new("create", "Create a new VM")
    {
        Words = "IMAGE [OPTIONS] [COMMAND] [ARG...]",
        Count = (1, int.MaxValue),
        Options = CreateOptions.All,
        Order = OptionOrder.AroundImage,
        Examples = [("hypr create --name web -p 8080:80 nginx", "everything but the start"), ("hypr start web", "and the start")],
        Run = (line, session) =>
        {
            using var undo = new Undo(session);
            string id = Creating.Create(line, session, CreateRequest.From(line, session, isDetached: true), undo);
            undo.Done();
            session.Io.WriteLine(id);
            return 0;
        },
        Completes = "image",
    };

    private static int Run(CommandLine line, Session session)
    {
        bool detach = line.On("detach");
        if (detach && line.Has("attach"))
            throw new UsageException(line, "--detach and --attach contradict each other");
        var keys = DetachKeys.Parse(line.Text("detach-keys") ?? DetachKeys.Default);
        var request = CreateRequest.From(line, session, detach);
        if (request.Tty && request.AttachStdin && !session.Io.InputIsTerminal)
            throw new ExitException(1, "-t with -i: standard input is no terminal. Leave out -t, or run it in a terminal");
        using var undo = new Undo(session);
        string id = Creating.Create(line, session, request, undo);
        if (!detach)
            return Attached(
                session, request, id, line.Text("detach-keys"), keys, (!line.Has("sig-proxy") || line.On("sig-proxy")) && !request.Tty, undo);
        Start(session, id, undo);
        undo.Done();
        session.Io.WriteLine(id);
        return 0;
    }

    /// <summary>Attach, then wait, then start: nothing of the process's output or end is missed.</summary>
    public static int Attached(
        Session session, CreateContainerRequest request, string id, string? detachKeys, DetachKeys keys, bool proxies, Undo undo)
    {
        HijackedStream stream;
        ApiAnswer wait;
        try
        {
            stream = session.Api.Hijack(new Query("containers", id, "attach")
                .Add("stream", true)
                .Add("stdin", request.AttachStdin)
                .Add("stdout", request.AttachStdout)
                .Add("stderr", request.AttachStderr)
                .Add("detachKeys", detachKeys));
            wait = session.Api.Send(
                "POST", new Query("containers", id, "wait").Add("condition", request.HostConfig!.AutoRemove ? "removed" : "next-exit"));
        }
        catch (Exception e) when (e is HyprException or IOException)
        {
            undo.Remove();
            throw;
        }
        Start(session, id, undo);
        using (wait)
        using (var proxy = proxies ? new SignalProxy(session, id) : null)
        using (var attachment = new Attachment(session, stream, request.Tty, request.AttachStdin, keys, size => Resize(session, id, size)))
        {
            // Only now: from here on a signal is the process's, or a key is.
            undo.Done();
            attachment.Resize();
            return attachment.Run() ? 0 : ExitCode(wait);
        }
    }

    /// <summary>The exit code in a wait's answer.</summary>
    /// <exception cref="HyprException">The daemon could not tell it.</exception>
    public static int ExitCode(ApiAnswer wait)
    {
        var json = wait.Json();
        return json.Text("Error", "Message") is { Length: > 0 } error
            ? throw new HyprException(ErrorKind.Internal, error)
            : (int)json.Number("StatusCode");
    }

    public static void Resize(Session session, string id, WindowSize size) =>
        session.Api.Post(new Query("containers", id, "resize").Add("h", size.Rows).Add("w", size.Columns));

    private static void Start(Session session, string id, Undo undo)
    {
        try
        {
            session.Api.Post(new Query("containers", id, "start"), cancel: undo.Interrupted);
        }
        catch (Exception e) when (e is HyprException or IOException)
        {
            undo.Remove();
            throw new ExitException(StartError.ExitCode(e.Message), e.Message);
        }
    }
}
