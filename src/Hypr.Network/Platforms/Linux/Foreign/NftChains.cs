using System.Buffers.Binary;
using Hypr.Linux.Nftables;
using Hypr.Network.Platforms.Linux.Links;
using Hypr.Network.Platforms.Linux.Rules;

namespace Hypr.Network.Platforms.Linux.Foreign;

/// <summary>Foreign nft base chains whose policy is drop: rules of ours at their head, known again by their comment and removed by handle.</summary>
internal sealed class NftChains(NfTables nft)
{
    private const string Mark = "hypr: own bridges";
    private const uint EstablishedOrRelated = 2 | 4;
    private const byte Tcp = 6;
    private const byte Udp = 17;
    private const byte Icmp6 = 58;

    /// <summary>For people; null when nothing is touched.</summary>
    public string? Note { get; private set; }

    /// <summary>Makes what is missing; what was done, or null.</summary>
    public string? Ensure(IReadOnlyList<IptablesTool> tools)
    {
        var places = nft.Chains().Where(c => IsForeignDrop(c) && !IsIptables(c, tools)).ToList();
        Note = places.Count == 0
            ? null
            : $"the host's firewall was opened for our bridges: nft chain {string.Join(", ", places.Select(static c => $"{c.Table} {c.Name}"))}";
        var done = new List<string>();
        foreach (var chain in places)
        {
            var rules = RulesOf(chain);
            var has = nft.Rules(chain.Table, chain.Name).Where(static r => r.Comment == Mark).ToList();
            if (has.Count == rules.Count)
                continue;
            var batch = new NftBatch();
            foreach (var old in has)
                batch.DeleteRule(chain.Table, chain.Name, old.Handle);
            foreach (var rule in rules)
                batch.InsertRule(chain.Table, chain.Name, rule);
            nft.Commit(batch);
            done.Add($"nft: opened {chain.Table} {chain.Name}");
        }

        return done.Count == 0 ? null : string.Join("; ", done);
    }

    public void RemoveAll()
    {
        var batch = new NftBatch();
        foreach (var chain in nft.Chains().Where(static c => c.Base is not null && !IsOurs(c.Table)))
        {
            foreach (var rule in nft.Rules(chain.Table, chain.Name).Where(static r => r.Comment == Mark))
                batch.DeleteRule(chain.Table, chain.Name, rule.Handle);
        }

        if (!batch.IsEmpty)
            nft.Commit(batch);
    }

    private static bool IsOurs(NftTable table) => table == RuleSet.Inet || table == RuleSet.Bridge;

    private static bool IsForeignDrop(NftChain chain) =>
        chain.Base is { Policy: NftPolicy.Drop, Type: "filter", Hook: NftHook.Input or NftHook.Forward } && !IsOurs(chain.Table)
        && chain.Table.Family is NftFamily.Inet or NftFamily.IPv4 or NftFamily.IPv6;

    /// <summary>Chains that the nf_tables variant of iptables owns are left to that program, where there is one.</summary>
    private static bool IsIptables(NftChain chain, IReadOnlyList<IptablesTool> tools) =>
        chain.Table.Name is "filter" && chain.Name is "INPUT" or "FORWARD"
        && tools.Any(t => !t.IsLegacy && t.IsIPv6 == (chain.Table.Family == NftFamily.IPv6)) && chain.Table.Family is not NftFamily.Inet;

    private static List<NftRule> RulesOf(NftChain chain)
    {
        if (chain.Base!.Hook == NftHook.Forward)
        {
            // meta iifgroup G accept; meta oifgroup G accept
            return
            [
                new NftRule().Meta(NftMeta.InputGroup).Equal(OurLinks.Group).Accept().Comment(Mark),
                new NftRule().Meta(NftMeta.OutputGroup).Equal(OurLinks.Group).Accept().Comment(Mark),
            ];
        }

        // meta iifgroup G ct state established,related accept
        // meta iifgroup G meta l4proto P th dport N accept, for DNS
        var rules = new List<NftRule> { From().Conntrack(NftConntrack.State).HasBit(EstablishedOrRelated).Accept().Comment(Mark) };
        Span<byte> port = stackalloc byte[2];
        foreach (var number in OurRules.DnsPorts)
        {
            BinaryPrimitives.WriteUInt16BigEndian(port, (ushort)number);
            foreach (var protocol in (byte[])[Udp, Tcp])
            {
                rules.Add(From().Meta(NftMeta.TransportProtocol).Equal([protocol])
                    .Payload(NftBaseHeader.Transport, 2, 2).Equal(port).Accept().Comment(Mark));
            }
        }

        if (chain.Table.Family == NftFamily.IPv4)
            return rules;
        // meta iifgroup G icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept
        foreach (var type in (byte[])[135, 136])
        {
            rules.Add(From().Meta(NftMeta.Family).Equal([(byte)NftFamily.IPv6]).Meta(NftMeta.TransportProtocol).Equal([Icmp6])
                .Payload(NftBaseHeader.Transport, 0, 1).Equal([type]).Accept().Comment(Mark));
        }

        return rules;
    }

    private static NftRule From() => new NftRule().Meta(NftMeta.InputGroup).Equal(OurLinks.Group);
}
