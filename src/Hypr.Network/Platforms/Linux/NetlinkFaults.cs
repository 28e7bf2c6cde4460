using Hypr.Linux.Netlink;
using Hypr.Primitives;

namespace Hypr.Network.Platforms.Linux;

/// <summary>The switch for failures, at the kernel's doors.</summary>
internal sealed class NetlinkFaults(Faults faults, Seam refusal, Seam? loss) : INetlinkFaults
{
    public static INetlinkFaults? OfLinks(Faults? faults) => faults is null ? null : new NetlinkFaults(faults, Seam.Netlink, Seam.NetlinkLost);

    public static INetlinkFaults? OfRules(Faults? faults) => faults is null ? null : new NetlinkFaults(faults, Seam.Nft, null);

    public bool Refuses() => faults.Fails(refusal);

    public bool LosesReply() => loss is { } seam && faults.Fails(seam);
}
