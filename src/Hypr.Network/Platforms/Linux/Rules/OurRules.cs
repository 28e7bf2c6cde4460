using Hypr.Linux;
using Hypr.Linux.Nftables;
using Hypr.Network.Ports;

namespace Hypr.Network.Platforms.Linux.Rules;

/// <summary>
/// The one owner of our tables. It knows their whole content by who wants it (a network, an endpoint, a machine's ports), changes elements in one transaction
/// and can rebuild everything in one. Not for several threads.
/// </summary>
/// <param name="commit">How a change of elements is made.</param>
internal sealed class OurRules(NfTables nft, bool own, Action<NftBatch> commit)
{
    private const byte Tcp = 6;
    private const byte Udp = 17;
    private static readonly NftTable[] Tables = [RuleSet.Inet, RuleSet.Bridge];
    private readonly Dictionary<string, IReadOnlyList<RuleElement>> _wanted = [];
    private readonly Dictionary<NftTable, (int Chains, int Rules)> _counts = [];

    /// <summary>The kernel has refused a change, and the tables anew too.</summary>
    private bool _isBehind;
    private NftTableFlags _flags = own ? NftTableFlags.Owner | NftTableFlags.Persist : NftTableFlags.None;

    /// <summary>The DNS server's ports on each bridge.</summary>
    public static IReadOnlyList<int> DnsPorts => NamePorts.All;

    /// <summary>Whether the kernel keeps others from our tables (6.9 and later).</summary>
    public bool IsOwned => _flags != NftTableFlags.None;

    /// <summary>Remembers what somebody wants without telling the kernel; <see cref="Rebuild"/> follows.</summary>
    public void Remember(string who, IReadOnlyList<RuleElement> elements)
    {
        if (elements.Count == 0)
            _wanted.Remove(who);
        else
            _wanted[who] = elements;
    }

    public void ForgetAll() => _wanted.Clear();

    /// <summary>Puts in place of what <paramref name="who"/> wanted, in one transaction; empty: nothing. On failure all is as before.</summary>
    public void Set(string who, IReadOnlyList<RuleElement> elements)
    {
        var before = _wanted.GetValueOrDefault(who, []);
        // Ten thousand ports come and go at once, and nothing has to be compared then.
        var removed = elements.Count == 0 ? before : before.Count == 0 ? [] : before.Except(elements).ToList();
        var added = before.Count == 0 ? elements : elements.Count == 0 ? [] : elements.Except(before).ToList();
        if (removed.Count == 0 && added.Count == 0)
            return;
        var batch = new NftBatch(removed.Count + added.Count);
        // Deleted first: a port that changes its target has the same key.
        foreach (var (set, some) in BySet(removed))
            batch.DeleteElements(set.Table, set.Name, some);
        foreach (var (set, some) in BySet(added))
            batch.AddElements(set.Table, set.Name, some);
        Remember(who, elements);
        try
        {
            commit(batch);
        }
        catch (LinuxException)
        {
            // Somebody changed or flushed our tables: the whole is put back, with the change in it.
            try
            {
                Rebuild();
            }
            catch
            {
                // What is not wanted any more is not wanted again because the kernel still has it.
                if (elements.Count > 0)
                    Remember(who, before);
                _isBehind = true;
                throw;
            }
        }
    }

    /// <summary>Both tables anew, in one transaction: no packet sees them without content.</summary>
    public void Rebuild()
    {
        try
        {
            nft.Commit(Build(_flags));
        }
        catch (LinuxException e) when (IsOwned && e.Errno is Errno.EOPNOTSUPP or Errno.EINVAL)
        {
            // Before 6.9 there is no persist, and an owner alone would take its table with it when its socket closes.
            _flags = NftTableFlags.None;
            nft.Commit(Build(_flags));
        }

        _isBehind = false;
        if (!IsOwned)
        {
            foreach (var table in Tables)
                _counts[table] = Count(table);
        }
    }

    /// <summary>Whether the kernel has what we want: null when it does, else what is wrong.</summary>
    public string? Difference()
    {
        if (_isBehind)
            return "a change of the rules had failed";
        foreach (var table in Tables)
        {
            if (nft.FindTable(table) is not { } found)
                return $"table {table} was missing";
            if (IsOwned)
            {
                // Nobody else can have changed it, while it is ours.
                if (found.Owner != nft.Port || (found.Flags & NftTableFlags.Dormant) != 0)
                    return $"table {table} was another's";
                continue;
            }

            if (_counts.GetValueOrDefault(table) != Count(table))
                return $"rules of table {table} were changed";
        }

        if (IsOwned)
            return null;
        var content = Content();
        foreach (var set in RuleSet.All)
        {
            if (nft.CountElements(set.Table, set.Name) != content[set].Count)
                return $"elements of {set.Name} were changed";
        }

        return null;
    }

    /// <summary>Takes both tables away. Nothing to do is fine.</summary>
    public static void Remove(NfTables nft)
    {
        var batch = new NftBatch();
        foreach (var table in Tables)
        {
            if (nft.FindTable(table) is not null)
                batch.DeleteTable(table);
        }

        if (!batch.IsEmpty)
            nft.Commit(batch);
    }

    /// <summary>They are few sets, and may be many elements: gone through for each, and not copied.</summary>
    private static IEnumerable<(RuleSet Set, IEnumerable<NftElement> Elements)> BySet(IReadOnlyList<RuleElement> all) =>
        all.Select(static e => e.Set).Distinct().ToList().Select(set => (set, all.Where(e => e.Set == set).Select(static e => new NftElement(e.Key, e.Data))));

    private NftBatch Build(NftTableFlags flags)
    {
        var batch = new NftBatch();
        foreach (var table in Tables)
        {
            if (nft.FindTable(table) is not null)
                batch.DeleteTable(table);
            batch.AddTable(table, flags);
        }

        var content = Content();
        foreach (var set in RuleSet.All)
        {
            batch.AddSet(set.Table, set.Definition);
            batch.AddElements(set.Table, set.Name, content[set]);
        }

        InetRules.Write(batch);
        BridgeRules.Write(batch);
        return batch;
    }

    private Dictionary<RuleSet, List<NftElement>> Content()
    {
        var all = RuleSet.All.ToDictionary(static s => s, static _ => new List<NftElement>());
        all[RuleSet.Dns].AddRange(
            from protocol in (byte[])[Tcp, Udp] from port in DnsPorts select new NftElement(NftValue.Protocol(protocol).With(NftValue.Port(port))));
        var seen = new HashSet<RuleElement>();
        foreach (var element in _wanted.Values.SelectMany(static e => e))
        {
            if (seen.Add(element))
                all[element.Set].Add(new NftElement(element.Key, element.Data));
        }

        return all;
    }

    private (int Chains, int Rules) Count(NftTable table) =>
        (nft.Chains(table.Family).Count(c => c.Table == table), nft.Rules(table).Count);
}
