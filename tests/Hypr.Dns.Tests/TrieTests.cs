using Hypr.Dns.Forwarding;
using Hypr.Dns.Wire;
using Hypr.Dns.Zones;

namespace Hypr.Dns.Tests;

public sealed class TrieTests
{
    /// <summary>Few hashes, so that chains and deep branches both occur.</summary>
    [Fact]
    public void It_holds_what_a_dictionary_of_lists_holds_and_older_ones_stay()
    {
        var random = new Random(7);
        var trie = default(Trie<Leaf>);
        var model = new Dictionary<uint, List<int>>();
        for (var i = 0; i < 20_000; i++)
        {
            var hash = (uint)random.Next(50) * 0x04000001u * (uint)(1 + random.Next(3));
            var list = model.TryGetValue(hash, out var known) ? known : model[hash] = [];
            var before = trie;
            var content = Content(before, hash);
            if (random.Next(2) == 0)
            {
                trie = trie.Add(new Leaf(hash, i));
                list.Insert(0, i);
            }
            else if (list.Count > 0)
            {
                var victim = list[random.Next(list.Count)];
                trie = trie.Remove(hash, leaf => leaf.Value == victim);
                list.Remove(victim);
            }

            Assert.Equal(list, Content(trie, hash));
            Assert.Equal(content, Content(before, hash));
        }

        Assert.Equal(model.Values.Sum(l => l.Count), trie.All().Count());
    }

    [Fact]
    public void A_change_among_65000_copies_a_handful_of_nodes()
    {
        var trie = default(Trie<Leaf>);
        for (var i = 0; i < 65_000; i++)
        {
            trie = trie.Add(new Leaf((uint)DnsName.Mix((ulong)i), i));
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
        {
            _ = trie.Add(new Leaf((uint)DnsName.Mix((ulong)i + 100_000), i));
        }

        Assert.InRange((GC.GetAllocatedBytesForCurrentThread() - before) / 100, 1, 2048);
    }

    [Fact]
    public void The_cache_stays_within_its_bounds()
    {
        var cache = new AnswerCache(64, 100_000);
        for (var i = 0; i < 5_000; i++)
        {
            var query = Packets.Query($"n{i}.example");
            _ = Query.Parse(query, false, new byte[256], new byte[128], out var parsed);
            var kind = new QuestionKind(0, 1, false, false);
            cache.Store(UpstreamMessage.Read(
                Packets.Response(query, 0x180, [Packets.Record(16, 60, new byte[1000])]), kind.Hash(DnsName.Hash(parsed.Name)),
                    parsed.Name, kind, i)!);
            Assert.NotNull(cache.Find(kind.Hash(DnsName.Hash(parsed.Name)), parsed.Name, kind, i, out var fresh));
            Assert.True(fresh);
            Assert.InRange(cache.Bytes, 1, 100_000);
        }

        cache.Clear();
        Assert.Equal(0, cache.Bytes);
    }

    private static int[] Content(Trie<Leaf> trie, uint hash)
    {
        var values = new List<int>();
        for (var leaf = trie.Find(hash); leaf is not null; leaf = (Leaf?)leaf.Next)
        {
            values.Add(leaf.Value);
        }

        return [.. values];
    }

    private sealed class Leaf(uint hash, int value) : TrieLeaf(hash)
    {
        public int Value { get; } = value;
    }
}
