namespace Hypr.Engine.Volumes;

/// <summary>A folder or file of the host among a machine's mounts.</summary>
public sealed record FolderMount
{
    /// <summary>The host's: absolute, without dots and doubled slashes.</summary>
    public required string Source { get; init; }

    /// <summary>The place in the machine, likewise.</summary>
    public required string Target { get; init; }
    public bool ReadOnly { get; init; }

    /// <summary>A folder is made where there is nothing (<c>-v</c>, and <c>--mount</c> if asked for).</summary>
    public bool MakesSource { get; init; }
}
