using Hypr.Linux.Nftables;

namespace Hypr.Network.Platforms.Linux.Rules;

/// <summary>
/// The fixed chains of <c>table bridge hypr</c>: a machine sends with its own MAC and its own addresses only, answers ARP and ND for nothing else, and is
/// neither DHCP server nor router. A whitelist: whatever is not named (VLAN tags, STP, any other EtherType) is dropped.
/// </summary>
internal static class BridgeRules
{
    private const byte Udp = 17;
    private const byte Icmp6 = 58;
    private const int EtherTypeOffset = 12;
    private const int EtherSourceOffset = 6;

    public static void Write(NftBatch batch)
    {
        // chain arp {
        //   @nh,0,48 != 0x000108000604 drop                                   Ethernet and IPv4 of the right lengths
        //   iifname . arp saddr ether . arp saddr ip @sources4 iifname . ether saddr . arp saddr ip @sources4 accept
        //   arp operation request arp saddr ip 0.0.0.0 accept                 a probe (RFC 5227): it changes nobody's cache
        //   drop }
        Chain(batch, "arp");
        Add(batch, "arp", new NftRule().Payload(NftBaseHeader.Network, 0, 6).NotEqual([0, 1, 8, 0, 6, 4]).Drop());
        Add(batch, "arp", new NftRule()
            .Meta(NftMeta.InputName).Payload(NftBaseHeader.Network, 8, 6).Payload(NftBaseHeader.Network, 14, 4).In(RuleSet.Sources4.Name)
            .Sender().Payload(NftBaseHeader.Network, 14, 4).In(RuleSet.Sources4.Name).Accept());
        Add(batch, "arp", new NftRule()
            .Payload(NftBaseHeader.Network, 6, 2).Equal([0, 1]).Payload(NftBaseHeader.Network, 14, 4).Equal([0, 0, 0, 0]).Accept());
        Add(batch, "arp", new NftRule().Drop());

        // chain ip6 {
        //   icmpv6 type { nd-router-advert, nd-redirect } drop
        //   udp sport 547 drop
        //   icmpv6 type nd-neighbor-advert iifname . ether saddr . icmpv6 taddr != @sources6 drop     nft 1.0.6 has no word for it
        //   iifname . ether saddr . ip6 saddr @sources6 accept
        //   ip6 saddr :: icmpv6 type { nd-neighbor-solicit, mld2-listener-report } accept            duplicate address detection, RFC 4862
        //   drop }
        Chain(batch, "ip6");
        Add(batch, "ip6", new NftRule().Icmp(134).Drop());
        Add(batch, "ip6", new NftRule().Icmp(137).Drop());
        Add(batch, "ip6", new NftRule().Transport(Udp).SourcePort(547).Drop());
        Add(batch, "ip6", new NftRule().Icmp(136).Sender().Payload(NftBaseHeader.Transport, 8, 16).NotIn(RuleSet.Sources6.Name).Drop());
        Add(batch, "ip6", new NftRule().Sender().Payload(NftBaseHeader.Network, 8, 16).In(RuleSet.Sources6.Name).Accept());
        foreach (var type in (byte[])[135, 143])
            Add(batch, "ip6", new NftRule().Payload(NftBaseHeader.Network, 8, 16).Equal(new byte[16]).Icmp(type).Accept());
        Add(batch, "ip6", new NftRule().Drop());

        // chain from {
        //   ether type arp jump arp
        //   ether type ip6 jump ip6
        //   drop }
        Chain(batch, "from");
        Add(batch, "from", new NftRule().Type(8, 6).Jump("arp"));
        Add(batch, "from", new NftRule().Type(0x86, 0xdd).Jump("ip6"));
        Add(batch, "from", new NftRule().Drop());

        // chain in { type filter hook prerouting priority -300; policy accept;
        //   ether type ip udp sport 67 iifname @taps drop
        //   ether type ip iifname . ether saddr . ip saddr @sources4 accept    what honest machines send most, by one look-up
        //   iifname @taps jump from }
        Chain(batch, "in", new NftBase("filter", NftHook.Prerouting, -300));
        Add(batch, "in", new NftRule().Type(8, 0).Transport(Udp).SourcePort(67).FromMachine().Drop());
        Add(batch, "in", new NftRule().Type(8, 0).Sender().Payload(NftBaseHeader.Network, 12, 4).In(RuleSet.Sources4.Name).Accept());
        Add(batch, "in", new NftRule().FromMachine().Jump("from"));
    }

    private static NftRule FromMachine(this NftRule rule) => rule.Meta(NftMeta.InputName).In(RuleSet.Taps.Name);

    /// <summary><c>iifname . ether saddr</c></summary>
    private static NftRule Sender(this NftRule rule) => rule.Meta(NftMeta.InputName).Payload(NftBaseHeader.Link, EtherSourceOffset, 6);

    private static NftRule Type(this NftRule rule, byte high, byte low) => rule.Payload(NftBaseHeader.Link, EtherTypeOffset, 2).Equal([high, low]);

    private static NftRule Transport(this NftRule rule, byte protocol) => rule.Meta(NftMeta.TransportProtocol).Equal([protocol]);

    private static NftRule SourcePort(this NftRule rule, byte high, byte low) => rule.Payload(NftBaseHeader.Transport, 0, 2).Equal([high, low]);

    private static NftRule SourcePort(this NftRule rule, int port) => rule.SourcePort((byte)(port >> 8), (byte)port);

    private static NftRule Icmp(this NftRule rule, byte type) => rule.Transport(Icmp6).Payload(NftBaseHeader.Transport, 0, 1).Equal([type]);

    private static void Chain(NftBatch batch, string name, NftBase? at = null) => batch.AddChain(RuleSet.Bridge, name, at);

    private static void Add(NftBatch batch, string chain, NftRule rule) => batch.AddRule(RuleSet.Bridge, chain, rule);
}
