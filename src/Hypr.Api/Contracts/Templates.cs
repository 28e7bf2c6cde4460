namespace Hypr.Api.Contracts;

/// <summary>A guest saved after its boot, that VMs of its size go on from: <c>GET</c> and <c>POST /hypr/templates</c> (<c>?cpus=2&amp;memory=536870912</c>).</summary>
public sealed record TemplateInfo
{
    /// <summary>A hash of all that it depends on.</summary>
    public string Id { get; set; } = "";
    public int Cpus { get; set; }
    public long Memory { get; set; }
    public string Created { get; set; } = "";
    public string LastUsed { get; set; } = "";

    /// <summary>On disk.</summary>
    public long Size { get; set; }

    /// <summary>It is in memory too, for the next start.</summary>
    public bool Loaded { get; set; }
}
