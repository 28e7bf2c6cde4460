using Hypr.Dns.Forwarding;
using Hypr.Dns.Server;
using Hypr.Dns.Wire;
using Hypr.Dns.Zones;

namespace Hypr.Dns.Tests;

public sealed class AllocationTests
{
    [Theory]
    [InlineData("10.88.0.2", "web.hypr", 1)]
    [InlineData("10.88.0.2", "web", 1)]
    [InlineData("10.88.0.2", "many", 1)]
    [InlineData("10.88.0.2", "web.bridge.hypr", 28)]
    [InlineData("10.88.0.2", "nobody.hypr", 1)]
    [InlineData("10.88.0.2", "2.0.88.10.in-addr.arpa", 12)]
    [InlineData("10.88.0.2", "_80._tcp.web.hypr", 33)]
    [InlineData("10.88.0.2", "web.hypr", 16)]
    [InlineData(null, "many.hypr", 1)]
    [InlineData(null, "www.example.com", 1)]
    public void A_question_is_answered_without_allocating(string? from, string name, int type)
    {
        var town = new Town().Network("bridge", "10.88.0.0/16", "10.88.0.1");
        for (var i = 2; i < 200; i++)
        {
            town.Add(Town.Machine($"m{i}", Town.On("bridge", $"10.88.1.{i}", i < 8 ? "many" : "few")));
        }

        town.Add(Town.Machine("web", Town.On("bridge", "10.88.0.2")) with { Ports = [new DnsPort("tcp", 80, 8080)] });
        var packet = Packets.Query(name, (ushort)type, opt: Packets.Opt(options: [0, 10, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8]));
        Remember(town, packet);
        var (zone, asker, output, names, labels) = (town.Store.Current, town.Asker(from), new byte[Limits.Udp], new byte[256],
            new byte[128]);
        var rotation = 0u;
        int Ask()
        {
            var kind = Query.Parse(packet, false, names, labels, out var query);
            _ = town.Responder.Respond(zone, asker, kind, query, output, default, ref rotation, [10, 88, 0, 2], out var length);
            return length;
        }

        Assert.True(Ask() > 12);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 10_000; i++)
        {
            Ask();
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void The_store_of_requests_and_the_cache_allocate_nothing_when_warm()
    {
        var pool = new RequestPool(4);
        var request = pool.Rent()!;
        pool.Return(request);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            pool.Return(pool.Rent()!);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    /// <summary>Puts an answer into the cache as if an upstream had given it.</summary>
    private static void Remember(Town town, byte[] packet)
    {
        var kind = Query.Parse(packet, false, new byte[256], new byte[128], out var query);
        Assert.Equal(QueryKind.Question, kind);
        var question = Responder.Kind(query, town.Sets.Default);
        town.Cache.Store(UpstreamMessage.Read(FakeUpstream.Ok(packet), question.Hash(DnsName.Hash(query.Name)), query.Name, question, 0)!);
    }
}
