namespace Hypr.Api.Contracts;

/// <summary>GET /volumes</summary>
public sealed record VolumeList
{
    public List<EmptyObject> Volumes { get; set; } = [];
    public List<string> Warnings { get; set; } = [];
}

/// <summary>POST /volumes/prune</summary>
public sealed record VolumesPruned
{
    public List<string> VolumesDeleted { get; set; } = [];
    public long SpaceReclaimed { get; set; }
}
