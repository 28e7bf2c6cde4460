namespace Hypr.Engine.Volumes;

/// <summary>A volume among a machine's mounts.</summary>
public sealed record VolumeMount
{
    /// <summary>Its name.</summary>
    public string Volume { get; init; } = "";

    /// <summary>The place in the machine: absolute, without dots and doubled slashes.</summary>
    public required string Target { get; init; }
    public bool ReadOnly { get; init; }

    /// <summary>What the image has there is not copied into it while it is empty.</summary>
    public bool NoCopy { get; init; }

    /// <summary>It was made for this machine and goes with it, if that is asked for.</summary>
    public bool Anonymous { get; init; }
}

/// <summary>Docker's HostConfig.Mounts of type volume or bind, as asked for.</summary>
public sealed record MountRequest
{
    /// <summary><c>volume</c>, <c>bind</c>.</summary>
    public required string Type { get; init; }
    public string Source { get; init; } = "";
    public required string Target { get; init; }
    public bool ReadOnly { get; init; }
    public bool NoCopy { get; init; }

    /// <summary>Of a bind: BindOptions.CreateMountpoint.</summary>
    public bool MakesSource { get; init; }

    /// <summary>Of a bind: BindOptions.Propagation.</summary>
    public string Propagation { get; set; } = "";
    public string Driver { get; init; } = "";
    public IReadOnlyDictionary<string, string> Options { get; init; } = new Dictionary<string, string>();
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();
}

/// <summary>A mount and the volume that is wanted for it, made if it is missing.</summary>
internal sealed record VolumeWish(VolumeSpec Spec, VolumeMount Mount);

/// <summary>All that is mounted in a machine but tmpfs: each place once.</summary>
internal sealed record MountWishes(IReadOnlyList<VolumeWish> Volumes, IReadOnlyList<FolderMount> Folders);
