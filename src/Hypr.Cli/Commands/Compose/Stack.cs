using Hypr.Cli.Arguments;
using Hypr.Cli.Commands.Images;
using Hypr.Compose.Apply;
using Hypr.Compose.Load;
using Hypr.Compose.Model;
using Hypr.Compose.Plan;

namespace Hypr.Cli.Commands.Compose;

/// <summary>The stack that a command is about: from its files, or, named with <c>-p</c> and without files, from the labels of what is there.</summary>
/// <param name="project">Null: only the name is known.</param>
internal sealed class Stack(Session session, string name, ComposeProject? project)
{
    public string Name => name;

    public ComposeProject? Project => project;

    public StackReader Reader { get; } = new(session.Api);

    /// <summary>From its files, with what they warn of told on standard error.</summary>
    /// <param name="place">A folder or a file instead of what the options say.</param>
    /// <param name="named">Services that were named: they are of the project whatever their profiles.</param>
    /// <exception cref="ComposeException">They are wrong.</exception>
    public static Stack Load(CommandLine line, Session session, string? place = null, IReadOnlyList<string>? named = null)
    {
        var group = line.Group;
        var loaded = Loader.Load(new LoadRequest(
            place is not null && Directory.Exists(place) ? Path.GetFullPath(place) : Directory.GetCurrentDirectory(),
            place is null ? group?.All("file") ?? [] : File.Exists(place) ? [place] : [],
            group?.Text("project-name"),
            group?.All("env-file") ?? [],
            group?.All("profile") ?? [],
            session.Environment,
            place is null ? group?.Text("project-directory") : null,
            named ?? line.Words,
            () => new StreamReader(session.Io.Input).ReadToEnd()));
        foreach (string note in loaded.Notes)
            session.Warn(Shown(note));
        foreach (var warning in loaded.Warnings)
            session.Warn(Shown(warning.ToString()));
        return new Stack(session, loaded.Project.Name, loaded.Project);
    }

    /// <summary>For what needs no files: with <c>-p</c> alone they are not read, as Docker has it.</summary>
    public static Stack Find(CommandLine line, Session session) =>
        line.Group?.Text("project-name") is { } name && !line.Group.Has("file") ? Named(session, name) : Load(line, session);

    public static Stack Named(Session session, string name) =>
        ProjectName.IsValid(name)
            ? new Stack(session, name, null)
            : throw new ExitException(1, $"the stack's name '{name}' is not allowed: lower-case letters, digits, - and _, a letter or digit first");

    /// <summary>Paths below the current folder as a person would write them.</summary>
    public static string Shown(string text)
    {
        string here = Directory.GetCurrentDirectory();
        return here == "/" ? text : text.Replace(here + "/", "", StringComparison.Ordinal);
    }

    /// <summary>VMs of the services, in the order of service and number; no services: all.</summary>
    /// <exception cref="ExitException">One has no VM and is no service.</exception>
    public IReadOnlyList<PresentMachine> Machines(IReadOnlyList<string> services, bool oneOff = false)
    {
        var all = Reader.Containers(name).Select(StackReader.Machine).Where(m => oneOff || m.IsService)
            .OrderBy(m => m.Service, StringComparer.Ordinal).ThenBy(m => m.Number).ToList();
        CheckServices(services, all);
        return services.Count == 0 ? all : [.. all.Where(m => services.Contains(m.Service))];
    }

    /// <exception cref="ExitException">It has no VM.</exception>
    public PresentMachine One(string service, int? index)
    {
        var machines = Machines([service]);
        if (machines.Count == 0)
            throw new ExitException(1, $"service {service} is not running. Start it: hypr compose up -d {service}");
        return index is null
            ? machines.FirstOrDefault(m => m.IsUp) ?? machines[0]
            : machines.FirstOrDefault(m => m.Number == index)
                ?? throw new ExitException(1, $"service {service} has no VM {index}: there is {string.Join(", ", machines.Select(m => m.Number))}");
    }

    /// <summary>The named services of the files.</summary>
    /// <exception cref="ExitException">One is none.</exception>
    public void MustHave(IReadOnlyList<string> services) => CheckServices(services, []);

    private void CheckServices(IReadOnlyList<string> services, List<PresentMachine> machines)
    {
        var known = machines.Select(m => m.Service).ToHashSet();
        if (project is not null)
            known.UnionWith(project.Services.Select(s => s.Name).Concat(project.InactiveServices));
        foreach (string service in services.Where(s => !known.Contains(s)))
            throw new ExitException(1, known.Count > 0
                ? $"no such service: {service}. There are: {string.Join(", ", known.Order(StringComparer.Ordinal))}"
                : $"no such service: {service}. The stack {name} has no VMs");
    }

    public Executor Executor(IStackProgress progress) =>
        new(new StepActions(session.Api, project, (image, platform) => PullCommand.Open(session, image, platform), progress), progress);

    /// <summary>Carries out a plan with its progress shown; 0, or 1 with what failed told.</summary>
    public int Run(StackPlan plan, ProgressView progress, CancellationToken cancel = default)
    {
        foreach (string note in plan.Notes)
            progress.Warn(note);
        foreach (var warning in plan.Warnings)
            progress.Warn(warning.ToString());
        Outcome outcome;
        using (progress)
            outcome = Executor(progress).Run(plan, cancel);
        foreach (string failure in outcome.Failures)
            session.Fail(Shown(failure));
        if (outcome.Skipped.Count > 0)
            session.Fail($"not done because of that: {string.Join(", ", outcome.Skipped)}. The next hypr compose up carries on");
        return outcome.Cancelled ? 130 : outcome.Succeeded ? 0 : 1;
    }

    public ProgressView Progress(CommandLine line, bool quiet = false) => ProgressView.Of(session, quiet ? "quiet" : line.Group?.Text("progress"), line);
}
