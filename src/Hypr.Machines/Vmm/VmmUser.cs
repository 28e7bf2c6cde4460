using System.Globalization;

namespace Hypr.Machines.Vmm;

/// <summary>
/// A machine's VMM runs as a user that is nobody else's. Under one user for all, a guest that breaks out of its QEMU could read its neighbours' memory and open
/// their disks by /proc/PID/mem and /proc/PID/fd (ptrace(2), access mode checks).
/// </summary>
internal static class VmmUser
{
    /// <summary>The first of the ids that systemd calls unused, 0x70000000 to 0x7fffffff (its UIDS-GIDS): beyond people, packages, and ranges for containers.</summary>
    private const uint First = 0x7000_0000;

    /// <summary>From the machine's id, 27 bits of it: nothing to store, and two alike are a matter of luck, one in 134 million, and no harm to either.</summary>
    public static uint Of(string machineId) => First + (uint.Parse(machineId.AsSpan(0, 7), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture) >> 1);
}
