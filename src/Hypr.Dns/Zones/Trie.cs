using System.Numerics;
using System.Runtime.CompilerServices;

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
/// A persistent hash trie: three levels of 32 branches, then of four. A change copies the few nodes on its way (about four of 65,000 leaves) and shares the rest, so that
/// readers keep the one they have, and nothing is ever rebuilt. Looking up allocates nothing.
/// A node is an array with a place for every branch: where to look next is known without reading the node first, so that a level costs one cache miss where
/// a bitmap with packed places costs two. Three full levels hold 32,768 hashes; below, wide nodes would be empty.
/// </summary>
internal readonly struct Trie<TLeaf>
    where TLeaf : TrieLeaf
{
    private const int Dense = 15;

    private readonly object? root;

    private Trie(object? root) => this.root = root;

    /// <summary>The chain of leaves with this hash: the caller compares keys.</summary>
    public TLeaf? Find(uint hash)
    {
        var node = root;
        var rest = hash;
        while (AsBranch(node) is { } branch)
        {
            node = branch[(int)rest & (branch.Length - 1)];
            rest >>= BitOperations.PopCount((uint)branch.Length - 1);
        }

        // Only leaves of this type are ever added.
        var leaf = Unsafe.As<TLeaf?>(node);
        return leaf is not null && leaf.Hash == hash ? leaf : null;
    }

    public Trie<TLeaf> Add(TLeaf leaf) => new(Add(root, leaf, 0));

    /// <summary>Without the first leaf of its chain for which <paramref name="match"/> holds.</summary>
    public Trie<TLeaf> Remove(uint hash, Func<TLeaf, bool> match) => new(Remove(root, hash, match, 0));

    public IEnumerable<TLeaf> All() => All(root);

    private static int Bits(int shift) => shift < Dense ? 5 : 2;

    private static int Place(uint hash, int shift) => (int)(hash >> shift) & ((1 << Bits(shift)) - 1);

    /// <summary>The exact type is one comparison; <c>is object?[]</c> would be a call, for arrays are covariant.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static object?[]? AsBranch(object? node) => node is not null && node.GetType() == typeof(object[]) ? Unsafe.As<object?[]>(node) : null;

    private static object Add(object? node, TLeaf leaf, int shift)
    {
        if (node is null)
        {
            return leaf;
        }

        if (AsBranch(node) is { } branch)
        {
            var place = Place(leaf.Hash, shift);
            return With(branch, place, Add(branch[place], leaf, shift + Bits(shift)));
        }

        var other = (TLeaf)node;
        return other.Hash == leaf.Hash ? leaf.With(other) : Split(other, leaf, shift);
    }

    private static object?[] Split(TLeaf left, TLeaf right, int shift)
    {
        int a = Place(left.Hash, shift), b = Place(right.Hash, shift);
        var node = new object?[1 << Bits(shift)];
        if (a == b)
        {
            node[a] = Split(left, right, shift + Bits(shift));
        }
        else
        {
            (node[a], node[b]) = (left, right);
        }

        return node;
    }

    private static object? Remove(object? node, uint hash, Func<TLeaf, bool> match, int shift)
    {
        if (AsBranch(node) is not { } branch)
        {
            return node is TLeaf leaf && leaf.Hash == hash ? RemoveFromChain(leaf, match) : node;
        }

        var place = Place(hash, shift);
        var child = Remove(branch[place], hash, match, shift + Bits(shift));
        if (ReferenceEquals(child, branch[place]))
        {
            return node;
        }

        // A lone leaf moves up: tries of equal content have equal shape.
        var (others, last) = Others(branch, place);
        return (others, child) switch
        {
            (0, null or TLeaf) => child,
            (1, null) when last is TLeaf => last,
            _ => With(branch, place, child),
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

    private static (int Count, object? Last) Others(object?[] branch, int place)
    {
        var (count, last) = (0, (object?)null);
        for (var i = 0; i < branch.Length; i++)
        {
            if (i != place && branch[i] is { } other)
            {
                (count, last) = (count + 1, other);
            }
        }

        return (count, last);
    }

    private static object?[] With(object?[] branch, int place, object? child)
    {
        var copy = (object?[])branch.Clone();
        copy[place] = child;
        return copy;
    }

    private static IEnumerable<TLeaf> All(object? node)
    {
        if (AsBranch(node) is { } branch)
        {
            foreach (var leaf in branch.SelectMany(All))
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
}
