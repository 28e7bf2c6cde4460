using System.Text.Json.Serialization;

namespace Hypr.Engine.Volumes;

/// <summary>A volume: an ext4 of its own, which outlives the machines that use it. <see cref="Name"/> is all that it is known by.</summary>
public sealed record Volume(string Name, DateTimeOffset Created, VolumeConfig Config)
{
    /// <summary>Docker's label of a volume that was made for one machine and never named.</summary>
    public const string AnonymousLabel = "com.docker.volume.anonymous";

    public bool IsAnonymous => Config.Labels.ContainsKey(AnonymousLabel);
}

/// <summary>What is kept of it.</summary>
public sealed record VolumeConfig
{
    public VolumeStage Stage { get; init; }
    public long SizeBytes { get; init; }

    /// <summary>As asked for.</summary>
    public IReadOnlyDictionary<string, string> Options { get; init; } = new Dictionary<string, string>();
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();
}

/// <summary>Found half-way at hyprd's start, a volume goes.</summary>
public enum VolumeStage
{
    Creating,
    Ready,
    Removing,
}

/// <summary>What a client asks for.</summary>
public sealed record VolumeSpec
{
    /// <summary>Empty: one is made up, and the volume is anonymous.</summary>
    public string Name { get; init; } = "";
    public string Driver { get; init; } = "local";
    public IReadOnlyDictionary<string, string> Options { get; init; } = new Dictionary<string, string>();
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();
}

/// <param name="Disk">The file on the host.</param>
/// <param name="UsedBy">Ids of the machines, running or not, that have it among their mounts.</param>
/// <param name="UsedBytes">What it takes of the host's disk.</param>
public sealed record VolumeView(Volume Volume, string Disk, IReadOnlyList<string> UsedBy, long UsedBytes);

[JsonSourceGenerationOptions(UseStringEnumConverter = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(VolumeConfig))]
internal sealed partial class VolumeJson : JsonSerializerContext;
