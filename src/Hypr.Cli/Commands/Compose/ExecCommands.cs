using System.Security.Cryptography;
using System.Text.Json;
using Hypr.Api.Client;
using Hypr.Api.Contracts;
using Hypr.Cli.Arguments;
using Hypr.Cli.Commands.Machines;
using Hypr.Cli.Terminal;
using Hypr.Compose.Model;
using Hypr.Compose.Plan;
using Hypr.Primitives;

namespace Hypr.Cli.Commands.Compose;

/// <summary><c>hypr compose exec</c> and <c>run</c>.</summary>
internal static class ExecCommands
{
    public static readonly CommandSpec Exec = new("exec", "Execute a command in a running VM of a service")
    {
        Words = "SERVICE COMMAND [ARG...]",
        Count = (2, int.MaxValue),
        Options =
        [
            Option.Switch("detach", 'd', "Detached mode: run command in the background"),
            Option.List("env", 'e', "Set environment variables"),
            Option.List("env-file", '\0', "Read in a file of environment variables"),
            Option.Text("index", '\0', "Number of the VM of the service", "int"),
            Option.Switch("interactive", 'i', "As always; false: without your input"),
            Option.Switch("no-tty", 'T', "Without a pseudo-TTY (default: one if this is a terminal)"),
            Option.Switch("privileged", '\0', "Give extended privileges to the command"),
            Option.Text("user", 'u', "Username or UID (format: <name|uid>[:<group|gid>])"),
            Option.Text("workdir", 'w', "Working directory inside the VM"),
        ],
        Order = OptionOrder.BeforeFirstWord,
        Examples = [("hypr compose exec web sh", "a shell in web's VM"), ("hypr compose exec -T db cat /etc/hosts > hosts", "its output in a file")],
        Run = ComposeGroup.Telling(RunExec),
    };

    public static readonly CommandSpec Run = new("run", "Run a one-off command in a new VM of a service")
    {
        Words = "SERVICE [COMMAND] [ARG...]",
        Count = (1, int.MaxValue),
        Options =
        [
            Option.Switch("detach", 'd', "Run the VM in background and print its name"),
            Option.Text("entrypoint", '\0', "Override the entrypoint of the image"),
            Option.List("env", 'e', "Set environment variables"),
            Option.List("env-file", '\0', "Read in a file of environment variables"),
            Option.Switch("interactive", 'i', "As always; false: without your input"),
            Option.List("label", 'l', "Add or override a label"),
            Option.Text("name", '\0', "Assign a name to the VM"),
            Option.Switch("no-deps", '\0', "Don't start the services that it depends on"),
            Option.Switch("no-tty", 'T', "Without a pseudo-TTY (default: one if this is a terminal)"),
            Option.List("publish", 'p', "Publish a VM's port(s) to the host"),
            Option.Switch("quiet-pull", '\0', "Pull without showing progress"),
            Option.Switch("rm", '\0', "Remove the VM when it exits"),
            Option.Switch("service-ports", 'P', "Publish the service's ports too"),
            Option.Switch("use-aliases", '\0', "With the service's names on its networks"),
            Option.Text("user", 'u', "Run as this username or UID"),
            Option.Text("workdir", 'w', "Working directory inside the VM"),
        ],
        Order = OptionOrder.BeforeFirstWord,
        Examples = [("hypr compose run --rm api sh", "a shell beside the stack, with what api depends on started"), ("hypr compose run --rm -e A=1 api make test", "one command")],
        Run = ComposeGroup.Telling(RunRun),
    };

    private static int RunExec(CommandLine line, Session session)
    {
        var machine = Stack.Find(line, session).One(line.Words[0], line.Number("index", 1));
        bool detach = line.On("detach");
        bool input = !detach && !(line.Has("interactive") && !line.On("interactive"));
        bool tty = !detach && !line.On("no-tty") && session.Io.InputIsTerminal && session.Io.OutputIsTerminal;
        return ExecCommand.Execute(session, machine.Id, new CreateExecRequest
        {
            User = line.Text("user"),
            Privileged = line.On("privileged"),
            Tty = tty,
            ConsoleSize = Size(tty),
            AttachStdin = input,
            AttachStdout = !detach,
            AttachStderr = !detach,
            Detach = detach,
            Env = CreateRequest.Environment(line, session),
            WorkingDir = line.Text("workdir"),
            Cmd = line.Words[1..],
        }, DetachKeys.Parse(DetachKeys.Default));
    }

    private static List<int>? Size(bool tty) => tty && WindowSize.Of(1) is { } size ? [size.Rows, size.Columns] : null;

    private static int RunRun(CommandLine line, Session session)
    {
        var stack = Stack.Load(line, session, named: [line.Words[0]]);
        var project = stack.Project!;
        stack.MustHave([line.Words[0]]);
        var service = project.Services.First(s => s.Name == line.Words[0]);

        // 1. What it needs: networks and image, and what it depends on running.
        int code = Prepare(line, session, stack, service);
        if (code != 0)
            return code;

        // 2. The VM itself.
        bool detach = line.On("detach");
        var request = Request(line, session, stack, service, detach, out string machine);
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(request, HyprJson.Wire.CreateContainerRequest);
        using var undo = new Undo(session);
        var created = undo.Creating(() => session.Api.Post(new Query("containers", "create").Add("name", machine).Add("platform", service.Platform), json));
        string id = created.Text("Id");
        undo.Created(id);
        foreach (var warning in created.Items("Warnings"))
            session.Warn(Stack.Shown($"{service.At}: services.{service.Name}: {warning.GetString()}"));
        if (!detach)
            return RunCommand.Attached(session, request, id, null, DetachKeys.Parse(DetachKeys.Default), proxies: !request.Tty, undo);
        undo.Done();
        session.Api.Post(new Query("containers", id, "start"));
        session.Io.WriteLine(machine);
        return 0;
    }

    private static int Prepare(CommandLine line, Session session, Stack stack, Service service)
    {
        var project = stack.Project!;
        string[] needed = line.On("no-deps") ? [] : [.. service.DependsOn.Select(d => d.Service).Concat(service.Links.Select(l => l.Split(':')[0]))
            .Where(d => project.Services.Any(s => s.Name == d))];
        using var cancel = new CancellationTokenSource();
        using var signals = new Interrupts(() => cancel.Cancel(), () => System.Environment.Exit(130));
        var present = stack.Reader.Read(project.Name, project.Services.Select(s => s.Image).OfType<string>());
        var plan = UpPlan.ForOneOff(project, present, service, needed);
        return stack.Run(plan, stack.Progress(line, line.On("quiet-pull") && needed.Length == 0), cancel.Token);
    }

    private static CreateContainerRequest Request(
        CommandLine line, Session session, Stack stack, Service service, bool detach, out string machine)
    {
        string slug = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(6));
        machine = line.Text("name") ?? $"{stack.Name}-{service.Name}-run-{slug}";
        string image = stack.Reader.ImageId(service.Image!) ?? throw HyprException.NotFound($"the image {service.Image} is not there");
        var request = MachineRequest.OneOff(stack.Project!, service, machine, slug, image, line.On("use-aliases"));
        bool input = !detach && !(line.Has("interactive") && !line.On("interactive"));
        request.Tty = !detach && !line.On("no-tty") && session.Io.InputIsTerminal && session.Io.OutputIsTerminal;
        request.AttachStdin = request.OpenStdin = request.StdinOnce = input;
        request.AttachStdout = request.AttachStderr = !detach;
        if (line.Words.Count > 1)
            request.Cmd = line.Words[1..];
        if (line.Text("entrypoint") is { } entrypoint)
        {
            request.Entrypoint = [entrypoint];
            request.Cmd ??= [];
        }
        request.User = line.Text("user") ?? request.User;
        request.WorkingDir = line.Text("workdir") ?? request.WorkingDir;
        var env = CreateRequest.Environment(line, session) ?? [];
        request.Env = [.. request.Env!.Where(e => env.All(own => own.Split('=')[0] != e.Split('=')[0])), .. env];
        foreach (var (key, value) in KeyValues.Parse(line, "label"))
            request.Labels![key] = value;
        var host = request.HostConfig!;
        host.ConsoleSize = Size(request.Tty);
        host.AutoRemove = line.On("rm");
        host.RestartPolicy = null;
        if (!line.On("service-ports"))
            host.PortBindings = null;
        var exposed = new SortedDictionary<string, EmptyObject?>(request.ExposedPorts ?? [], StringComparer.Ordinal);
        foreach (var (port, bindings) in CreateRequest.Ports(line, exposed) ?? [])
            (host.PortBindings ??= [])[port] = bindings;
        request.ExposedPorts = exposed.Count > 0 ? new Dictionary<string, EmptyObject?>(exposed) : null;
        return request;
    }
}
