using Hypr.Guest.Protocol.Wire;

namespace Hypr.Guest.Protocol.Messages;

/// <summary>What a process may do, beyond who it runs as.</summary>
public sealed record ProcessRights
{
    /// <summary>Capabilities that it and what it starts may have at most, a bit each (capabilities(7), bounding set).</summary>
    public ulong Capabilities { get; init; } = ulong.MaxValue;

    /// <summary>Nothing that it executes gives it more (prctl(2), PR_SET_NO_NEW_PRIVS).</summary>
    public bool NoNewPrivileges { get; init; }

    /// <summary>Further groups, by name or number.</summary>
    public IReadOnlyList<string> Groups { get; init; } = [];
    public IReadOnlyList<ResourceLimit> Limits { get; init; } = [];

    public void Encode(WireWriter w)
    {
        w.U64(Capabilities);
        w.Bool(NoNewPrivileges);
        w.Texts(Groups);
        w.U32((uint)Limits.Count);
        foreach (var limit in Limits)
        {
            w.I32(limit.Resource);
            w.U64(limit.Soft);
            w.U64(limit.Hard);
        }
    }

    public static ProcessRights Decode(ref WireReader r)
    {
        var rights = new ProcessRights { Capabilities = r.U64(), NoNewPrivileges = r.Bool(), Groups = r.Texts() };
        var limits = new ResourceLimit[r.Count(20)];
        for (var i = 0; i < limits.Length; i++)
            limits[i] = new ResourceLimit(r.I32(), r.U64(), r.U64());
        return rights with { Limits = limits };
    }
}

/// <param name="Resource">RLIMIT_..., include/uapi/asm-generic/resource.h.</param>
/// <param name="Soft">RLIM_INFINITY is all ones.</param>
public readonly record struct ResourceLimit(int Resource, ulong Soft, ulong Hard);
