using System.Globalization;
using System.Runtime.InteropServices;
using Hypr.Cli.Arguments;
using Hypr.Compose.Plan;

namespace Hypr.Cli.Commands.Compose;

/// <summary><c>hypr compose up</c>, and <c>create</c> and <c>scale</c>, which are parts of it.</summary>
internal static class UpCommand
{
    private static readonly Option[] Making =
    [
        Option.Switch("force-recreate", '\0', "Recreate VMs even if nothing changed"),
        Option.Switch("no-recreate", '\0', "Leave VMs that are there as they are"),
        Option.Switch("remove-orphans", '\0', "Remove VMs of services that the file no longer has"),
        Option.List("scale", '\0', "Number of VMs of a service, over the file's", "SERVICE=NUM"),
        Option.Text("pull", '\0', "Pull images before (always, missing, never) (default each service's policy)"),
        Option.Switch("quiet-pull", '\0', "Pull without showing progress"),
        Option.Switch("build", '\0', "Not in HYPR: says how to get along without"),
        Option.Switch("no-build", '\0', "As always"),
    ];

    private static readonly Option Timeout =
        Option.Text("timeout", 't', "Seconds to stop a VM in (default: the service's stop_grace_period, else 10)", "int");

    public static readonly CommandSpec Command = new("up", "Create and start the VMs of a stack")
    {
        Words = "[SERVICE...]",
        Count = (0, int.MaxValue),
        Options =
        [
            Option.Switch("detach", 'd', "Run the VMs in the background"),
            .. Making,
            Option.Switch("no-deps", '\0', "Without the services that the named ones depend on"),
            Option.Switch("no-start", '\0', "Create the VMs, do not start them"),
            Option.Switch("wait", '\0', "Wait until the VMs run, and are healthy where they have a check; implies -d"),
            Option.Text("wait-timeout", '\0', "Seconds to wait at most", "int"),
            Option.Switch("abort-on-container-exit", '\0', "Stop all VMs when one ends"),
            Option.Text("exit-code-from", '\0', "End with the exit code of this service; implies --abort-on-container-exit", "service"),
            Option.Switch("no-color", '\0', "Logs without colours"),
            Option.Switch("no-log-prefix", '\0', "Logs without the VM's name before each line"),
            Option.Switch("timestamps", '\0', "Logs with timestamps"),
            Timeout,
        ],
        Examples =
        [
            ("hypr compose up", "with all logs here; Ctrl-C stops the stack"),
            ("hypr compose up -d --wait", "in the background, and back when all is healthy"),
            ("hypr compose up -d --scale web=3", "three VMs of web"),
        ],
        Run = ComposeGroup.Telling(Run),
    };

    public static readonly CommandSpec Create = new("create", "Create the VMs of a stack without starting them")
    {
        Words = "[SERVICE...]",
        Count = (0, int.MaxValue),
        Options = Making,
        Examples = [("hypr compose create", "networks and VMs, ready to start"), ("hypr compose start", "and the start")],
        Run = ComposeGroup.Telling((line, session) => Bring(line, session, Stack.Load(line, session), Options(line, line.Words) with { NoStart = true })),
    };

    public static readonly CommandSpec Scale = new("scale", "Set how many VMs a service has")
    {
        Words = "SERVICE=NUM [SERVICE=NUM...]",
        Count = (1, int.MaxValue),
        Options = [Option.Switch("no-deps", '\0', "Without the services that the named ones depend on")],
        Examples = [("hypr compose scale web=3", "three VMs of web")],
        Run = ComposeGroup.Telling((line, session) =>
        {
            var scale = Numbers(line, line.Words, "");
            return Bring(line, session, Stack.Load(line, session),
                new UpOptions { Services = [.. scale.Keys], Scale = scale, Alone = line.On("no-deps"), Recreate = Recreate.Never });
        }),
    };

    private static int Run(CommandLine line, Session session)
    {
        if (line.On("build"))
            throw new ExitException(1, "up --build: HYPR does not build. Build with docker, podman or buildkit, load it (hypr load), and name it with image");
        bool detach = line.On("detach") || line.On("wait") || line.On("no-start");
        if (line.On("detach") && (line.On("abort-on-container-exit") || line.Has("exit-code-from")))
            throw new UsageException(line, "--detach and --abort-on-container-exit contradict each other");
        var options = Options(line, line.Words) with
        {
            Alone = line.On("no-deps"),
            NoStart = line.On("no-start"),
            Wait = line.On("wait"),
            Timeout = line.Number("timeout", -1),
        };
        var stack = Stack.Load(line, session);
        return detach ? Bring(line, session, stack, options) : Attached(line, session, stack, options);
    }

    private static UpOptions Options(CommandLine line, IReadOnlyList<string> services)
    {
        if (line.On("force-recreate") && line.On("no-recreate"))
            throw new UsageException(line, "--force-recreate and --no-recreate contradict each other");
        return new UpOptions
        {
            Services = services,
            Recreate = line.On("force-recreate") ? Recreate.Always : line.On("no-recreate") ? Recreate.Never : Recreate.Changed,
            RemoveOrphans = line.On("remove-orphans"),
            Scale = Numbers(line, line.All("scale"), "--scale "),
            Pull = line.Text("pull") switch
            {
                null or "policy" => null,
                "always" or "missing" or "never" => line.Text("pull"),
                _ => throw line.Bad("pull", "it is one of always, missing, never, policy"),
            },
        };
    }

    private static Dictionary<string, int> Numbers(CommandLine line, IReadOnlyList<string> words, string option)
    {
        var numbers = new Dictionary<string, int>();
        foreach (string[] pair in words.Select(w => w.Split('=')))
        {
            if (pair.Length != 2 || !int.TryParse(pair[1], NumberStyles.None, CultureInfo.InvariantCulture, out int number))
                throw new UsageException(line, $"{option}\"{string.Join('=', pair)}\": not of the form SERVICE=NUM");
            numbers[pair[0]] = number;
        }
        return numbers;
    }

    /// <summary>Ctrl-C leaves what is done; the next up carries on.</summary>
    private static int Bring(CommandLine line, Session session, Stack stack, UpOptions options)
    {
        using var cancel = new CancellationTokenSource();
        using var signals = new Interrupts(() => cancel.Cancel(), () => System.Environment.Exit(130));
        bool timed = line.Command == Command && line.Has("wait-timeout");
        using var timer = timed ? new Timer(_ => cancel.Cancel(), null, line.Number("wait-timeout", 1)!.Value * 1000L, -1) : null;
        int code = Bring(line, stack, options, cancel.Token);
        if (code != 130 || !timed || signals.Any)
            return code;
        session.Fail($"not all VMs were running and healthy within {line.Text("wait-timeout")} s. See hypr compose ps");
        return 1;
    }

    /// <summary>What must be pulled whatever is there, then the difference between what is and what should be.</summary>
    public static int Bring(CommandLine line, Stack stack, UpOptions options, CancellationToken cancel)
    {
        var project = stack.Project!;
        var services = project.Services.Where(s => options.Services.Count == 0 || options.Services.Contains(s.Name)).ToList();
        var pulls = PullPlan.Always(services, options.Pull);
        if (pulls.Steps.Count > 0)
        {
            int code = stack.Run(pulls, stack.Progress(line, line.Command == Command && line.On("quiet-pull")), cancel);
            if (code != 0)
                return code;
        }
        var present = stack.Reader.Read(project.Name, project.Services.Select(s => s.Image).OfType<string>());
        return stack.Run(UpPlan.Of(project, present, options), stack.Progress(line), cancel);
    }

    private static int Attached(CommandLine line, Session session, Stack stack, UpOptions options)
    {
        string? from = line.Text("exit-code-from");
        if (from is not null && stack.Project!.Services.All(s => s.Name != from))
            throw new ExitException(1, $"--exit-code-from {from}: no such service");
        var logs = new LogView(session, colors: !line.On("no-color"), prefix: !line.On("no-log-prefix"));
        var attached = new AttachedStack(session, stack, logs, line.On("timestamps"), line.On("abort-on-container-exit") || from is not null, from);
        return attached.Run(cancel => Bring(line, stack, options, cancel), options,
            plan => stack.Run(plan, stack.Progress(line)), line.Number("timeout", -1));
    }
}

/// <summary>The first Ctrl-C or SIGTERM, and the second.</summary>
internal sealed class Interrupts : IDisposable
{
    private readonly PosixSignalRegistration[] _registrations;
    private int _count;

    public Interrupts(Action first, Action second)
    {
        _registrations = [Register(PosixSignal.SIGINT), Register(PosixSignal.SIGTERM)];

        PosixSignalRegistration Register(PosixSignal signal) => PosixSignalRegistration.Create(signal, context =>
        {
            context.Cancel = true;
            if (Interlocked.Increment(ref _count) == 1)
                first();
            else
                second();
        });
    }

    public bool Any => _count > 0;

    public void Dispose()
    {
        foreach (var registration in _registrations)
            registration.Dispose();
    }
}
