using System.Net;
using System.Net.Sockets;

namespace Hypr.Dns.Tests;

public sealed class ForwardingTests
{
    [Fact]
    public void An_outside_name_is_asked_once_and_then_answered_from_the_cache_with_its_time_running()
    {
        using var upstream = FakeUpstream.Good();
        using var client = Client.With(upstream);
        var first = client.Ask("www.Example.com");
        Assert.Equal(["192.0.2.1"], first.Data);
        Assert.Equal("www.Example.com.", first.Question);
        Assert.Equal(0x8180, first.Flags);
        var second = client.Ask("WWW.example.com");
        Assert.Equal("WWW.example.com.", second.Question);
        Assert.InRange(second.Answers[0].Ttl, 1u, 60u);
        Assert.Equal(["www.example.com."], upstream.Asked);
    }

    [Fact]
    public void An_answer_without_a_time_to_live_is_not_kept()
    {
        using var upstream = FakeUpstream.Good(ttl: 0);
        using var client = Client.With(upstream);
        client.Ask("a.example");
        client.Ask("a.example");
        Assert.Equal(2, upstream.Asked.Count);
    }

    [Fact]
    public void That_there_is_nothing_is_kept_as_long_as_the_SOA_says_and_not_without_one()
    {
        using var upstream = new FakeUpstream((query, _) => [query[13] switch
        {
            (byte)'n' => Packets.Response(query, 0x0183, [], [Packets.Soa(600, 60)]),
            (byte)'d' => Packets.Response(query, 0x0180, [], [Packets.Soa(600, 60)]),
            _ => Packets.Response(query, 0x0183, []),
        }]);
        using var client = Client.With(upstream);
        foreach (var name in (string[])["n.example", "d.example", "x.example"])
        {
            Assert.Equal(name[0] == 'd' ? 0 : 3, client.Ask(name).Code);
            Assert.Equal(name[0] == 'd' ? 0 : 3, client.Ask(name).Code);
        }

        Assert.Equal(["n.example.", "d.example.", "x.example.", "x.example."], upstream.Asked);
    }

    [Fact]
    public void Equal_questions_at_a_time_are_asked_once()
    {
        using var hold = new ManualResetEventSlim();
        using var upstream = new FakeUpstream((query, _) =>
        {
            hold.Wait(TimeSpan.FromSeconds(20));
            return [FakeUpstream.Ok(query)];
        });
        using var client = Client.With(upstream);
        var sockets = Enumerable.Range(0, 50).Select(_ => client.Open()).ToArray();
        try
        {
            for (var i = 0; i < sockets.Length; i++)
            {
                sockets[i].Send(Packets.Query("same.example", id: (ushort)(i + 1)));
            }

            hold.Set();
            for (var i = 0; i < sockets.Length; i++)
            {
                Assert.Equal(i + 1, Client.Receive(sockets[i]).Id);
            }

            // While it waits, a repetition for a lost packet may go out, never one for each asker.
            Assert.InRange(upstream.Asked.Count, 1, 4);
        }
        finally
        {
            Array.ForEach(sockets, s => s.Dispose());
        }
    }

    [Fact]
    public void A_resolver_that_is_dead_or_refuses_costs_little_and_the_next_answers()
    {
        using var silent = new FakeUpstream((_, _) => []);
        using var refusing = new FakeUpstream((query, _) => [Packets.Response(query, 0x0185, [])]);
        using var good = FakeUpstream.Good();
        using var client = Client.With(silent, refusing, good);
        Assert.Equal(["192.0.2.1"], client.Ask("a.example").Data);
        Assert.Equal(["192.0.2.1"], client.Ask("b.example").Data);

        // Known by then, the good one is asked first.
        Assert.Single(silent.Asked);
    }

    [Fact]
    public void A_port_that_nobody_listens_on_is_noticed_at_once()
    {
        var nobody = FakeUpstream.Good();
        var endPoint = nobody.EndPoint;
        nobody.Dispose();
        using var client = new Client(new NameServerSettings { Upstreams = [endPoint] });
        Assert.Equal(2, client.Ask("a.example").Code);
    }

    [Fact]
    public void Answers_of_a_wrong_id_question_or_kind_change_nothing()
    {
        using var upstream = new FakeUpstream((query, _) =>
        {
            var wrongId = FakeUpstream.Ok(query, last: 66);
            wrongId[0] ^= 0xff;
            var wrongName = FakeUpstream.Ok(query, last: 66);
            wrongName[13] ^= 1;
            var wrongType = FakeUpstream.Ok(query, last: 66);
            wrongType[12 + 11 + 1] = 28;
            var noResponse = FakeUpstream.Ok(query, last: 66);
            noResponse[2] &= 0x7f;
            return [[], [1, 2, 3], wrongId, wrongName, wrongType, noResponse, FakeUpstream.Ok(query)];
        });
        using var client = Client.With(upstream);
        Assert.Equal(["192.0.2.1"], client.Ask("a.example").Data);
    }

    [Fact]
    public void An_answer_that_comes_after_another_resolvers_changes_nothing()
    {
        using var hold = new ManualResetEventSlim();
        using var late = new FakeUpstream((query, _) =>
        {
            hold.Wait(TimeSpan.FromSeconds(20));
            return [FakeUpstream.Ok(query, last: 66)];
        });
        using var good = FakeUpstream.Good();
        using var client = Client.With(late, good);
        Assert.Equal(["192.0.2.1"], client.Ask("a.example").Data);
        hold.Set();

        Assert.True(SpinWait.SpinUntil(() => late.Answered > 0, TimeSpan.FromSeconds(20)));
        Assert.Equal(["192.0.2.1"], client.Ask("b.example").Data);
        Assert.Equal(["192.0.2.1"], client.Ask("a.example").Data);
    }

    [Fact]
    public void Over_TCP_too_a_wrong_id_or_question_or_a_stump_is_no_answer_and_another_resolver_is_asked()
    {
        for (var lie = 0; lie < 4; lie++)
        {
            var kind = lie;
            using var liar = new FakeUpstream((query, stream) =>
            {
                var message = stream ? FakeUpstream.Ok(query, last: 66) : Packets.Response(query, 0x0380, []);
                if (stream)
                {
                    message[kind == 0 ? 0 : 13] ^= (byte)(kind < 2 ? 0xff : 0);
                }

                return [kind switch { 2 when stream => message[..8], 3 when stream => message[..^2], _ => message }];
            });
            using var good = FakeUpstream.Good();
            using var client = Client.With(liar, good);
            Assert.Equal(["192.0.2.1"], client.Ask("a.example").Data);
        }
    }

    [Fact]
    public void A_malformed_answer_is_none_and_another_resolver_is_asked()
    {
        byte[][] bad = [[0xc0, 200, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 1, 2, 3, 4], [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 9, 0, 9, 1], [0xc0],
            [0x40, 1]];
        foreach (var record in bad)
        {
            using var liar = new FakeUpstream((query, _) => [Packets.Response(query, 0x0180, [record])]);
            using var good = FakeUpstream.Good();
            using var client = Client.With(liar, good);
            Assert.Equal(["192.0.2.1"], client.Ask("a.example").Data);
        }
    }

    [Fact]
    public void A_truncated_answer_is_asked_for_over_TCP()
    {
        using var upstream = new FakeUpstream((query, stream) => [stream
            ? Packets.Response(query, 0x0180, [.. Enumerable.Range(1, 100).Select(i => Packets.Record(1, 60, 192, 0, 2, (byte)i))])
            : Packets.Response(query, 0x0380, [])]);
        using var client = Client.With(upstream);
        using var socket = client.OpenStream();
        socket.Send(Client.Frame(Packets.Query("big.example")));
        Assert.Equal(100, Client.ReceiveFrame(socket)!.Answers.Length);
        Assert.Equal(["big.example.", "big.example./tcp"], upstream.Asked);
        var plain = client.Ask("big.example");
        Assert.True(plain.IsTruncated);
        Assert.Empty(plain.Answers);
    }

    [Fact]
    public void A_resolver_that_does_not_know_EDNS_is_asked_without()
    {
        using var upstream = new FakeUpstream((query, _) => [query[11] > 0 ? Packets.Response(query, 0x0181, []) : FakeUpstream.Ok(query)]);
        using var client = Client.With(upstream);
        Assert.Equal(["192.0.2.1"], client.Ask("a.example").Data);
        Assert.Equal(["192.0.2.1"], client.Ask("b.example").Data);
        Assert.Equal(["a.example.", "a.example.", "b.example."], upstream.Asked);
    }

    [Fact]
    public void The_resolvers_EDNS_stays_between_it_and_us()
    {
        using var upstream = new FakeUpstream((query, _) =>
            [Packets.Response(query, 0x0180, [Packets.Record(1, 60, 192, 0, 2, 1)], null,
                [Packets.Opt(4096, options: [0, 15, 0, 2, 0, 3])])]);
        using var client = Client.With(upstream);
        Assert.Null(client.Ask("a.example").Opt);
        Assert.Equal("", client.Ask(Packets.Query("a.example", opt: Packets.Opt())).Opt!.Data);
    }

    [Fact]
    public void Ports_and_ids_are_by_chance()
    {
        using var upstream = FakeUpstream.Good(ttl: 0);
        using var client = Client.With(upstream);
        for (var i = 0; i < 200; i++)
        {
            client.Ask($"n{i}.example");
        }

        Assert.True(upstream.Ports.Distinct().Count() >= 3);
        Assert.True(upstream.Queries.Select(q => (q[0] << 8) | q[1]).Distinct().Count() > 190);
    }

    [Fact]
    public void With_all_resolvers_silent_an_answer_past_its_time_serves()
    {
        var clock = new TestClock();
        var alive = true;
        using var upstream = new FakeUpstream((query, _) => Volatile.Read(ref alive) ? [FakeUpstream.Ok(query, ttl: 5)] : []);
        using var client = new Client(new NameServerSettings { Upstreams = [upstream.EndPoint], Clock = clock });
        Assert.Equal(5u, client.Ask("a.example").Answers[0].Ttl);
        Volatile.Write(ref alive, false);
        clock.Ahead = TimeSpan.FromMinutes(1);
        var stale = client.Ask("a.example");
        Assert.Equal(["192.0.2.1"], stale.Data);
        Assert.Equal(30u, stale.Answers[0].Ttl);
        Assert.Equal(2, client.Ask("b.example").Code);
        Volatile.Write(ref alive, true);
        Assert.Equal(["192.0.2.1"], client.Ask("c.example").Data);
    }

    [Fact]
    public void Names_of_ours_and_reverse_names_of_ours_never_leave()
    {
        using var upstream = FakeUpstream.Good();
        using var client = Client.With(upstream);
        client.Server.AddNetwork(new DnsNetwork("n", "n", "nothing0", [], [IPNetwork.Parse("10.88.0.0/16")], false));
        Assert.Equal(3, client.Ask("nobody.hypr").Code);
        Assert.Equal(3, client.Ask("a.b.c.hypr", 28).Code);
        Assert.Equal(3, client.Ask("9.9.88.10.in-addr.arpa", 12).Code);
        Assert.Equal(0, client.Ask("hypr", 43).Code);
        Assert.Empty(upstream.Asked);
    }

    [Fact]
    public void Without_recursion_desired_nothing_is_asked()
    {
        using var upstream = FakeUpstream.Good();
        using var client = Client.With(upstream);
        Assert.Equal(5, client.Ask(Packets.Query("a.example", flags: 0)).Code);
        Assert.Empty(upstream.Asked);
    }

    [Fact]
    public void A_resolver_that_asks_us_in_turn_is_left_out()
    {
        // It asks us whatever it is asked, as a resolver that has us as its upstream does.
        IPEndPoint? us = null;
        using var looping = new LoopingResolver(() => us!);
        using var client = new Client(new NameServerSettings { Upstreams = [looping.EndPoint] });
        us = client.EndPoint;
        Assert.Equal(2, client.Ask("a.example").Code);
        var before = looping.Relayed;
        Assert.True(before > 1);
        Assert.Equal(2, client.Ask("b.example").Code);
        Assert.Equal(before, looping.Relayed);
    }

    [Theory]
    [InlineData("nameserver 10.0.0.1\nnameserver\t2001:db8::1 # x\n", "10.0.0.1:53 [2001:db8::1]:53")]
    [InlineData("  nameserver 10.0.0.1\n#nameserver 10.0.0.2\n;nameserver 10.0.0.3\nnameservers 10.0.0.4\nnameserver x\nnameserver\n", "")]
    [InlineData("nameserver fe80::1%1\nsearch a b\noptions ndots:3\n", "[fe80::1%1]:53")]
    public void Resolv_conf_is_read_as_its_manual_says(string text, string servers) =>
        Assert.Equal(servers, string.Join(' ', Forwarding.ResolvConf.Parse(text.Split('\n'))));

    [Fact]
    public void The_stub_of_systemd_resolved_stands_for_its_own_resolvers_and_changes_are_seen()
    {
        var folder = Directory.CreateTempSubdirectory("hypr-dns");
        try
        {
            var (real, link, resolved) = (Path.Combine(folder.FullName, "stub"), Path.Combine(folder.FullName, "conf"),
                Path.Combine(folder.FullName, "resolved"));
            File.WriteAllText(real, "nameserver 127.0.0.53\n");
            File.WriteAllText(resolved, "nameserver 10.1.1.1\n");
            File.CreateSymbolicLink(link, real);
            var conf = new Forwarding.ResolvConf(link, resolved);
            Assert.Equal("10.1.1.1:53", Assert.Single(conf.ReadIfChanged()!).ToString());
            Assert.Null(conf.ReadIfChanged());
            File.WriteAllText(resolved, "nameserver 10.1.1.22\n");
            Assert.Equal("10.1.1.22:53", Assert.Single(conf.ReadIfChanged()!).ToString());
            File.WriteAllText(real, "nameserver 10.3.3.3\n");
            Assert.Equal("10.3.3.3:53", Assert.Single(conf.ReadIfChanged()!).ToString());
            File.Delete(real);
            Assert.Empty(conf.ReadIfChanged()!);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>The system's clock, which a test may set ahead.</summary>
    private sealed class TestClock : TimeProvider
    {
        private long ahead;

        public TimeSpan Ahead
        {
            set => Interlocked.Exchange(ref ahead, (long)(value.TotalSeconds * TimestampFrequency));
        }

        public override long GetTimestamp() => base.GetTimestamp() + Interlocked.Read(ref ahead);
    }

    private sealed class LoopingResolver : IDisposable
    {
        private readonly Socket socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        private readonly Func<IPEndPoint> server;
        private int relayed;

        public LoopingResolver(Func<IPEndPoint> server)
        {
            this.server = server;
            socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            new Thread(Serve) { IsBackground = true }.Start();
        }

        public IPEndPoint EndPoint => (IPEndPoint)socket.LocalEndPoint!;

        public int Relayed => Volatile.Read(ref relayed);

        public void Dispose() => socket.Dispose();

        private void Serve()
        {
            var buffer = new byte[4096];
            try
            {
                while (true)
                {
                    EndPoint from = new IPEndPoint(IPAddress.Any, 0);
                    var length = socket.ReceiveFrom(buffer, ref from);
                    if ((buffer[2] & 0x80) == 0 && !from.Equals(server()))
                    {
                        Interlocked.Increment(ref relayed);
                        _ = socket.SendTo(buffer.AsSpan(0, length), server());
                    }
                }
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                // Closed.
            }
        }
    }
}
