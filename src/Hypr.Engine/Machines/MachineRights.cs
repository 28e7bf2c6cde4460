using Hypr.Guest.Protocol.Messages;
using Hypr.Primitives;

namespace Hypr.Engine.Machines;

/// <summary>What the machine's processes may do, from Docker's options.</summary>
internal static class MachineRights
{
    public static void Check(MachineConfig config)
    {
        _ = Of(config);
        _ = LogOptions.Bounds(config);
        if (config.ShmSize < 0)
        {
            throw HyprException.Invalid("--shm-size: SHM size can not be less than 0");
        }
    }

    /// <summary>Of the image's process, and of an exec's, which Docker gives the same.</summary>
    /// <param name="privileged">An exec's own: all capabilities.</param>
    public static ProcessRights Of(MachineConfig config, bool privileged = false) => new()
    {
        Capabilities = privileged ? ulong.MaxValue : Capabilities.Of(config),
        NoNewPrivileges = SecurityOptions.RefuseNewPrivileges(config.SecurityOpt),
        Groups = config.GroupAdd,
        Limits = [.. config.Ulimits.Select(u => u.ToLimit())],
    };
}
