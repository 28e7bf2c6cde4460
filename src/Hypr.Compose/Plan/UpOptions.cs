namespace Hypr.Compose.Plan;

public enum Recreate
{
    /// <summary>Where the configuration or the image differs.</summary>
    Changed,
    Always,
    Never,
}

public sealed record UpOptions
{
    /// <summary>With what they depend on; empty: all.</summary>
    public IReadOnlyList<string> Services { get; init; } = [];

    /// <summary>Without what they depend on.</summary>
    public bool Alone { get; init; }
    public Recreate Recreate { get; init; }
    public bool RemoveOrphans { get; init; }

    /// <summary>Over the file's number, by service.</summary>
    public IReadOnlyDictionary<string, int> Scale { get; init; } = new Dictionary<string, int>();

    /// <summary>Only create.</summary>
    public bool NoStart { get; init; }

    /// <summary><c>always</c>, <c>missing</c>, <c>never</c> over every service's own.</summary>
    public string? Pull { get; init; }

    /// <summary>Done when every VM runs, and is healthy where it has a check.</summary>
    public bool Wait { get; init; }

    /// <summary>Seconds for a VM that is replaced or removed; null: its own.</summary>
    public int? Timeout { get; init; }
}
