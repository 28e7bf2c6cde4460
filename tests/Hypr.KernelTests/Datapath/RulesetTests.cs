using Hypr.Network.Ports;
using static Hypr.KernelTests.Datapath.DatapathLab;

namespace Hypr.KernelTests.Datapath;

/// <summary>Our whole ruleset as the nft program writes it: what the README explains.</summary>
public sealed class RulesetTests
{
    private const string Inet = """
        chain guard {
        type filter hook prerouting priority raw; policy accept;
        ip daddr 127.0.0.0/8 iifname @bridges drop
        ip saddr 127.0.0.0/8 iifname @bridges drop
        chain publish {
        meta nfproto ipv4 dnat ip to meta l4proto . th dport map @any4
        dnat ip to ip daddr . meta l4proto . th dport map @one4
        meta nfproto ipv6 dnat ip6 to meta l4proto . th dport map @any6
        dnat ip6 to ip6 daddr . meta l4proto . th dport map @one6
        ip daddr != @gateways4 dnat ip to meta l4proto . th dport map @names4
        ip6 daddr != @gateways6 dnat ip6 to meta l4proto . th dport map @names6
        ip6 daddr != @gateways6 dnat ip6 to :meta l4proto . th dport map @carried6
        chain pre {
        type nat hook prerouting priority dstnat - 5; policy accept;
        ip daddr 127.0.0.0/8 return
        fib daddr type local jump publish
        chain out {
        type nat hook output priority -105; policy accept;
        ip6 daddr ::1 return
        fib daddr type local jump publish
        chain post {
        type nat hook postrouting priority srcnat - 5; policy accept;
        ip saddr 127.0.0.0/8 oifname @bridges ct status dnat masquerade
        ct status dnat ip saddr . oifname @members4 masquerade
        ct status dnat ip6 saddr . oifname @members6 masquerade
        iifgroup != 1752789106 return
        meta nfproto ipv4 iifname @masquerade4 oifname != @bridges masquerade
        meta nfproto ipv6 iifname @masquerade6 oifname != @bridges masquerade
        chain mine {
        iifname @open oifname != @bridges accept
        iifname . oifname @same accept
        iifname @closed drop
        ip daddr . meta l4proto . th dport @direct4 accept
        ip6 daddr . meta l4proto . th dport @direct6 accept
        counter packets 0 bytes 0 drop
        chain forward {
        type filter hook forward priority filter - 5; policy accept;
        ct state established,related accept
        ct status dnat iifname != @closed oifname @open accept
        iifname @bridges jump mine
        oifname @bridges jump mine
        chain lonely {
        iifname . ip daddr @own4 meta l4proto . th dport @dns accept
        iifname . ip6 daddr @own6 meta l4proto . th dport @dns accept
        iifname . ip daddr @own4 meta l4proto icmp accept
        iifname . ip6 daddr @own6 meta l4proto ipv6-icmp accept
        icmpv6 type nd-neighbor-solicit accept
        icmpv6 type nd-neighbor-advert accept
        counter packets 0 bytes 0 drop
        chain input {
        type filter hook input priority filter - 5; policy accept;
        ct state established,related accept
        iifname @closed jump lonely
        iifname "lo" return
        iifname != @bridges ip daddr @gateways4 meta l4proto . th dport @dns drop
        iifname != @bridges ip6 daddr @gateways6 meta l4proto . th dport @dns drop
        """;

    private const string Bridge = """
        chain arp {
        @nh,0,48 != 0x108000604 drop
        iifname . @nh,64,48 . @nh,112,32 @sources4 iifname . ether saddr . @nh,112,32 @sources4 accept
        @nh,48,16 0x1 @nh,112,32 0x0 accept
        drop
        chain ip6 {
        icmpv6 type nd-router-advert drop
        icmpv6 type nd-redirect drop
        udp sport 547 drop
        icmpv6 type nd-neighbor-advert iifname . ether saddr . @th,64,128 != @sources6 drop
        iifname . ether saddr . @nh,64,128 @sources6 accept
        @nh,64,128 0x0 icmpv6 type nd-neighbor-solicit accept
        @nh,64,128 0x0 icmpv6 type mld2-listener-report accept
        drop
        chain from {
        ether type arp jump arp
        ether type ip6 jump ip6
        drop
        chain in {
        type filter hook prerouting priority dstnat; policy accept;
        ether type ip udp sport 67 iifname @taps drop
        iifname . ether saddr . ip saddr @sources4 accept
        iifname @taps jump from
        """;

    [Fact]
    public async Task The_chains_are_these_and_networks_ports_and_endpoints_are_elements()
    {
        await using var lab = new DatapathLab();
        var network = await lab.Network("vbr0", "10.88.0.1/16", "fd88::1/64");
        var empty = Chains(lab.Host.Must("nft", "list", "table", "inet", "hypr"));
        Assert.Equal(Inet, empty);
        Assert.Equal(Bridge, Chains(lab.Host.Must("nft", "list", "table", "bridge", "hypr")));

        var vm = await lab.Machine("vm", network, "10.88.0.2", "fd88::2");
        await lab.Publish(vm, Port("0.0.0.0", 8080, "10.88.0.2", 80), Port("127.0.0.1", 8081, "10.88.0.2", 80, PortProtocol.Udp), Port("::", 8080, "fd88::2", 80));
        var text = lab.Host.Must("nft", "list", "ruleset");
        Assert.Contains("tcp . 8080 : 10.88.0.2 . 80", text);
        Assert.Contains("127.0.0.1 . udp . 8081 : 10.88.0.2 . 80", text);
        Assert.Contains("tcp . 8080 : fd88::2 . 80", text);
        Assert.Contains("10.88.0.2 . \"vbr0\"", text);
        Assert.Contains("\"tap0\" . 02:42:0a:58:00:02 . 10.88.0.2", text);
        Assert.Contains("\"tap0\" . 02:42:0a:58:00:02 . fe80::42:aff:fe58:2", text);
    }

    private static string Chains(string table)
    {
        var lines = table.Split('\n').Select(static l => l.Trim());
        return string.Join('\n', lines.SkipWhile(static l => !l.StartsWith("chain ", StringComparison.Ordinal)).Where(static l => l is not ("" or "}")));
    }
}
