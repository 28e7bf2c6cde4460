using Hypr.Dns.Server;
using Hypr.Dns.Wire;

namespace Hypr.Dns.Tests;

public sealed class WireTests
{
    private static Town One() => new Town().Network("bridge", "10.88.0.0/16",
        "10.88.0.1").Add(Town.Machine("web", Town.On("bridge", "10.88.0.2")));

    [Fact]
    public void EDNS_is_answered_with_EDNS_and_DO_is_copied()
    {
        Assert.Null(One().Ask(null, "web.hypr").Opt);
        var answer = One().Answer(null, Packets.Query("web.hypr", opt: Packets.Opt(4096, dnssecOk: true)));
        Assert.Equal(0x8000u, answer.Opt!.Ttl);
        Assert.Equal(["10.88.0.2"], answer.Data);
    }

    [Fact]
    public void Another_version_of_EDNS_is_BADVERS()
    {
        var answer = One().Answer(null, Packets.Query("web.hypr", opt: Packets.Opt(version: 1)));
        Assert.Equal((16, 0), (answer.Code, answer.Answers.Length));
    }

    [Fact]
    public void An_answer_that_does_not_fit_is_truncated_and_whole_over_TCP()
    {
        var town = One();
        for (var i = 0; i < 90; i++)
        {
            town.Add(Town.Machine($"w{i}", Town.On("bridge", $"10.88.1.{i}", "all")));
        }

        var plain = town.Ask(null, "all.hypr");
        Assert.True(plain.IsTruncated);
        Assert.Empty(plain.Answers);
        Assert.True(plain.Length <= 512);
        var large = town.Answer(null, Packets.Query("all.hypr", opt: Packets.Opt(65535)));
        Assert.True(large.IsTruncated);
        Assert.NotNull(large.Opt);
        Assert.Equal(90, town.Answer(null, Packets.Query("all.hypr"), stream: true).Answers.Length);
    }

    [Fact]
    public void A_payload_size_below_512_means_512()
    {
        var town = One();
        for (var i = 0; i < 20; i++)
        {
            town.Add(Town.Machine($"w{i}", Town.On("bridge", $"10.88.1.{i}", "all")));
        }

        Assert.Equal(20, town.Answer(null, Packets.Query("all.hypr", opt: Packets.Opt(0))).Answers.Length);
    }

    [Fact]
    public void ANY_is_told_HINFO() => Assert.Equal(["075246433834383200"], One().Ask(null, "web.hypr", 255).Data);

    [Theory]
    [InlineData(0x0800)]
    [InlineData(0x1000)]
    [InlineData(0x2000)]
    [InlineData(0x2800)]
    [InlineData(0x7800)]
    public void Other_operations_are_not_implemented_and_echoed(int opcode)
    {
        var answer = One().Answer(null, Packets.Query("web.hypr", flags: (ushort)opcode));
        Assert.Equal(4, answer.Code);
        Assert.Equal(opcode, answer.Flags & 0x7800);
    }

    [Theory]
    [InlineData(252, 5)]
    [InlineData(251, 5)]
    [InlineData(253, 4)]
    [InlineData(254, 4)]
    [InlineData(249, 4)]
    [InlineData(41, 1)]
    [InlineData(250, 1)]
    [InlineData(0, 1)]
    public void Types_that_are_no_question_have_their_codes(int type, int code) =>
        Assert.Equal(code, One().Ask(null, "web.hypr", (ushort)type).Code);

    [Fact]
    public void Other_classes_are_refused() => Assert.Equal(5, One().Answer(null, Packets.Query("version.bind", 16, @class: 3)).Code);

    [Fact]
    public void RD_and_CD_are_copied_and_AD_and_Z_are_not()
    {
        Assert.Equal(0x8590, One().Answer(null, Packets.Query("web.hypr", flags: 0x0170)).Flags);
        Assert.Equal(0x8480, One().Answer(null, Packets.Query("web.hypr", flags: 0)).Flags);
    }

    [Fact]
    public void A_cookie_comes_back_with_ours_as_in_RFC_9018()
    {
        var answer = One().Answer(null, Packets.Query("web.hypr", opt: Packets.Opt(options: [0, 10, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8])));
        Assert.StartsWith("000a0018010203040506070801000000", answer.Opt!.Data);
        Assert.Equal(2 * 28, answer.Opt.Data.Length);
    }

    [Fact]
    public void SipHash_is_that_of_RFC_9018_appendix_A()
    {
        // Server secret e5e973e5a6b2a43f48e7dc849e37bfcf, client cookie 2464c4abcf10c957, address 198.51.100.100, time 5cf79f11.
        var cookies = new Cookies(0x3fa4b2a6e573e9e5, 0xcfbf379e84dce748);
        var target = new byte[Cookies.Length];
        cookies.Write(target, 0x2464c4abcf10c957, 0x5cf79f11, [198, 51, 100, 100]);
        Assert.Equal("2464c4abcf10c957010000005cf79f111f8130c3eee29480", Convert.ToHexStringLower(target));
    }

    [Fact]
    public void A_cookie_alone_is_renewed_and_no_question_at_all_is_malformed()
    {
        byte[] header = [0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
        var answer = One().Answer(null, [.. header, .. Packets.Opt(options: [0, 10, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8])]);
        Assert.Equal((0, null), (answer.Code, answer.Question));
        Assert.NotNull(answer.Opt);
        Assert.Equal(1, One().Answer(null, [.. header, .. Packets.Opt()]).Code);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(9)]
    [InlineData(15)]
    [InlineData(41)]
    public void A_cookie_of_a_wrong_length_is_malformed(int length) => Assert.Equal(1, One().Answer(null,
        Packets.Query("web.hypr", opt: Packets.Opt(options: [0, 10, 0, (byte)length, .. new byte[length]]))).Code);

    [Fact]
    public void A_response_or_a_stump_of_a_header_gets_nothing()
    {
        Assert.Equal(Verdict.Silent, One().Respond(null, Packets.Query("web.hypr", flags: 0x8100), false, out _));
        Assert.Equal(Verdict.Silent, One().Respond(null, new byte[11], false, out _));
        Assert.Equal(Verdict.Silent, One().Respond(null, [], false, out _));
    }

    public static TheoryData<string, byte[]> Malformed()
    {
        var good = Packets.Query("web.hypr");
        var two = (byte[])good.Clone();
        two[5] = 2;
        var answers = (byte[])good.Clone();
        answers[7] = 1;
        var authorities = (byte[])good.Clone();
        authorities[9] = 1;
        byte[] head = good[..12];
        return new TheoryData<string, byte[]>
        {
            { "two questions", two },
            { "answers in a question", answers },
            { "authorities in a question", authorities },
            { "no question after the header", head },
            { "a name without an end", good[..16] },
            { "no type", good[..^4] },
            { "half a class", good[..^1] },
            { "octets behind the end", [.. good, 0] },
            { "a pointer to itself", [.. head, 0xc0, 12, 0, 1, 0, 1] },
            { "a pointer into the header", [.. head, 0xc0, 0, 0, 1, 0, 1] },
            { "a pointer forward", [.. head, 0xc0, 20, 0, 1, 0, 1] },
            { "a label of an unknown kind", [.. head, 0x41, 1, 0, 0, 1, 0, 1] },
            { "a label kind 10", [.. head, 0x80, 1, 0, 0, 1, 0, 1] },
            { "a name of 256 octets", [.. head, .. Enumerable.Repeat((byte[])[63, .. new byte[63]], 4).SelectMany(x => x), 0, 0, 1, 0, 1] },
            { "two OPT records", Count(Packets.Query("web.hypr", opt: [.. Packets.Opt(), .. Packets.Opt()]), 2) },
            { "an OPT with a name", Packets.Query("web.hypr", opt: [1, (byte)'x', .. Packets.Opt()]) },
            { "an OPT cut short", Packets.Query("web.hypr", opt: Packets.Opt()[..^1]) },
            { "an option longer than its record", Packets.Query("web.hypr", opt: Packets.Opt(options: [0, 3, 0, 9, 1])) },
            { "half an option", Packets.Query("web.hypr", opt: Packets.Opt(options: [0, 3, 0])) },
            { "a record longer than the message", Packets.Query("web.hypr", opt: [0, 0, 1, 0, 1, 0, 0, 0, 0, 255, 255, 1]) },
            { "more records than there are", Count(Packets.Query("web.hypr", opt: Packets.Opt()), 9) },
            { "an additional name that loops", Packets.Query("web.hypr", opt: [0xc0, 26, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0]) },
        };
    }

    [Theory]
    [MemberData(nameof(Malformed))]
    public void What_is_malformed_is_FORMERR(string what, byte[] packet)
    {
        Assert.NotEmpty(what);
        var answer = One().Answer(null, packet);
        Assert.Equal((1, 0x1234), (answer.Code, answer.Id));
    }

    [Fact]
    public void No_octets_whatever_make_the_server_fail()
    {
        var random = new Random(4);
        var town = One();
        byte[][] seeds = [Packets.Query("web.hypr", opt: Packets.Opt(options: [0, 10, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8])),
            Packets.Query("2.0.88.10.in-addr.arpa", 12), Packets.Query("_80._tcp.web.bridge.hypr", 33)];
        for (var i = 0; i < 100_000; i++)
        {
            var packet = seeds[i % seeds.Length].AsSpan(0, random.Next(seeds[i % seeds.Length].Length + 1)).ToArray();
            if (i % 2 == 0)
            {
                packet = (byte[])seeds[i % seeds.Length].Clone();
            }

            for (var change = random.Next(4); change > 0 && packet.Length > 0; change--)
            {
                packet[random.Next(packet.Length)] = (byte)random.Next(256);
            }

            _ = town.Respond(i % 3 == 0 ? null : "10.88.0.2", packet, i % 5 == 0, out _);
        }
    }

    private static byte[] Count(byte[] packet, byte additional)
    {
        packet[11] = additional;
        return packet;
    }
}
