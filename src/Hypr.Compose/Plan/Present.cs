namespace Hypr.Compose.Plan;

/// <summary>What there is of a stack on the host, as its labels say: all that a plan is made from beside the project.</summary>
/// <param name="Machines">Those of the stack, one-off ones too.</param>
/// <param name="Networks">Every network of the host: a stack may use external ones, and a name may be taken.</param>
/// <param name="Images">By name as the project writes it: its id, null when it is not there. A name that is missing was not asked for.</param>
public sealed record Present(
    IReadOnlyList<PresentMachine> Machines,
    IReadOnlyList<PresentNetwork> Networks,
    IReadOnlyDictionary<string, string?> Images)
{
    /// <summary>Every volume of the host, as the networks.</summary>
    public IReadOnlyList<PresentVolume> Volumes { get; init; } = [];

    public static Present Nothing { get; } = new([], [], new Dictionary<string, string?>());
}

/// <param name="State">Docker's: <c>created</c>, <c>running</c>, <c>paused</c>, <c>restarting</c>, <c>removing</c>, <c>exited</c>, <c>dead</c>.</param>
/// <param name="Networks">Names.</param>
public sealed record PresentMachine(string Id, string Name, string Service, int Number, string State, IReadOnlySet<string> Networks)
{
    public bool OneOff { get; init; }
    public string ConfigHash { get; init; } = "";

    /// <summary>The id of the image that it was made from.</summary>
    public string ImageId { get; init; } = "";

    /// <summary>Its volumes, by their places.</summary>
    public IReadOnlyDictionary<string, string> Volumes { get; init; } = new Dictionary<string, string>();
    public IReadOnlyList<PresentDependency> DependsOn { get; init; } = [];

    public bool IsUp => State is "running" or "restarting" or "paused";

    public bool IsService => !OneOff;
}

/// <summary>One of the label <c>depends_on</c>: <c>service:condition:restart</c>.</summary>
public sealed record PresentDependency(string Service, string Condition, bool Restart)
{
    public static IReadOnlyList<PresentDependency> Parse(string label) =>
    [
        .. label.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(d => d.Split(':'))
            .Select(d => new PresentDependency(d[0], d.Length > 1 ? d[1] : "service_started", d.Length > 2 && d[2] == "true")),
    ];
}

/// <param name="Project">Of its label; empty: of no stack.</param>
/// <param name="ConfigHash">Empty: nobody noted what it was made from.</param>
public sealed record PresentNetwork(string Id, string Name, string Project, string Key, string ConfigHash);

/// <param name="Project">Of its label; empty: of no stack.</param>
/// <param name="ConfigHash">Empty: nobody noted what it was made from.</param>
/// <param name="Anonymous">It was made for one VM and never named.</param>
public sealed record PresentVolume(string Name, string Project, string ConfigHash, bool Anonymous);
