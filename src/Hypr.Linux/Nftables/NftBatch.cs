using System.Buffers.Binary;
using Hypr.Linux.Netlink;

namespace Hypr.Linux.Nftables;

/// <summary>
/// Changes that the kernel makes together or not at all (Documentation/networking/netlink_spec, nfnetlink batches). Filled once, committed once
/// by <see cref="NfTables.Commit"/>.
/// </summary>
public sealed class NftBatch
{
    private const int FamilyHeader = 4;

    /// <summary>nla_len has 16 bits: a longer list of elements goes on in another message of the same batch.</summary>
    private const int ListLimit = 60_000;
    private readonly List<(string Operation, string Subject)> _labels = [];
    /// <summary>Of one with a concatenated key of two fields and as much data: the room that many need.</summary>
    private const int ElementSize = 40;
    private NetlinkWriter _writer;
    private uint _setId;

    /// <param name="elements">How many will come, about.</param>
    public NftBatch(int elements = 0)
    {
        _writer = new NetlinkWriter(4096 + (elements * ElementSize));
        var begin = Begin(NftMessage.BatchBegin, NetlinkFlags.Request, NftFamily.Unspecified, "begin", "batch");
        _writer.End(begin);
    }

    public bool IsEmpty => _labels.Count == 1;

    /// <summary>Elements that come or go.</summary>
    public int ElementCount { get; private set; }

    internal ReadOnlySpan<byte> Bytes => _writer.Written;

    /// <summary>What the message with the sequence number does and to what.</summary>
    internal (string Operation, string Subject) LabelOf(uint sequence) =>
        sequence < _labels.Count ? _labels[(int)sequence] : ("change", "nftables");

    /// <summary><c>add table inet NAME [{ flags owner, persist; }]</c></summary>
    public void AddTable(NftTable table, NftTableFlags flags = NftTableFlags.None)
    {
        var m = BeginNft(NftMessage.NewTable, NetlinkFlags.Create, table.Family, "add table", $"{table}");
        _writer.Text(Nfta.TableName, table.Name);
        _writer.U32Be(Nfta.TableFlags, (uint)flags);
        _writer.End(m);
    }

    /// <summary><c>delete table inet NAME</c></summary>
    public void DeleteTable(NftTable table)
    {
        var m = BeginNft(NftMessage.DelTable, NetlinkFlags.None, table.Family, "delete table", $"{table}");
        _writer.Text(Nfta.TableName, table.Name);
        _writer.End(m);
    }

    /// <summary><c>add chain inet TABLE NAME [{ type T hook H priority N; policy P; }]</c></summary>
    public void AddChain(NftTable table, string name, NftBase? at = null)
    {
        var m = BeginNft(NftMessage.NewChain, NetlinkFlags.Create, table.Family, "add chain", $"{table} {name}");
        _writer.Text(Nfta.ChainTable, table.Name);
        _writer.Text(Nfta.ChainName, name);
        if (at is not null)
        {
            var hook = _writer.BeginNested(Nfta.ChainHook);
            _writer.U32Be(Nfta.HookNumber, (uint)at.Hook);
            _writer.I32Be(Nfta.HookPriority, at.Priority);
            _writer.End(hook);
            _writer.U32Be(Nfta.ChainPolicy, (uint)at.Policy);
            _writer.Text(Nfta.ChainType, at.Type);
        }

        _writer.End(m);
    }

    /// <summary><c>add rule</c>: behind the chain's others.</summary>
    public void AddRule(NftTable table, string chain, NftRule rule) => Rule(table, chain, rule, NetlinkFlags.Append, "add rule to");

    /// <summary><c>insert rule</c>: before the chain's others.</summary>
    public void InsertRule(NftTable table, string chain, NftRule rule) => Rule(table, chain, rule, NetlinkFlags.None, "insert rule into");

    /// <summary><c>delete rule inet TABLE CHAIN handle N</c></summary>
    public void DeleteRule(NftTable table, string chain, ulong handle)
    {
        var m = BeginNft(NftMessage.DelRule, NetlinkFlags.None, table.Family, "delete rule of", $"{table} {chain} handle {handle}");
        _writer.Text(Nfta.RuleTable, table.Name);
        _writer.Text(Nfta.RuleChain, chain);
        _writer.U64Be(Nfta.RuleHandle, handle);
        _writer.End(m);
    }

    /// <summary><c>add set inet TABLE NAME { type ...; [flags interval;] }</c></summary>
    public void AddSet(NftTable table, NftSet set)
    {
        var m = BeginNft(NftMessage.NewSet, NetlinkFlags.Create, table.Family, set.Data is null ? "add set" : "add map", $"{table} {set.Name}");
        var flags = (set.Data is null ? 0 : NftSetFlags.Map) | (set.Interval ? NftSetFlags.Interval | (set.Key.Count > 1 ? NftSetFlags.Concat : 0) : 0);
        _writer.Text(Nfta.SetTable, table.Name);
        _writer.Text(Nfta.SetName, set.Name);
        _writer.U32Be(Nfta.SetFlags, flags);
        _writer.U32Be(Nfta.SetKeyType, NftSet.TypeOf(set.Key));
        _writer.U32Be(Nfta.SetKeyLength, (uint)set.KeyLength);
        if (set.Data is { } data)
        {
            _writer.U32Be(Nfta.SetDataType, NftSet.TypeOf(data));
            _writer.U32Be(Nfta.SetDataLength, (uint)NftSet.LengthOf(data));
        }

        _writer.U32Be(Nfta.SetId, ++_setId);
        Describe(set);
        // Only for the nft program, which prints names as "" without it: user data type 0, the key's byte order (libnftnl, NFTNL_UDATA_SET_KEYBYTEORDER).
        if (set.Key.Count == 1)
            _writer.Bytes(Nfta.SetUserData, [0, 4, set.Key[0].IsHostOrder ? (byte)1 : (byte)2, 0, 0, 0]);
        _writer.End(m);
    }

    /// <summary><c>add element inet TABLE SET { ... }</c>; one that is there already is left as it is.</summary>
    public void AddElements(NftTable table, string set, IEnumerable<NftElement> elements) =>
        Elements(NftMessage.NewSetElem, NetlinkFlags.Create, table, set, elements, "add elements to");

    /// <summary><c>delete element inet TABLE SET { ... }</c>; ENOENT when one is not there.</summary>
    public void DeleteElements(NftTable table, string set, IEnumerable<NftElement> elements) =>
        Elements(NftMessage.DelSetElem, NetlinkFlags.None, table, set, elements, "delete elements of");

    /// <summary><c>flush set inet TABLE SET</c></summary>
    public void FlushSet(NftTable table, string set)
    {
        var m = BeginNft(NftMessage.DelSetElem, NetlinkFlags.None, table.Family, "flush set", $"{table} {set}");
        _writer.Text(Nfta.ElemListTable, table.Name);
        _writer.Text(Nfta.ElemListSet, set);
        _writer.End(m);
    }

    /// <summary>Closes the batch.</summary>
    internal void Finish()
    {
        var end = Begin(NftMessage.BatchEnd, NetlinkFlags.Request, NftFamily.Unspecified, "end", "batch");
        _writer.End(end);
    }

    private void Rule(NftTable table, string chain, NftRule rule, NetlinkFlags where, string operation)
    {
        var m = BeginNft(NftMessage.NewRule, NetlinkFlags.Create | where, table.Family, operation, $"{table} {chain}");
        _writer.Text(Nfta.RuleTable, table.Name);
        _writer.Text(Nfta.RuleChain, chain);
        var expressions = _writer.BeginNested(Nfta.RuleExpressions);
        rule.Expressions.CopyTo(_writer.Take(rule.Expressions.Length));
        _writer.End(expressions);
        if (rule.Text is { } text)
            _writer.Bytes(Nfta.RuleUserData, NftRule.EncodeComment(text));
        _writer.End(m);
    }

    private void Elements(int type, NetlinkFlags flags, NftTable table, string set, IEnumerable<NftElement> elements, string operation)
    {
        using var rest = elements.GetEnumerator();
        var more = rest.MoveNext();
        while (more)
        {
            var m = BeginNft(type, flags, table.Family, operation, $"{table} {set}");
            _writer.Text(Nfta.ElemListTable, table.Name);
            _writer.Text(Nfta.ElemListSet, set);
            var list = _writer.BeginNested(Nfta.ElemListElements);
            var start = _writer.Length;
            do
            {
                Element(rest.Current);
                ElementCount++;
                more = rest.MoveNext();
            }
            while (more && _writer.Length - start < ListLimit);
            _writer.End(list);
            _writer.End(m);
        }
    }

    private void Element(NftElement element)
    {
        var e = _writer.BeginNested(Nfta.ListElem);
        Value(Nfta.ElemKey, element.Key);
        if (element.KeyEnd is { } last)
            Value(Nfta.ElemKeyEnd, last);
        if (element.Data is { } data)
            Value(Nfta.ElemData, data);
        _writer.End(e);
    }

    private void Value(int attribute, NftValue value)
    {
        var data = _writer.BeginNested(attribute);
        _writer.Bytes(Nfta.DataValue, value.Bytes);
        _writer.End(data);
    }

    /// <summary>The size, and how the kernel cuts a concatenation of ranges: a length in bytes for each field.</summary>
    private void Describe(NftSet set)
    {
        var isCut = set.Interval && set.Key.Count > 1;
        if (set.Size == 0 && !isCut)
            return;
        var description = _writer.BeginNested(Nfta.SetDescription);
        if (set.Size != 0)
            _writer.U32Be(Nfta.SetDescriptionSize, (uint)set.Size);
        if (isCut)
            WriteFields(set.Key);
        _writer.End(description);
    }

    private void WriteFields(IReadOnlyList<NftField> fields)
    {
        var concat = _writer.BeginNested(Nfta.SetDescriptionConcat);
        foreach (var field in fields)
        {
            var one = _writer.BeginNested(Nfta.ListElem);
            _writer.U32Be(Nfta.SetFieldLength, (uint)field.Length);
            _writer.End(one);
        }

        _writer.End(concat);
    }

    private MessageToken BeginNft(int type, NetlinkFlags flags, NftFamily family, string operation, string subject) =>
        Begin((ushort)(NftMessage.Subsystem | type), NetlinkFlags.Request | flags, family, operation, subject);

    private MessageToken Begin(ushort type, NetlinkFlags flags, NftFamily family, string operation, string subject)
    {
        var token = _writer.Begin(type, flags);
        _writer.SetSequence(token, (uint)_labels.Count);
        _labels.Add((operation, subject));
        var header = _writer.Take(FamilyHeader);
        header[0] = (byte)family;
        // struct nfgenmsg.res_id, in network order: the subsystem on begin and end.
        if (type is NftMessage.BatchBegin or NftMessage.BatchEnd)
            BinaryPrimitives.WriteUInt16BigEndian(header[2..], NftMessage.Subsystem >> 8);
        return token;
    }
}
