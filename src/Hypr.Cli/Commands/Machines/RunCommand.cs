using System.Runtime.InteropServices;
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
            session.Io.WriteLine(Creating.Create(line, session, CreateRequest.From(line, session, isDetached: true)));
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
        string id = Creating.Create(line, session, request);
        if (!detach)
            return Attached(
                session, request, id, line.Text("detach-keys"), keys, (!line.Has("sig-proxy") || line.On("sig-proxy")) && !request.Tty);
        using (var undo = new UndoOnInterrupt(session, id))
            Start(session, id, undo);
        session.Io.WriteLine(id);
        return 0;
    }

    /// <summary>Attach, then wait, then start: nothing of the process's output or end is missed.</summary>
    public static int Attached(
        Session session, CreateContainerRequest request, string id, string? detachKeys, DetachKeys keys, bool proxies)
    {
        HijackedStream stream;
        ApiAnswer wait;
        Attachment attachment;
        SignalProxy? proxy;
        using (var undo = new UndoOnInterrupt(session, id))
        {
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
            proxy = proxies ? new SignalProxy(session, id) : null;
            attachment = new Attachment(session, stream, request.Tty, request.AttachStdin, keys, size => Resize(session, id, size));
        }
        using (wait)
        using (proxy)
        using (attachment)
        {
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

    private static void Start(Session session, string id, UndoOnInterrupt undo)
    {
        try
        {
            session.Api.Post(new Query("containers", id, "start"));
            undo.Started();
        }
        catch (Exception e) when (e is HyprException or IOException)
        {
            undo.Remove();
            throw new ExitException(StartError.ExitCode(e.Message), e.Message);
        }
    }

    /// <summary>Until the process has started, a failure or Ctrl-C removes the VM: nobody asked for a VM that never ran.</summary>
    private sealed class UndoOnInterrupt : IDisposable
    {
        private readonly Session _session;
        private readonly string _id;
        private readonly PosixSignalRegistration[] _signals;
        private int _open = 1;

        public UndoOnInterrupt(Session session, string id)
        {
            _session = session;
            _id = id;
            _signals = [PosixSignalRegistration.Create(PosixSignal.SIGINT, Interrupted),
                PosixSignalRegistration.Create(PosixSignal.SIGTERM, Interrupted)];
        }

        private void Interrupted(PosixSignalContext context)
        {
            // Once the process has started, the signal is for who comes next: the proxy, or its default.
            if (!Remove())
                return;
            context.Cancel = true;
            System.Environment.Exit(128 + (context.Signal == PosixSignal.SIGINT ? 2 : 15));
        }

        public void Started() => Interlocked.Exchange(ref _open, 0);

        /// <summary>False when it was done, or the process has started.</summary>
        public bool Remove()
        {
            if (Interlocked.Exchange(ref _open, 0) == 0)
                return false;
            try
            {
                _session.Api.Delete(new Query("containers", _id).Add("force", true).Add("v", true));
            }
            catch (Exception e) when (e is HyprException or IOException)
            {
                // --rm may have removed it already; the failure that brought us here is what the person must read.
            }
            return true;
        }

        public void Dispose()
        {
            foreach (var signal in _signals)
                signal.Dispose();
        }
    }
}
