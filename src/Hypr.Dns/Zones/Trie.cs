using System.Numerics;

namespace Hypr.Dns.Zones;

/// <summary>What a <see cref="Trie{TLeaf}"/> holds. Leaves of one hash are a chain, whose tail no reader of an older trie sees
/// change.</summary>
internal abstract class TrieLeaf(uint hash)
{
    public uint Hash { get; } = hash;

    public TrieLeaf? Next { get; private set; }

    public TrieLeaf With(TrieLeaf? next)
    {
        if (ReferenceEquals(Next, next))
        {
            return this;
        }

        var copy = (TrieLeaf)MemberwiseClone();
        copy.Next = next;
        return copy;
    }
}

/// <summary>
/// A persistent hash trie of 32 branches a node: a change copies the few nodes on its way (about four of 65,000 leaves) and shares the
/// rest, so that
/// readers keep the one they have, and nothing is ever rebuilt. Looking up allocates nothing.
/// </summary>
internal readonly struct Trie<TLeaf>
    where TLeaf : TrieLeaf
{
    private readonly object? root;

    private Trie(object? root) => this.root = root;

    /// <summary>The chain of leaves with this hash: the caller compares keys.</summary>
    public TLeaf? Find(uint hash)
    {
        var node = root;
        var rest = hash;
        while (node is Branch branch)
        {
            var bit = 1u << (int)(rest & 31);
            if ((branch.Bitmap & bit) == 0)
            {
                return null;
            }

            node = branch.Slots[BitOperations.PopCount(branch.Bitmap & (bit - 1))];
            rest >>= 5;
        }

        // Only leaves of this type are ever added.
        var leaf = System.Runtime.CompilerServices.Unsafe.As<TLeaf?>(node);
        return leaf is not null && leaf.Hash == hash ? leaf : null;
    }

    public Trie<TLeaf> Add(TLeaf leaf) => new(Add(root, leaf, 0));

    /// <summary>Without the first leaf of its chain for which <paramref name="match"/> holds.</summary>
    public Trie<TLeaf> Remove(uint hash, Func<TLeaf, bool> match) => new(Remove(root, hash, match, 0));

    public IEnumerable<TLeaf> All() => All(root);

    private static object Add(object? node, TLeaf leaf, int shift)
    {
        switch (node)
        {
            case null:
                return leaf;
            case Branch branch:
                {
                    var bit = 1u << (int)((leaf.Hash >> shift) & 31);
                    var index = BitOperations.PopCount(branch.Bitmap & (bit - 1));
                    return (branch.Bitmap & bit) == 0
                        ? new Branch(branch.Bitmap | bit, Insert(branch.Slots, index, leaf))
                        : new Branch(branch.Bitmap, Replace(branch.Slots, index, Add(branch.Slots[index], leaf, shift + 5)));
                }

            default:
                {
                    var other = (TLeaf)node;
                    return other.Hash == leaf.Hash ? leaf.With(other) : Split(other, leaf, shift);
                }
        }
    }

    private static Branch Split(TLeaf left, TLeaf right, int shift)
    {
        int a = (int)((left.Hash >> shift) & 31), b = (int)((right.Hash >> shift) & 31);
        return a == b
            ? new Branch(1u << a, [Split(left, right, shift + 5)])
            : new Branch((1u << a) | (1u << b), a < b ? [left, right] : [right, left]);
    }

    private static object? Remove(object? node, uint hash, Func<TLeaf, bool> match, int shift)
    {
        if (node is not Branch branch)
        {
            return node is TLeaf leaf && leaf.Hash == hash ? RemoveFromChain(leaf, match) : node;
        }

        var bit = 1u << (int)((hash >> shift) & 31);
        if ((branch.Bitmap & bit) == 0)
        {
            return node;
        }

        var index = BitOperations.PopCount(branch.Bitmap & (bit - 1));
        var child = Remove(branch.Slots[index], hash, match, shift + 5);
        if (ReferenceEquals(child, branch.Slots[index]))
        {
            return node;
        }

        if (child is not null)
        {
            // A lone leaf moves up: tries of equal content have equal shape.
            return branch.Slots.Length == 1 && child is TLeaf ? child : new Branch(branch.Bitmap, Replace(branch.Slots, index, child));
        }

        return branch.Slots.Length switch
        {
            1 => null,
            2 when branch.Slots[1 - index] is TLeaf last => last,
            _ => new Branch(branch.Bitmap & ~bit, Delete(branch.Slots, index)),
        };
    }

    private static TrieLeaf? RemoveFromChain(TLeaf leaf, Func<TLeaf, bool> match)
    {
        if (match(leaf))
        {
            return leaf.Next;
        }

        return leaf.Next is TLeaf next ? leaf.With(RemoveFromChain(next, match)) : leaf;
    }

    private static IEnumerable<TLeaf> All(object? node)
    {
        if (node is Branch branch)
        {
            foreach (var leaf in branch.Slots.SelectMany(All))
            {
                yield return leaf;
            }

            yield break;
        }

        for (var leaf = (TLeaf?)node; leaf is not null; leaf = (TLeaf?)leaf.Next)
        {
            yield return leaf;
        }
    }

    private static object[] Insert(object[] slots, int index, object value)
    {
        var copy = new object[slots.Length + 1];
        Array.Copy(slots, copy, index);
        copy[index] = value;
        Array.Copy(slots, index, copy, index + 1, slots.Length - index);
        return copy;
    }

    private static object[] Replace(object[] slots, int index, object value)
    {
        var copy = (object[])slots.Clone();
        copy[index] = value;
        return copy;
    }

    private static object[] Delete(object[] slots, int index)
    {
        var copy = new object[slots.Length - 1];
        Array.Copy(slots, copy, index);
        Array.Copy(slots, index + 1, copy, index, slots.Length - index - 1);
        return copy;
    }

    private sealed class Branch(uint bitmap, object[] slots)
    {
        public readonly uint Bitmap = bitmap;
        public readonly object[] Slots = slots;
    }
}
