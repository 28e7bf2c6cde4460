using Hypr.Cli.Arguments;
using Hypr.Compose.Plan;

namespace Hypr.Cli.Commands.Compose;

/// <summary><c>hypr compose down</c>: by the files here, by <c>-f</c>, <c>-p</c>, a folder, a file, or the name of a stack.</summary>
internal static class DownCommand
{
    public static readonly CommandSpec Command = new("down", "Stop and remove the VMs and networks of a stack")
    {
        Words = "[STACK|FOLDER|FILE|SERVICE...]",
        Count = (0, int.MaxValue),
        Options =
        [
            Option.Switch("remove-orphans", '\0', "Also VMs of services that the file no longer has"),
            Option.Text("timeout", 't', "Seconds to stop a VM in (default: the service's stop_grace_period, else 10)", "int"),
            Option.Switch("volumes", 'v', "Also the named and the anonymous volumes of the stack"),
        ],
        Examples =
        [
            ("hypr compose down", "the stack of the compose file here"),
            ("hypr compose down shop", "the stack shop, from anywhere"),
            ("hypr compose down --remove-orphans", "and what an older file left"),
        ],
        Run = ComposeGroup.Telling(Run),
    };

    private static int Run(CommandLine line, Session session)
    {
        int? timeout = line.Number("timeout", -1);
        if (line.Words.Count == 0)
            return All(line, Stack.Find(line, session), timeout);
        if (line.Words.Count == 1 && Elsewhere(line, session, line.Words[0]) is { } other)
            return All(line, other, timeout);
        var stack = Stack.Find(line, session);
        return stack.Run(LifePlans.Remove(stack.Machines(line.Words), stop: true, line.On("volumes"), timeout), stack.Progress(line));
    }

    private static int All(CommandLine line, Stack stack, int? timeout)
    {
        var present = stack.Reader.Read(stack.Name, []);
        if (present.Machines.Count == 0 && present.Networks.All(n => n.Project != stack.Name))
        {
            stack.Progress(line).Warn($"the stack {stack.Name} has nothing to remove. See hypr compose ls -a");
            return 0;
        }
        var services = stack.Project is { } project && !line.On("remove-orphans")
            ? project.Services.Select(s => s.Name).Concat(project.InactiveServices).ToHashSet()
            : null;
        var volumes = line.On("volumes") ? stack.Reader.Volumes(stack.Name) : [];
        return stack.Run(LifePlans.Down(present, stack.Name, services, volumes, line.On("volumes"), timeout), stack.Progress(line));
    }

    /// <summary>What one word names beside a service: a folder or a file, or a stack that is there. A stack goes before a service of the same name.</summary>
    private static Stack? Elsewhere(CommandLine line, Session session, string word)
    {
        if (line.Group is { } group && (group.Has("file") || group.Has("project-name")))
            return null;
        if (word is "." or ".." || word.Contains('/'))
        {
            return Path.Exists(word) ? Stack.Load(line, session, word) : throw new ExitException(1, $"{word}: no such folder or file");
        }
        var named = new Stack(session, word, null);
        if (named.Reader.Containers(word).Count > 0 || named.Reader.Networks().Any(n => n.Project == word))
            return named;
        return Path.Exists(word) ? Stack.Load(line, session, word) : null;
    }
}
