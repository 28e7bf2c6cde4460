using System.Net;
using Hypr.Network.Platforms;
using Hypr.Primitives;
using Hypr.Testing;
using static Hypr.Testing.Frames;

namespace Hypr.KernelTests.Datapath;

/// <summary>
/// A guest sends whatever it likes into its NIC. Each attack is followed by an honest frame: when that has arrived and the attack has not, it was dropped, for
/// a bridge keeps the order.
/// </summary>
public sealed class SpoofingTests
{
    private const string Honest = "honest";
    private static readonly MacAddress Mallory = MacAddress.Parse("02:42:0a:58:00:02");
    private static readonly MacAddress Victim = MacAddress.Parse("02:42:0a:58:00:03");
    private static readonly MacAddress Stranger = MacAddress.Parse("02:42:de:ad:be:ef");
    private static readonly byte[] AllNodes = [0x33, 0x33, 0, 0, 0, 1];

    public static TheoryData<string> Attacks => [.. Frame.Keys];

    private static IReadOnlyDictionary<string, byte[]> Frame { get; } = Hypr.Testing.Attacks.Of(
        new Station(Mallory, "10.88.0.2", "fd88::2"),
        new Station(Victim, "10.88.0.3", "fd88::3"),
        new Station(MacAddress.Parse("02:42:0a:58:00:04"), "10.88.0.4", "fd88::4"),
        new Station(MacAddress.Parse("02:42:0a:58:00:01"), "10.88.0.1", "fd88::1"));

    [Theory]
    [MemberData(nameof(Attacks))]
    public async Task A_machine_cannot_send(string attack)
    {
        await using var lab = new DatapathLab();
        var network = await lab.Network("vbr0", "10.88.0.1/16", "fd88::1/64");
        using var mallory = await Tap(lab, network, "mallory", Mallory, "10.88.0.2", "fd88::2");
        using var victim = await Tap(lab, network, "victim", Victim, "10.88.0.3", "fd88::3");
        mallory.Send(Frame[attack]);
        mallory.Send(Udp4(Victim.ToBytes(), Mallory, "10.88.0.2", "10.88.0.3", 1, 2, Honest));
        var before = victim.ReceiveUntil(static f => Has(f, Honest));
        Assert.NotNull(before);
        Assert.DoesNotContain(before, f => f.AsSpan(0, 12).SequenceEqual(Frame[attack].AsSpan(0, 12)));
    }

    [Fact]
    public async Task What_an_honest_machine_sends_arrives_and_only_at_whom_it_is_for()
    {
        await using var lab = new DatapathLab();
        var network = await lab.Network("vbr0", "10.88.0.1/16", "fd88::1/64");
        using var first = await Tap(lab, network, "first", Mallory, "10.88.0.2", "fd88::2");
        using var second = await Tap(lab, network, "second", Victim, "10.88.0.3", "fd88::3");
        using var third = await Tap(lab, network, "third", MacAddress.Parse("02:42:0a:58:00:04"), "10.88.0.4", "fd88::4");
        byte[][] honest =
        [
            Arp(Broadcast, Mallory, 1, Mallory, "10.88.0.2", "10.88.0.3"),
            Arp(Broadcast, Mallory, 1, Mallory, "0.0.0.0", "10.88.0.2"),
            Udp4(Victim.ToBytes(), Mallory, "10.88.0.2", "10.88.0.3", 1, 2, "four"),
            Udp6(Victim.ToBytes(), Mallory, "fd88::2", "fd88::3", 1, 2, "six"),
            Icmp6(AllNodes, Mallory, "fd88::2", "ff02::1", 136, [0x20, 0, 0, 0, .. Ip("fd88::2"), 2, 1, .. Mallory.ToBytes()]),
            Icmp6(AllNodes, Mallory, "::", "ff02::1:ff00:2", 135, [0, 0, 0, 0, .. Ip("fd88::2")]),
            Icmp6(Victim.ToBytes(), Mallory, "fe80::42:aff:fe58:2", "fe80::42:aff:fe58:3", 135, [0, 0, 0, 0, .. Ip("fd88::3")]),
        ];
        foreach (var frame in honest)
        {
            first.Send(frame);
            Assert.NotNull(second.ReceiveUntil(f => f.AsSpan().StartsWith(frame)));
        }

        // Unicast for the second was not flooded to the third, nor is unicast for nobody.
        first.Send(Udp4(Stranger.ToBytes(), Mallory, "10.88.0.2", "10.88.0.9", 1, 2, "nobody"));
        first.Send(Arp(Broadcast, Mallory, 1, Mallory, "10.88.0.2", "10.88.0.4"));
        var seen = third.ReceiveUntil(static f => f.AsSpan(38, 4).SequenceEqual(Ip("10.88.0.4")));
        Assert.NotNull(seen);
        Assert.DoesNotContain(seen, static f => Has(f, "four") || Has(f, "six") || Has(f, "nobody"));
    }

    [Fact]
    public async Task Members_of_a_network_without_icc_do_not_reach_each_other_but_the_host()
    {
        await using var lab = new DatapathLab();
        var network = await lab.Network(DatapathLab.Describe("vbr0", ["10.88.0.1/16"], isolate: true));
        var first = await lab.Machine("first", network, "10.88.0.2");
        var second = await lab.Machine("second", network, "10.88.0.3");
        lab.Serve(second.Space, "second", 80);
        lab.Serve(lab.Host, "host", 81);
        Assert.Equal("host 10.88.0.2", Probe.Tcp(first.Space, IPAddress.Parse("10.88.0.1"), 81));
        Assert.Equal("second 10.88.0.1", Probe.Tcp(lab.Host, second.Address, 80));
        Assert.Null(Probe.Tcp(first.Space, second.Address, 80, Probe.Silence));
        // Nor by the gateway: a route for the neighbour's address by the host.
        LabNetwork.Route(first.Space, "10.88.0.3/32", IPAddress.Parse("10.88.0.1"));
        Assert.Null(Probe.Tcp(first.Space, second.Address, 80, Probe.Silence));
        await lab.Publish(second, DatapathLab.Port("0.0.0.0", 8080, "10.88.0.3", 80));
        Assert.NotNull(Probe.Tcp(first.Space, LabNetwork.HostOnLan, 8080));
    }

    private static async Task<FrameTap> Tap(DatapathLab lab, DatapathNetwork network, string name, MacAddress mac, params string[] addresses)
    {
        var endpoint = new DatapathEndpoint($"ep-{name}", network.Id, $"machine-{name}", mac, [.. addresses.Select(IPAddress.Parse)]);
        return new FrameTap((await lab.Datapath.AttachAsync(endpoint, default)).Queue);
    }
}
