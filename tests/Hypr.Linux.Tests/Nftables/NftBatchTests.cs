using System.Net;
using Hypr.Linux.Netlink;
using Hypr.Linux.Nftables;

namespace Hypr.Linux.Tests.Nftables;

/// <summary>Bytes on the wire, each under the nft line that means the same. A batch is begin, the message, end.</summary>
public sealed class NftBatchTests
{
    private const string Begin = "140000001000010000000000000000000000000a";
    private const string End = "140000001100010002000000000000000000000a";
    private static readonly NftTable Table = new(NftFamily.Inet, "hypr");
    private static readonly NftElement Web = new(
        NftValue.Protocol(6).With(NftValue.Port(8080)), NftValue.Address(IPAddress.Parse("10.88.0.2")).With(NftValue.Port(80)));

    [Fact]
    public void A_table_with_its_flags()
    {
        // add table inet hypr { flags owner, persist; }
        Check(static b => b.AddTable(Table, NftTableFlags.Owner | NftTableFlags.Persist), """
            28000000 000a 0104 01000000 00000000 01000000
              0900 0100 68797072 00000000
              0800 0200 00000006
            """);
    }

    [Fact]
    public void A_base_chain()
    {
        // add chain inet hypr post { type nat hook postrouting priority 95; policy accept; }
        Check(static b => b.AddChain(Table, "post", new NftBase("nat", NftHook.Postrouting, 95)), """
            50000000 030a 0104 01000000 00000000 01000000
              0900 0100 68797072 00000000
              0900 0300 706f7374 00000000
              1400 0480
                0800 0100 00000004
                0800 0200 0000005f
              0800 0500 00000001
              0800 0700 6e617400
            """);
    }

    [Fact]
    public void A_rule_with_a_lookup_and_a_verdict()
    {
        // add rule inet hypr mine iifname @bridges drop
        Check(static b => b.AddRule(Table, "mine", new NftRule().Meta(NftMeta.InputName).In("bridges").Drop()), """
            ac000000 060a 010c 01000000 00000000 01000000
              0900 0100 68797072 00000000
              0900 0200 6d696e65 00000000
              8000 0480
                2400 0180
                  0900 0100 6d657461 00000000
                  1400 0280
                    0800 0200 00000006
                    0800 0100 00000008
                2800 0180
                  0b00 0100 6c6f6f6b 75700000
                  1800 0280
                    0c00 0100 62726964 67657300
                    0800 0200 00000008
                3000 0180
                  0e00 0100 696d6d65 64696174 65000000
                  1c00 0280
                    0800 0100 00000000
                    1000 0280
                      0c00 0280
                        0800 0100 00000000
            """);
    }

    [Fact]
    public void A_map_of_concatenations()
    {
        // add map inet hypr any4 { type inet_proto . inet_service : ipv4_addr . inet_service; }
        Check(
            static b => b.AddSet(Table, new NftSet("any4", [NftField.Protocol, NftField.Port], [NftField.IPv4, NftField.Port])), """
            5c000000 090a 0104 01000000 00000000 01000000
              0900 0100 68797072 00000000
              0900 0200 616e7934 00000000
              0800 0300 00000008
              0800 0400 0000030d
              0800 0500 00000008
              0800 0600 000001cd
              0800 0700 00000008
              0800 0a00 00000001
            """);
    }

    [Fact]
    public void An_element_added_and_deleted()
    {
        const string Element = """
              0900 0100 68797072 00000000
              0900 0200 616e7934 00000000
              2800 0380
                2400 0180
                  1000 0180
                    0c00 0100 06000000 1f900000
                  1000 0280
                    0c00 0100 0a580002 00500000
            """;
        // add element inet hypr any4 { tcp . 8080 : 10.88.0.2 . 80 }
        Check(static b => b.AddElements(Table, "any4", [Web]), $"54000000 0c0a 0104 01000000 00000000 01000000 {Element}");
        // delete element inet hypr any4 { tcp . 8080 : 10.88.0.2 . 80 }
        Check(static b => b.DeleteElements(Table, "any4", [Web]), $"54000000 0e0a 0100 01000000 00000000 01000000 {Element}");
    }

    [Fact]
    public void A_list_beyond_64_KiB_goes_on_in_another_message()
    {
        var batch = new NftBatch();
        batch.AddElements(Table, "ports", Enumerable.Range(1, 20_000).Select(static n => new NftElement(NftValue.Port(n))));
        batch.Finish();
        ReadOnlySpan<byte> rest = batch.Bytes;
        int messages = 0, elements = 0;
        while (NetlinkMessage.TryTake(ref rest, out var m))
        {
            for (var a = m.Attributes(4); m.Type == 0x0a0c && a.Next();)
            {
                if (a.Type != 3)
                    continue;
                messages++;
                for (var e = a.Nested(); e.Next();)
                    elements++;
            }
        }

        Assert.True(rest.IsEmpty);
        Assert.Equal(20_000, elements);
        Assert.InRange(messages, 2, 10);
    }

    [Fact]
    public void Values_compare_by_content_and_pad_as_registers_do()
    {
        Assert.Equal(NftValue.Port(80).With(NftValue.Protocol(6)), NftValue.Port(80).With(NftValue.Protocol(6)));
        Assert.NotEqual(NftValue.Port(80), NftValue.Port(81));
        Assert.Equal("0050000006000000", Convert.ToHexStringLower(NftValue.Port(80).With(NftValue.Protocol(6)).Bytes));
        Assert.Throws<ArgumentException>(() => NftValue.Link("sixteen-and-more"));
    }

    [Fact]
    public void A_comment_is_found_behind_other_user_data()
    {
        byte[] data = [9, 2, 1, 1, .. NftRule.EncodeComment("ours")];
        Assert.Equal("ours", NftRule.DecodeComment(data));
        Assert.Null(NftRule.DecodeComment([0, 200, 1]));
    }

    private static void Check(Action<NftBatch> fill, string message)
    {
        var batch = new NftBatch();
        fill(batch);
        batch.Finish();
        Assert.Equal(Begin + string.Concat(message.Where(char.IsAsciiHexDigit)) + End, Convert.ToHexStringLower(batch.Bytes));
    }
}
