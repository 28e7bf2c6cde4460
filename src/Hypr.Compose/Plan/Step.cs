using Hypr.Compose.Load;
using Hypr.Compose.Model;

namespace Hypr.Compose.Plan;

/// <summary>Something to do to one thing, once what stands in <see cref="After"/> is done. Its text is what a person reads: <c>start VM shop-web-1</c>.</summary>
public abstract record Step
{
    public IReadOnlyList<Step> After { get; init; } = [];

    /// <summary>What it is done to, as progress shows it: <c>Network shop_default</c>, <c>VM shop-web-1</c>, <c>Image nginx</c>.</summary>
    public abstract string Subject { get; }

    protected abstract string Verb { get; }

    /// <summary>It is tried although something before it failed: only <see cref="Await"/> of what is not required.</summary>
    public virtual bool RunsAnyway => false;

    public sealed override string ToString() => $"{Verb} {char.ToLowerInvariant(Subject[0])}{Subject[1..]}".Replace(" vM ", " VM ", StringComparison.Ordinal);
}

public sealed record Pull(string Image, string? Platform, Location At) : Step
{
    public override string Subject => $"Image {Image}";
    protected override string Verb => "pull";
}

public sealed record CreateNetwork(Network Network, string Hash) : Step
{
    public override string Subject => $"Network {Network.Name}";
    protected override string Verb => "create";
}

public sealed record RemoveNetwork(string Id, string Name) : Step
{
    public override string Subject => $"Network {Name}";
    protected override string Verb => "remove";
}

public sealed record CreateVolume(Volume Volume, string Hash) : Step
{
    public override string Subject => $"Volume {Volume.Name}";
    protected override string Verb => "create";
}

public sealed record RemoveVolume(string Name) : Step
{
    public override string Subject => $"Volume {Name}";
    protected override string Verb => "remove";
}

public abstract record MachineStep(string Name) : Step
{
    public sealed override string Subject => $"VM {Name}";
}

public sealed record CreateMachine(string Name, Service Service, int Number, string Hash) : MachineStep(Name)
{
    /// <summary>Of the VM that it replaces: place to volume. What was in an anonymous volume is there again (Docker).</summary>
    public IReadOnlyDictionary<string, string> Inherited { get; init; } = new Dictionary<string, string>();

    protected override string Verb => "create";
}

public sealed record StartMachine(string Name) : MachineStep(Name)
{
    protected override string Verb => "start";
}

/// <param name="Timeout">Seconds; null: what the VM was made with.</param>
public sealed record StopMachine(string Name, int? Timeout) : MachineStep(Name)
{
    protected override string Verb => "stop";
}

public sealed record RestartMachine(string Name, int? Timeout) : MachineStep(Name)
{
    protected override string Verb => "restart";
}

public sealed record RemoveMachine(string Name, bool Volumes) : MachineStep(Name)
{
    protected override string Verb => "remove";
}

/// <param name="Signal">Null: SIGKILL.</param>
public sealed record KillMachine(string Name, string? Signal) : MachineStep(Name)
{
    protected override string Verb => "kill";
}

public sealed record PauseMachine(string Name, bool Unpause) : MachineStep(Name)
{
    protected override string Verb => Unpause ? "unpause" : "pause";
}

/// <summary>Waits until a VM is what another one needs.</summary>
/// <param name="Condition"><c>service_healthy</c>, <c>service_completed_successfully</c>, <c>running_or_healthy</c> (that of <c>up --wait</c>).</param>
/// <param name="Required">False: that it cannot be so is a warning, and those who wait go on.</param>
public sealed record Await(string Name, string Condition, bool Required, Location At) : MachineStep(Name)
{
    public const string RunningOrHealthy = "running_or_healthy";

    public override bool RunsAnyway => !Required;

    protected override string Verb => Condition switch
    {
        "service_healthy" => "await health of",
        "service_completed_successfully" => "await completion of",
        _ => "await",
    };
}
