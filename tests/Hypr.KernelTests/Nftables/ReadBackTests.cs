using System.Net;
using Hypr.Linux;
using Hypr.Linux.Nftables;
using Hypr.Testing;

namespace Hypr.KernelTests.Nftables;

/// <summary>What our encoder made, as the nft program reads it.</summary>
public sealed class ReadBackTests : IDisposable
{
    private static readonly NftTable Table = new(NftFamily.Inet, "t");
    private readonly TestNamespace _space = TestNamespace.Create("nft");
    private readonly NfTables _nft;

    public ReadBackTests() => _nft = NfTables.Open(_space.Space);

    public void Dispose()
    {
        _nft.Dispose();
        _space.Dispose();
    }

    [Fact]
    public void Sets_maps_concatenations_and_intervals_are_what_nft_lists()
    {
        var batch = new NftBatch();
        batch.AddTable(Table);
        batch.AddSet(Table, new NftSet("names", [NftField.LinkName]));
        batch.AddElements(Table, "names", [new(NftValue.Link("vbr0"))]);
        batch.AddSet(Table, new NftSet("ports", [NftField.Protocol, NftField.Port], [NftField.IPv4, NftField.Port]));
        batch.AddElements(Table, "ports", [new(
            NftValue.Protocol(6).With(NftValue.Port(8080)), NftValue.Address(IPAddress.Parse("10.88.0.2")).With(NftValue.Port(80)))]);
        batch.AddSet(Table, new NftSet("six", [NftField.IPv6, NftField.Protocol, NftField.Port]));
        batch.AddElements(Table, "six", [new(
            NftValue.Address(IPAddress.Parse("fd88::2")).With(NftValue.Protocol(17)).With(NftValue.Port(53)))]);
        batch.AddSet(Table, new NftSet("ranges", [NftField.IPv4, NftField.LinkName]) { Interval = true });
        batch.AddElements(Table, "ranges", [new(
            NftValue.Address(IPAddress.Parse("10.88.0.0")).With(NftValue.Link("vbr0")), null,
            NftValue.Address(IPAddress.Parse("10.88.255.255")).With(NftValue.Link("vbr0")))]);
        _nft.Commit(batch);
        var text = Flat(_space.Must("nft", "list", "ruleset"));
        Assert.Contains("set names { type ifname elements = { \"vbr0\" } }", text);
        Assert.Contains("map ports { type inet_proto . inet_service : ipv4_addr . inet_service elements = { tcp . 8080 : 10.88.0.2 . 80 } }", text);
        Assert.Contains("set six { type ipv6_addr . inet_proto . inet_service elements = { fd88::2 . udp . 53 } }", text);
        Assert.Contains("set ranges { type ipv4_addr . ifname flags interval elements = { 10.88.0.0/16 . \"vbr0\" } }", text);

        batch = new NftBatch();
        batch.DeleteElements(Table, "names", [new(NftValue.Link("vbr0"))]);
        batch.FlushSet(Table, "ports");
        _nft.Commit(batch);
        Assert.Equal(0, _nft.CountElements(Table, "names"));
        Assert.Equal(0, _nft.CountElements(Table, "ports"));
        Assert.Null(_nft.CountElements(Table, "nothing"));
    }

    [Fact]
    public void Rules_are_what_nft_lists_and_are_found_by_comment_and_deleted_by_handle()
    {
        var batch = new NftBatch();
        batch.AddTable(Table);
        batch.AddSet(Table, new NftSet("names", [NftField.LinkName]));
        batch.AddChain(Table, "mine");
        batch.AddChain(Table, "fw", new NftBase("filter", NftHook.Forward, -5, NftPolicy.Drop));
        batch.AddRule(Table, "fw", new NftRule().Meta(NftMeta.InputName).In("names").Jump("mine"));
        batch.AddRule(Table, "fw", new NftRule().Conntrack(NftConntrack.State).HasBit(6).Counter().Accept());
        batch.AddRule(Table, "fw", new NftRule().Meta(NftMeta.InputGroup).Equal(7u).Accept().Comment("ours"));
        batch.InsertRule(Table, "fw", new NftRule().Meta(NftMeta.OutputName).NotIn("names").Return());
        batch.AddRule(Table, "mine", new NftRule().DestinationIsLocal().Drop());
        _nft.Commit(batch);
        Assert.Contains(
            "chain fw { type filter hook forward priority filter - 5; policy drop; oifname != @names return iifname @names jump mine "
            + "ct state established,related counter packets 0 bytes 0 accept iifgroup 7 accept comment \"ours\" }",
            Flat(_space.Must("nft", "list", "ruleset")));
        Assert.Contains("fib daddr type local drop", _space.Must("nft", "list", "ruleset"));

        var chain = Assert.Single(_nft.Chains(NftFamily.Inet), static c => c.Base is not null);
        Assert.Equal(new NftBase("filter", NftHook.Forward, -5, NftPolicy.Drop), chain.Base);
        var ours = Assert.Single(_nft.Rules(Table, "fw"), static r => r.Comment == "ours");
        Assert.Equal(["meta", "cmp", "immediate"], ours.Expressions);
        batch = new NftBatch();
        batch.DeleteRule(Table, "fw", ours.Handle);
        _nft.Commit(batch);
        Assert.DoesNotContain("ours", _space.Must("nft", "list", "ruleset"));
    }

    [Fact]
    public void Five_thousand_elements_pass_the_limit_of_an_attribute_and_all_arrive()
    {
        var batch = new NftBatch();
        batch.AddTable(Table);
        batch.AddSet(Table, new NftSet("ports", [NftField.Protocol, NftField.Port]));
        batch.AddElements(Table, "ports", Enumerable.Range(1, 5000).Select(static n => new NftElement(NftValue.Protocol(6).With(NftValue.Port(n)))));
        _nft.Commit(batch);
        Assert.Equal(5000, _nft.CountElements(Table, "ports"));
    }

    [Fact]
    public void A_refused_batch_changes_nothing_and_names_what_was_refused()
    {
        var batch = new NftBatch();
        batch.AddTable(Table);
        batch.AddChain(Table, "c");
        batch.DeleteElements(Table, "missing", [new(NftValue.Port(1))]);
        var error = Assert.Throws<LinuxException>(() => _nft.Commit(batch));
        Assert.Equal(Errno.ENOENT, error.Errno);
        Assert.Contains("inet t missing", error.Message);
        Assert.Empty(_nft.Tables());
    }

    [Fact]
    public void An_owned_table_survives_a_flush_is_kept_from_others_and_is_adopted_when_its_owner_has_gone()
    {
        const NftTableFlags Owned = NftTableFlags.Owner | NftTableFlags.Persist;
        using (var first = NfTables.Open(_space.Space))
        {
            var batch = new NftBatch();
            batch.AddTable(Table, Owned);
            batch.AddChain(Table, "c");
            first.Commit(batch);
            _space.Must("nft", "flush", "ruleset");
            Assert.Equal(first.Port, _nft.FindTable(Table)?.Owner);
            Assert.False(_space.Run("nft", "add", "chain", "inet", "t", "d").Succeeded);
        }

        Assert.True(Probe.Until(() => _nft.FindTable(Table) is { Owner: 0 }));
        var adopt = new NftBatch();
        adopt.AddTable(Table, Owned);
        adopt.AddChain(Table, "d");
        _nft.Commit(adopt);
        Assert.Equal(_nft.Port, _nft.FindTable(Table)?.Owner);
        Assert.Equal(2, _nft.Chains(NftFamily.Inet).Count);
    }

    private static string Flat(string text) => string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
}
