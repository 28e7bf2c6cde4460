using System.Globalization;
using Hypr.Api.Contracts;
using Hypr.Engine.Health;
using Hypr.Engine.Machines;

namespace Hypr.Daemon.Endpoints.Containers;

/// <summary>Docker's words for a machine's state (daemon/container/state.go).</summary>
internal static class MachineWords
{
    /// <summary>A machine on its way up is, to Docker's clients, still what it was before.</summary>
    public static string State(MachineState state) => state.Status switch
    {
        MachineStatus.Running => "running",
        MachineStatus.Paused => "paused",
        MachineStatus.Restarting => "restarting",
        MachineStatus.Removing => "removing",
        MachineStatus.Exited => "exited",
        MachineStatus.Starting when state.FinishedAt is not null => "exited",
        _ => "created",
    };

    public static bool IsRunning(MachineState state) => state.Status is MachineStatus.Running or MachineStatus.Paused or MachineStatus.Restarting;

    /// <summary><c>Up 3 minutes</c>, <c>Up 3 minutes (healthy)</c>, <c>Exited (0) 2 hours ago</c>.</summary>
    public static string Status(MachineState state, HealthState? health, DateTimeOffset now) => State(state) switch
    {
        "running" => $"Up {Since(state.StartedAt, now)}{HealthShapes.Brackets(health)}",
        "paused" => $"Up {Since(state.StartedAt, now)} (Paused)",
        "restarting" => string.Create(CultureInfo.InvariantCulture, $"Restarting ({state.ExitCode}) {Since(state.FinishedAt, now)} ago"),
        "removing" => "Removal In Progress",
        "exited" => string.Create(CultureInfo.InvariantCulture, $"Exited ({state.ExitCode}) {Since(state.FinishedAt, now)} ago"),
        _ => "Created",
    };

    /// <summary>As docker ps shows it: the program and its arguments, those with a space in quotes.</summary>
    public static string Command(IReadOnlyList<string> args) =>
        string.Join(' ', args.Select((a, i) => i > 0 && a.Contains(' ') ? $"'{a}'" : a));

    /// <summary>A link as inspect has it: <c>/OTHER:/NAME/ALIAS</c>.</summary>
    public static string Link(string machine, string link)
    {
        var parts = link.Split(':');
        return $"/{parts[0]}:/{machine}/{parts[^1]}";
    }

    private static string Since(DateTimeOffset? time, DateTimeOffset now) => HumanDuration.Of(now - (time ?? now));
}
