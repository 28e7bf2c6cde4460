namespace Hypr.Dns.Tests;

public sealed class NamesTests
{
    private const ushort A = 1;
    private const ushort Aaaa = 28;
    private const ushort Srv = 33;
    private const ushort Txt = 16;
    private const ushort Ptr = 12;

    private static Town Two() => new Town()
        .Network("bridge", "10.88.0.0/16 fd88::/64", "10.88.0.1 fd88::1")
        .Network("back", "10.89.0.0/24", "10.89.0.1")
        .Add(Town.Machine("web", Town.On("bridge", "10.88.0.2 fd88::2")))
        .Add(Town.Machine("db", Town.On("back", "10.89.0.2", "database")))
        .Add(Town.Machine("api", Town.On("bridge", "10.88.0.3"), Town.On("back", "10.89.0.3")));

    [Fact]
    public void A_name_answers_in_both_forms_and_both_families()
    {
        var town = Two();
        Assert.Equal(["10.88.0.2"], town.Ask("10.88.0.3", "web.hypr").Data);
        Assert.Equal(["10.88.0.2"], town.Ask("10.88.0.3", "web").Data);
        Assert.Equal(["fd88::2"], town.Ask("10.88.0.3", "web.hypr", Aaaa).Data);
        Assert.Equal(["10.88.0.2"], town.Ask(null, "web.hypr").Data);
        Assert.True(town.Ask(null, "web.hypr").IsAuthoritative);
        Assert.Equal(1u, town.Ask(null, "web.hypr").Answers[0].Ttl);
    }

    [Fact]
    public void The_questions_case_is_kept() => Assert.Equal("wEb.HyPr.", Two().Ask("10.88.0.3", "wEb.HyPr").Answers[0].Name);

    [Fact]
    public void A_machine_sees_only_its_own_networks()
    {
        var town = Two();
        Assert.Equal(3, town.Ask("10.88.0.2", "db.hypr").Code);
        Assert.Equal(3, town.Ask("10.88.0.2", "database").Code);
        Assert.Equal(3, town.Ask("10.88.0.2", "db.back.hypr").Code);
        Assert.Equal(3, town.Ask("10.88.0.2", "2.0.89.10.in-addr.arpa", Ptr).Code);
        Assert.Equal(["10.88.0.3"], town.Ask("10.88.0.2", "api.hypr").Data);
        Assert.Equal(["10.89.0.2"], town.Ask("10.88.0.3", "db.hypr").Data);
        Assert.Equal(["10.89.0.2"], town.Ask("10.89.0.3", "database").Data);
        Assert.Equal(3, town.Ask("10.88.0.2", "back.hypr").Code);
    }

    [Fact]
    public void The_host_sees_all_addresses_of_all_networks()
    {
        var town = Two();
        Assert.Equal(["10.88.0.3", "10.89.0.3"], town.Ask(null, "api.hypr").Data.Order());
        Assert.Equal(["10.89.0.3"], town.Ask(null, "api.back.hypr").Data);
        Assert.Equal(["10.89.0.2"], town.Ask(null, "database.hypr").Data);
    }

    [Fact]
    public void No_data_is_told_from_no_name_and_both_carry_the_SOA()
    {
        var town = Two();
        var noData = town.Ask("10.89.0.2", "db.hypr", Aaaa);
        Assert.Equal((0, 0), (noData.Code, noData.Answers.Length));
        var noName = town.Ask("10.89.0.2", "nobody.hypr", Aaaa);
        Assert.Equal((3, 0), (noName.Code, noName.Answers.Length));
        Assert.All([noData, noName], answer =>
        {
            Assert.Equal(("hypr.", 6), (answer.Authorities.Single().Name, answer.Authorities.Single().Type));
            Assert.Equal("host.hypr. hostmaster.hypr.", answer.Authorities.Single().Data);
        });
        Assert.Equal(".", town.Ask("10.89.0.2", "nobody").Authorities.Single().Name);
    }

    [Fact]
    public void A_name_above_names_has_no_data_but_exists()
    {
        var town = Two().Add(Town.Machine("one", Town.On("back", "10.89.0.9")) with { Stack = "shop", Service = "cart" });
        Assert.Equal(0, town.Ask("10.89.0.2", "shop.hypr").Code);
        Assert.Equal(0, town.Ask("10.89.0.2", "back.hypr").Code);
        Assert.Equal(3, town.Ask("10.88.0.2", "shop.hypr").Code);
    }

    [Fact]
    public void The_first_twelve_digits_of_the_id_are_an_alias()
    {
        var town = Two();
        Assert.Equal(["10.88.0.2"], town.Ask("10.88.0.3", Town.Id("web")[..12]).Data);
        Assert.Equal(["10.88.0.2"], town.Ask(null, Town.Id("web")[..12] + ".hypr").Data);
        Assert.Equal(3, town.Ask("10.88.0.2", Town.Id("db")[..12]).Code);
    }

    [Fact]
    public void A_rename_moves_all_names_at_once()
    {
        var town = Two();
        town.Add(Town.Machine("web", Town.On("bridge", "10.88.0.2", "old")) with { Name = "shop" });
        Assert.Equal(3, town.Ask("10.88.0.3", "web.hypr").Code);
        Assert.Equal(["10.88.0.2"], town.Ask("10.88.0.3", "shop.hypr").Data);
        Assert.Equal(["10.88.0.2"], town.Ask("10.88.0.3", "old").Data);
        Assert.Equal(["shop.hypr."], town.Ask("10.88.0.3", "2.0.88.10.in-addr.arpa", Ptr).Data);
        town.Store.RemoveMachine(Town.Id("web"));
        Assert.Equal(3, town.Ask("10.88.0.3", "shop.hypr").Code);
        Assert.Equal(3, town.Ask("10.88.0.3", "old").Code);
        Assert.Equal(3, town.Ask("10.88.0.3", "2.0.88.10.in-addr.arpa", Ptr).Code);
    }

    [Fact]
    public void A_machines_name_beats_an_alias()
    {
        var town = Two().Add(Town.Machine("other", Town.On("bridge", "10.88.0.9", "web")));
        Assert.Equal(["10.88.0.2"], town.Ask("10.88.0.3", "web").Data);
        town.Store.RemoveMachine(Town.Id("web"));
        Assert.Equal(["10.88.0.9"], town.Ask("10.88.0.3", "web").Data);
    }

    [Fact]
    public void SERVICE_STACK_beats_NAME_NETWORK()
    {
        var town = Two().Add(Town.Machine("x", Town.On("bridge", "10.88.0.9")) with { Stack = "bridge", Service = "web" });
        Assert.Equal(["10.88.0.9"], town.Ask("10.88.0.3", "web.bridge.hypr").Data);
        town.Store.RemoveMachine(Town.Id("x"));
        Assert.Equal(["10.88.0.2"], town.Ask("10.88.0.3", "web.bridge.hypr").Data);
    }

    [Fact]
    public void An_alias_that_two_stacks_use_answers_the_host_only_in_its_qualified_form()
    {
        var town = Two()
            .Add(Town.Machine("s1", Town.On("bridge", "10.88.1.1", "queue")) with { Stack = "one", Service = "queue" })
            .Add(Town.Machine("s2", Town.On("back", "10.89.0.99", "queue")) with { Stack = "two", Service = "queue" });
        Assert.Equal(3, town.Ask(null, "queue.hypr").Code);
        Assert.Equal(["10.88.1.1"], town.Ask(null, "queue.one.hypr").Data);
        Assert.Equal(["10.89.0.99"], town.Ask(null, "queue.two.hypr").Data);
        Assert.Equal(["10.88.1.1"], town.Ask(null, "queue.bridge.hypr").Data);
        Assert.Equal(["10.88.1.1"], town.Ask("10.88.0.2", "queue").Data);
        Assert.Equal(3, town.Ask("10.88.0.2", "queue.two.hypr").Code);

        // On both networks: the first of its own that has it.
        Assert.Equal(["10.88.1.1"], town.Ask("10.88.0.3", "queue").Data);
    }

    [Fact]
    public void Several_with_one_alias_answer_with_all_addresses_in_turn()
    {
        var town = Two();
        for (var i = 1; i <= 3; i++)
        {
            town.Add(Town.Machine($"w{i}", Town.On("bridge", $"10.88.2.{i}", "worker")));
        }

        var first = new HashSet<string>();
        for (var i = 0; i < 3; i++)
        {
            var data = town.Ask("10.88.0.2", "worker").Data;
            Assert.Equal(["10.88.2.1", "10.88.2.2", "10.88.2.3"], data.Order());
            first.Add(data[0]);
        }

        Assert.Equal(3, first.Count);
    }

    [Fact]
    public void The_gateway_has_its_names()
    {
        var town = Two();
        foreach (var name in (string[])["host", "gateway", "host.hypr", "gateway.hypr", "host.docker.internal", "gateway.docker.internal"])
        {
            Assert.Equal(["10.88.0.1"], town.Ask("10.88.0.2", name).Data);
            Assert.Equal(["fd88::1"], town.Ask("10.88.0.2", name, Aaaa).Data);
            Assert.Equal(["10.89.0.1"], town.Ask("10.89.0.3", name).Data);
        }

        Assert.Equal(["10.88.0.1"], town.Ask(null, "host.hypr").Data);
        Assert.Equal(["host.hypr."], town.Ask("10.88.0.2", "1.0.88.10.in-addr.arpa", Ptr).Data);
    }

    [Fact]
    public void Reverse_names_of_our_subnets_never_leave()
    {
        var town = Two();
        Assert.Equal(["web.hypr."], town.Ask("10.88.0.3", "2.0.88.10.in-addr.arpa", Ptr).Data);
        var v6 = "2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.8.d.f.ip6.arpa";
        Assert.Equal(["web.hypr."], town.Ask("10.88.0.3", v6, Ptr).Data);
        Assert.Equal((3, "88.10.in-addr.arpa."),
            (town.Ask(null, "9.9.88.10.in-addr.arpa", Ptr).Code, town.Ask(null, "9.9.88.10.in-addr.arpa", Ptr).Authorities[0].Name));
        Assert.Equal(3, town.Ask("10.88.0.2", "x.9.88.10.in-addr.arpa", Ptr).Code);
        Assert.Equal(0, town.Ask("10.88.0.2", "9.88.10.in-addr.arpa", Ptr).Code);
        Assert.Equal(["host.hypr. hostmaster.hypr."], town.Ask("10.88.0.2", "88.10.in-addr.arpa", 6).Data);
        Assert.Equal(["localhost."], town.Ask("10.88.0.2", "1.0.0.127.in-addr.arpa", Ptr).Data);
        Assert.Equal(3, town.Ask("10.88.0.2", "1.1.254.169.in-addr.arpa", Ptr).Code);
        Assert.Equal(Server.Verdict.Forward, town.Respond("10.88.0.2", Packets.Query("1.1.168.192.in-addr.arpa", Ptr), false, out _));
        Assert.Equal(Server.Verdict.Forward, town.Respond("10.88.0.2", Packets.Query("10.in-addr.arpa", Ptr), false, out _));
    }

    [Fact]
    public void Reverse_names_of_IPv6_subnets_never_leave_whether_they_exist_or_not()
    {
        // A subnet whose length is no whole nibble is cut at the next one inside.
        var town = Two().Network("odd", "fd99:0:0:8::/61", "fd99:0:0:8::1");
        foreach (var from in (string?[])[null, "10.88.0.2"])
        {
            Assert.Equal((3, "0.0.0.0.0.0.0.0.0.0.0.0.8.8.d.f.ip6.arpa."), Reverse(town, from, "fd88::9"));
            Assert.Equal((3, "8.0.0.0.0.0.0.0.0.0.0.0.9.9.d.f.ip6.arpa."), Reverse(town, from, "fd99:0:0:8::9"));
            Assert.Equal((3, "f.0.0.0.0.0.0.0.0.0.0.0.9.9.d.f.ip6.arpa."), Reverse(town, from, "fd99:0:0:f::9"));
            Assert.Equal(0, town.Ask(from, "0.0.0.0.0.0.0.0.0.0.0.0.0.8.8.d.f.ip6.arpa", Ptr).Code);
            Assert.Equal(3, town.Ask(from, "x.0.0.0.0.0.0.0.0.0.0.0.0.8.8.d.f.ip6.arpa", Ptr).Code);
            Assert.Equal(Server.Verdict.Forward, town.Respond(from, Packets.Query(ReverseName("fd99:0:0:10::1"), Ptr), false, out _));
        }

        Assert.Equal(["host.hypr."], town.Ask(null, ReverseName("fd99:0:0:8::1"), Ptr).Data);
    }

    private static (int Code, string Zone) Reverse(Town town, string? from, string address)
    {
        var answer = town.Ask(from, ReverseName(address), Ptr);
        return (answer.Code, answer.Authorities.Single().Name);
    }

    private static string ReverseName(string address) => string.Join(
        '.', Convert.ToHexStringLower(System.Net.IPAddress.Parse(address).GetAddressBytes()).Reverse()) + ".ip6.arpa";

    [Fact]
    public void Published_ports_have_SRV_and_TXT()
    {
        var town = Two().Add(Town.Machine("site",
            Town.On("bridge", "10.88.0.7")) with
        { Ports = [new DnsPort("tcp", 80, 8080), new DnsPort("udp", 53, 5353)] });
        Assert.Equal(["0 0 80 site.hypr."], town.Ask("10.88.0.2", "_http._tcp.site.hypr", Srv).Data);
        Assert.Equal(["0 0 80 site.hypr."], town.Ask("10.88.0.2", "_80._tcp.site.hypr", Srv).Data);
        Assert.Equal(["0 0 53 site.hypr."], town.Ask("10.88.0.2", "_udp.site.hypr", Srv).Data);
        Assert.Equal(2, town.Ask("10.88.0.2", "site.hypr", Srv).Data.Length);
        Assert.Equal(["80/tcp=8080|53/udp=5353"], town.Ask("10.88.0.2", "site.hypr", Txt).Data);
        Assert.Equal(3, town.Ask("10.88.0.2", "_81._tcp.site.hypr", Srv).Code);
        Assert.Equal((0, 0), (town.Ask("10.88.0.2", "_80._tcp.site.hypr").Code,
            town.Ask("10.88.0.2", "_80._tcp.site.hypr").Answers.Length));
        Assert.Equal(3, town.Ask("10.89.0.2", "_80._tcp.site.hypr", Srv).Code);
        Assert.Equal(3, town.Ask("10.88.0.2", "_tcp.hypr", Srv).Code);
        Assert.Equal(3, town.Ask("10.88.0.2", "_80._tcp.hypr", Srv).Code);
    }

    [Fact]
    public void The_zone_has_its_SOA_and_NS()
    {
        var town = Two();
        Assert.Equal(["host.hypr. hostmaster.hypr."], town.Ask(null, "hypr", 6).Data);
        Assert.Equal(["host.hypr."], town.Ask(null, "hypr", 2).Data);
        Assert.Equal((0, 0, 1), (town.Ask(null, "hypr").Code, town.Ask(null, "hypr").Answers.Length,
            town.Ask(null, "hypr").Authorities.Length));
    }

    [Fact]
    public void Names_with_dots_answer_bare_and_below_hypr()
    {
        var town = Two().Add(Town.Machine("a.b", Town.On("bridge", "10.88.0.8", "api.example.com")));
        Assert.Equal(["10.88.0.8"], town.Ask("10.88.0.2", "a.b").Data);
        Assert.Equal(["10.88.0.8"], town.Ask("10.88.0.2", "a.b.hypr").Data);
        Assert.Equal(["10.88.0.8"], town.Ask("10.88.0.2", "api.example.com").Data);
        Assert.Equal((0, 0), (town.Ask("10.88.0.2", "b.hypr").Code, town.Ask("10.88.0.2", "b.hypr").Answers.Length));
        Assert.Equal(Server.Verdict.Forward, town.Respond(null, Packets.Query("api.example.com"), false, out _));
    }

    [Fact]
    public void Bare_names_of_nobody_stay_and_top_level_domains_may_be_asked_about()
    {
        var town = Two();
        Assert.Equal(3, town.Ask("10.88.0.2", "wpad").Code);
        Assert.Equal(Server.Verdict.Forward, town.Respond("10.88.0.2", Packets.Query("com", 43), false, out _));
        Assert.Equal(Server.Verdict.Forward, town.Respond("10.88.0.2", Packets.Query(".", 2), false, out _));
        Assert.Equal(Server.Verdict.Forward, town.Respond(null, Packets.Query("nas"), false, out _));
        Assert.Equal(["10.88.0.2"], town.Ask(null, "web").Data);
    }

    [Theory]
    [InlineData("x.test")]
    [InlineData("x.invalid")]
    [InlineData("x.onion")]
    [InlineData("x.alt")]
    [InlineData("x.home.arpa")]
    public void Names_that_are_special_do_not_leak(string name)
    {
        Assert.Equal(3, Two().Ask("10.88.0.2", name).Code);
        Assert.Equal(3, Two().Ask(null, name).Code);
    }

    [Fact]
    public void Localhost_is_here()
    {
        Assert.Equal(["127.0.0.1"], Two().Ask("10.88.0.2", "localhost").Data);
        Assert.Equal(["::1"], Two().Ask(null, "x.localhost", Aaaa).Data);
    }

    [Fact]
    public void Outside_names_are_refused_on_an_internal_network()
    {
        var town = new Town().Network("in", "10.90.0.0/24", "10.90.0.1",
            isInternal: true).Add(Town.Machine("one", Town.On("in", "10.90.0.2")));
        Assert.Equal(5, town.Ask("10.90.0.2", "example.com").Code);
        Assert.Equal(["10.90.0.2"], town.Ask("10.90.0.2", "one").Data);
    }

    [Fact]
    public void A_network_that_goes_takes_its_names_and_one_that_comes_later_finds_its_machines()
    {
        var town = new Town().Add(Town.Machine("early", Town.On("late", "10.91.0.2", "al")));
        Assert.Equal(3, town.Ask(null, "early.late.hypr").Code);
        town.Network("late", "10.91.0.0/24", "10.91.0.1");
        Assert.Equal(["10.91.0.2"], town.Ask("10.91.0.2", "early.late.hypr").Data);
        town.Store.RemoveNetwork("late");
        Assert.Equal(3, town.Ask(null, "early.late.hypr").Code);
        Assert.Equal(Server.Verdict.Forward, town.Respond(null, Packets.Query("2.0.91.10.in-addr.arpa", Ptr), false, out _));
        town.Store.RemoveMachine(Town.Id("early"));
        Assert.All(town.Store.Current.Networks, Assert.Null);
    }
}
