using Hypr.Cli.Arguments;
using Hypr.Compose.Plan;

namespace Hypr.Cli.Commands.Compose;

/// <summary>Commands that change the state of VMs that are there; none needs the files when the stack is named with <c>-p</c>.</summary>
internal static class StateCommands
{
    private static readonly Option Timeout =
        Option.Text("timeout", 't', "Seconds to stop a VM in (default: the service's stop_grace_period, else 10)", "int");

    public static readonly CommandSpec Start = Of("start", "Start the stopped VMs of a stack", "what was stopped, in the order of depends_on",
        (_, machines) => LifePlans.Start(machines));

    public static readonly CommandSpec Stop = Of("stop", "Stop the VMs of a stack", "what others depend on last; hypr compose start brings them back",
        (line, machines) => LifePlans.Stop(machines, line.Number("timeout", -1)), Timeout);

    public static readonly CommandSpec Restart = Of("restart", "Restart the VMs of a stack", "all, in the order of depends_on",
        (line, machines) => LifePlans.Restart(machines, line.Number("timeout", -1)), Timeout);

    public static readonly CommandSpec Kill = Of("kill", "Kill the VMs of a stack", "at once",
        (line, machines) => LifePlans.Kill(machines, line.Text("signal")), Option.Text("signal", 's', "Signal to send to the VMs (default SIGKILL)"));

    public static readonly CommandSpec Pause = Of("pause", "Pause the VMs of a stack", "they keep their memory and use no CPU",
        (_, machines) => LifePlans.Pause(machines));

    public static readonly CommandSpec Unpause = Of("unpause", "Go on with the paused VMs of a stack", "from where they were",
        (_, machines) => LifePlans.Unpause(machines));

    public static readonly CommandSpec Remove = new("rm", "Remove the stopped VMs of a stack")
    {
        Words = "[SERVICE...]",
        Count = (0, int.MaxValue),
        Options =
        [
            Option.Switch("force", 'f', "Don't ask"),
            Option.Switch("stop", 's', "Stop the VMs before, if they run"),
            Option.Switch("volumes", 'v', "Also their anonymous volumes"),
        ],
        Examples = [("hypr compose rm -f", "those that have ended"), ("hypr compose rm -fs web", "web's, though they run")],
        Run = ComposeGroup.Telling((line, session) =>
        {
            var stack = Stack.Find(line, session);
            var going = stack.Machines(line.Words).Where(m => line.On("stop") || !m.IsUp).ToList();
            if (going.Count == 0)
            {
                session.Io.WriteError("No stopped VMs");
                return 0;
            }
            if (!line.On("force") && !EachName.Confirm(session, $"This will remove {string.Join(", ", going.Select(m => m.Name))}."))
                return 0;
            return stack.Run(LifePlans.Remove(going, stop: true, line.On("volumes"), timeout: null), stack.Progress(line));
        }),
    };

    private static CommandSpec Of(
        string name, string summary, string does, Func<CommandLine, IReadOnlyList<PresentMachine>, StackPlan> plan, params Option[] options) =>
        new(name, summary)
        {
            Words = "[SERVICE...]",
            Count = (0, int.MaxValue),
            Options = options,
            Examples = [($"hypr compose {name}", does)],
            Run = ComposeGroup.Telling((line, session) =>
            {
                var stack = Stack.Find(line, session);
                var machines = stack.Machines(line.Words);
                if (machines.Count == 0)
                    throw new ExitException(1, line.Words.Count == 0
                        ? $"the stack {stack.Name} has no VMs. Make them: hypr compose up -d"
                        : $"{string.Join(", ", line.Words)}: no VMs. Make them: hypr compose up -d");
                return stack.Run(plan(line, machines), stack.Progress(line));
            }),
        };
}
