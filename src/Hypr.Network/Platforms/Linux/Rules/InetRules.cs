using Hypr.Linux.Nftables;

namespace Hypr.Network.Platforms.Linux.Rules;

/// <summary>The fixed chains of <c>table inet hypr</c>. What nft would say stands above the code; README.md beside tells why each rule is there.</summary>
internal static class InetRules
{
    // include/uapi/linux/netfilter/nf_conntrack_common.h
    private const uint EstablishedOrRelated = 2 | 4;
    private const uint StatusDnat = 1 << 5;
    private const int SourceOffset4 = 12;
    private const int DestinationOffset4 = 16;
    private const int SourceOffset6 = 8;
    private const int DestinationOffset6 = 24;
    private const byte Icmp = 1;
    private const byte Icmp6 = 58;

    /// <summary>Chain by chain, in the order in which they are made: one that is jumped to comes first.</summary>
    public static void Write(NftBatch batch)
    {
        Guard(batch);
        Publish(batch);
        Forward(batch);
        Input(batch);
    }

    private static void Guard(NftBatch batch)
    {
        // chain guard { type filter hook prerouting priority raw; policy accept;
        //   ip daddr 127.0.0.0/8 iifname @bridges drop
        //   ip saddr 127.0.0.0/8 iifname @bridges drop }
        Chain(batch, "guard", new NftBase("filter", NftHook.Prerouting, -300));
        Add(batch, "guard", new NftRule().IPv4().Loopback(DestinationOffset4).From(RuleSet.Bridges).Drop());
        Add(batch, "guard", new NftRule().IPv4().Loopback(SourceOffset4).From(RuleSet.Bridges).Drop());
    }

    private static void Publish(NftBatch batch)
    {
        // chain publish {
        //   meta nfproto ipv4 dnat ip to meta l4proto . th dport map @any4    nothing that one4 has: a port on all addresses is nobody else's on one
        //   dnat ip to ip daddr . meta l4proto . th dport map @one4
        //   meta nfproto ipv6 dnat ip6 to meta l4proto . th dport map @any6
        //   dnat ip6 to ip6 daddr . meta l4proto . th dport map @one6
        //   ip daddr != @gateways4 dnat ip to meta l4proto . th dport map @names4
        //   ip6 daddr != @gateways6 dnat ip6 to meta l4proto . th dport map @names6
        //   ip6 daddr != @gateways6 dnat ip6 to : meta l4proto . th dport map @carried6 }       the address stays
        Chain(batch, "publish");
        Add(batch, "publish", new NftRule().IPv4().Port().Map(RuleSet.Any4.Name).Dnat(NftFamily.IPv4));
        Add(batch, "publish", new NftRule().IPv4().Address4(DestinationOffset4).Port().Map(RuleSet.One4.Name).Dnat(NftFamily.IPv4));
        Add(batch, "publish", new NftRule().IPv6().Port().Map(RuleSet.Any6.Name).Dnat(NftFamily.IPv6));
        Add(batch, "publish", new NftRule().IPv6().Address6(DestinationOffset6).Port().Map(RuleSet.One6.Name).Dnat(NftFamily.IPv6));
        Add(batch, "publish", NoGateway4().Port().Map(RuleSet.Names4.Name).Dnat(NftFamily.IPv4));
        Add(batch, "publish", NoGateway6().Port().Map(RuleSet.Names6.Name).Dnat(NftFamily.IPv6));
        Add(batch, "publish", NoGateway6().Port().Map(RuleSet.Carried6.Name).DnatPort(NftFamily.IPv6));

        // chain pre { type nat hook prerouting priority -105; policy accept;
        //   ip daddr 127.0.0.0/8 return
        //   fib daddr type local jump publish }
        Chain(batch, "pre", new NftBase("nat", NftHook.Prerouting, -105));
        Add(batch, "pre", new NftRule().IPv4().Loopback(DestinationOffset4).Return());
        Add(batch, "pre", new NftRule().DestinationIsLocal().Jump("publish"));

        // chain out { type nat hook output priority -105; policy accept;
        //   ip6 daddr ::1 return
        //   fib daddr type local jump publish }
        Chain(batch, "out", new NftBase("nat", NftHook.Output, -105));
        Add(batch, "out", new NftRule().IPv6().Address6(DestinationOffset6).Equal(System.Net.IPAddress.IPv6Loopback.GetAddressBytes()).Return());
        Add(batch, "out", new NftRule().DestinationIsLocal().Jump("publish"));

        // chain post { type nat hook postrouting priority 95; policy accept;
        //   ip saddr 127.0.0.0/8 oifname @bridges ct status dnat masquerade
        //   ct status dnat ip saddr . oifname @members4 masquerade           (ip6 likewise): from outside too, for a source may be forged
        //   iifgroup != hypr return                                          from outside: nothing below is for it. What the host sends has no iif, and goes on
        //   meta nfproto ipv4 iifname @masquerade4 oifname != @bridges masquerade   (ipv6 likewise) }
        Chain(batch, "post", new NftBase("nat", NftHook.Postrouting, 95));
        Add(batch, "post", new NftRule().IPv4().Loopback(SourceOffset4).To(RuleSet.Bridges).Dnatted().Masquerade());
        Add(batch, "post", new NftRule().Dnatted().IPv4().Address4(SourceOffset4).Meta(NftMeta.OutputName).In(RuleSet.Members4.Name).Masquerade());
        Add(batch, "post", new NftRule().Dnatted().IPv6().Address6(SourceOffset6).Meta(NftMeta.OutputName).In(RuleSet.Members6.Name).Masquerade());
        Add(batch, "post", Elsewhere().Return());
        Add(batch, "post", new NftRule().IPv4().From(RuleSet.Masquerade4).NotTo(RuleSet.Bridges).Masquerade());
        Add(batch, "post", new NftRule().IPv6().From(RuleSet.Masquerade6).NotTo(RuleSet.Bridges).Masquerade());
    }

    private static void Forward(NftBatch batch)
    {
        // chain mine {
        //   iifname @open oifname != @bridges accept
        //   iifname . oifname @same accept
        //   iifname @closed drop
        //   ip daddr . meta l4proto . th dport @direct4 accept               (ip6 likewise; no closed network has any)
        //   drop }
        Chain(batch, "mine");
        Add(batch, "mine", new NftRule().From(RuleSet.Open).NotTo(RuleSet.Bridges).Accept());
        Add(batch, "mine", new NftRule().Meta(NftMeta.InputName).Meta(NftMeta.OutputName).In(RuleSet.Same.Name).Accept());
        Add(batch, "mine", new NftRule().From(RuleSet.Closed).Drop());
        Add(batch, "mine", new NftRule().IPv4().Address4(DestinationOffset4).Port().In(RuleSet.Direct4.Name).Accept());
        Add(batch, "mine", new NftRule().IPv6().Address6(DestinationOffset6).Port().In(RuleSet.Direct6.Name).Accept());
        Add(batch, "mine", new NftRule().Counter().Drop());

        // chain forward { type filter hook forward priority filter - 5; policy accept;
        //   ct state established,related accept                              of anybody: it ends this chain alone
        //   ct status dnat iifname != @closed oifname @open accept
        //   iifname @bridges jump mine
        //   oifname @bridges jump mine }
        Chain(batch, "forward", new NftBase("filter", NftHook.Forward, -5));
        Add(batch, "forward", Goes().Accept());
        Add(batch, "forward", new NftRule().Dnatted().Meta(NftMeta.InputName).NotIn(RuleSet.Closed.Name).To(RuleSet.Open).Accept());
        Add(batch, "forward", new NftRule().From(RuleSet.Bridges).Jump("mine"));
        Add(batch, "forward", new NftRule().To(RuleSet.Bridges).Jump("mine"));
    }

    private static void Input(NftBatch batch)
    {
        // chain lonely {
        //   iifname . ip daddr @own4 meta l4proto . th dport @dns accept     (ip6 likewise)
        //   iifname . ip daddr @own4 meta l4proto icmp accept                (ip6 likewise, icmpv6)
        //   icmpv6 type 135-136 accept
        //   drop }
        Chain(batch, "lonely");
        Add(batch, "lonely", Own4().PortIn(RuleSet.Dns).Accept());
        Add(batch, "lonely", Own6().PortIn(RuleSet.Dns).Accept());
        Add(batch, "lonely", Own4().Transport(Icmp).Accept());
        Add(batch, "lonely", Own6().Transport(Icmp6).Accept());
        foreach (var type in (byte[])[135, 136])
            Add(batch, "lonely", new NftRule().IPv6().Transport(Icmp6).Payload(NftBaseHeader.Transport, 0, 1).Equal([type]).Accept());
        Add(batch, "lonely", new NftRule().Counter().Drop());

        // chain input { type filter hook input priority filter - 5; policy accept;
        //   ct state established,related accept
        //   iifname @closed jump lonely
        //   iifname "lo" return
        //   iifname != @bridges ip daddr @gateways4 meta l4proto . th dport @dns drop   (ip6 likewise) }
        Chain(batch, "input", new NftBase("filter", NftHook.Input, -5));
        Add(batch, "input", Goes().Accept());
        Add(batch, "input", new NftRule().From(RuleSet.Closed).Jump("lonely"));
        Add(batch, "input", new NftRule().Meta(NftMeta.InputName).Equal(NftValue.Link("lo").Bytes).Return());
        Add(batch, "input", Outside().IPv4().Address4(DestinationOffset4).In(RuleSet.Gateways4.Name).PortIn(RuleSet.Dns).Drop());
        Add(batch, "input", Outside().IPv6().Address6(DestinationOffset6).In(RuleSet.Gateways6.Name).PortIn(RuleSet.Dns).Drop());
    }

    private static NftRule Goes() => new NftRule().Conntrack(NftConntrack.State).HasBit(EstablishedOrRelated);

    /// <summary>
    /// The links' group is compared and not looked up; it is mended as the bridges are. For what costs no safety if somebody changes it: without it, only a
    /// masquerade's look-up is skipped.
    /// </summary>
    private static NftRule Elsewhere() => new NftRule().Meta(NftMeta.InputGroup).NotEqual(BitConverter.GetBytes(Links.OurLinks.Group));

    private static NftRule NoGateway4() => new NftRule().IPv4().Address4(DestinationOffset4).NotIn(RuleSet.Gateways4.Name);

    private static NftRule NoGateway6() => new NftRule().IPv6().Address6(DestinationOffset6).NotIn(RuleSet.Gateways6.Name);

    private static NftRule Outside() => new NftRule().Meta(NftMeta.InputName).NotIn(RuleSet.Bridges.Name);

    private static NftRule Own4() => new NftRule().IPv4().Meta(NftMeta.InputName).Address4(DestinationOffset4).In(RuleSet.Own4.Name);

    private static NftRule Own6() => new NftRule().IPv6().Meta(NftMeta.InputName).Address6(DestinationOffset6).In(RuleSet.Own6.Name);

    private static NftRule From(this NftRule rule, RuleSet set) => rule.Meta(NftMeta.InputName).In(set.Name);

    private static NftRule To(this NftRule rule, RuleSet set) => rule.Meta(NftMeta.OutputName).In(set.Name);

    private static NftRule NotTo(this NftRule rule, RuleSet set) => rule.Meta(NftMeta.OutputName).NotIn(set.Name);

    private static NftRule IPv4(this NftRule rule) => rule.Meta(NftMeta.Family).Equal([(byte)NftFamily.IPv4]);

    private static NftRule IPv6(this NftRule rule) => rule.Meta(NftMeta.Family).Equal([(byte)NftFamily.IPv6]);

    private static NftRule Loopback(this NftRule rule, int offset) => rule.Payload(NftBaseHeader.Network, offset, 1).Equal([127]);

    private static NftRule Address4(this NftRule rule, int offset) => rule.Payload(NftBaseHeader.Network, offset, 4);

    private static NftRule Address6(this NftRule rule, int offset) => rule.Payload(NftBaseHeader.Network, offset, 16);

    private static NftRule Transport(this NftRule rule, byte protocol) => rule.Meta(NftMeta.TransportProtocol).Equal([protocol]);

    /// <summary><c>meta l4proto . th dport</c></summary>
    private static NftRule Port(this NftRule rule) => rule.Meta(NftMeta.TransportProtocol).Payload(NftBaseHeader.Transport, 2, 2);

    private static NftRule PortIn(this NftRule rule, RuleSet set) => rule.Port().In(set.Name);

    private static NftRule Dnatted(this NftRule rule) => rule.Conntrack(NftConntrack.Status).HasBit(StatusDnat);

    private static void Chain(NftBatch batch, string name, NftBase? at = null) => batch.AddChain(RuleSet.Inet, name, at);

    private static void Add(NftBatch batch, string chain, NftRule rule) => batch.AddRule(RuleSet.Inet, chain, rule);
}
