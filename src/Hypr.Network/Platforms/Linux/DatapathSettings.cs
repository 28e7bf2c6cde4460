using Hypr.Linux.Namespaces;
using Hypr.Primitives;

namespace Hypr.Network.Platforms.Linux;

/// <summary>What the Linux datapath may touch beside its own links and tables.</summary>
public sealed record DatapathSettings
{
    /// <summary>Where <c>99-zz-hypr.conf</c> is kept, so that <c>sysctl --system</c> does not take our settings back; null: nowhere.</summary>
    public string? SysctlFolder { get; init; }

    /// <summary>Whether iptables and foreign nft base chains are opened for our bridges, and the masquerade mirrored in iptables.</summary>
    public bool TouchForeignFirewalls { get; init; } = true;

    /// <summary>
    /// Whether the kernel keeps others from our tables, where it can (6.9 and later). False: plain tables, as on older kernels, which
    /// <c>nft flush ruleset</c> takes away until the next moment.
    /// </summary>
    public bool OwnTables { get; init; } = true;

    /// <summary>D-Bus address of the bus on which a firewalld is told of our bridges; null: none is.</summary>
    public string? SystemBus { get; init; }

    /// <summary>Whether the default network's bridge has a port that is always up: systemd-resolved asks no server of a link without carrier.</summary>
    public bool KeepCarrier { get; init; }

    /// <summary>Failures on purpose; null: none.</summary>
    public Faults? Faults { get; init; }

    /// <summary>
    /// On the machine itself: /run/sysctl.d. In a network namespace of our own the system's folder is not ours to write (it would change the machine at the next
    /// <c>sysctl --system</c>), while its firewall is.
    /// </summary>
    public static DatapathSettings ForThisNamespace() => new()
    {
        SysctlFolder = NetworkNamespace.IsHostNetwork() ? "/run/sysctl.d" : null,
    };
}
