using System.Buffers.Binary;
using Hypr.Linux.Namespaces;
using Hypr.Linux.Netlink;

namespace Hypr.Linux.Nftables;

/// <summary>
/// nf_tables over nfnetlink, of the network namespace of the thread that opened it. A table with <see cref="NftTableFlags.Owner"/> belongs to this
/// object's socket. Safe for several threads.
/// </summary>
public sealed class NfTables : IDisposable
{
    private readonly NetlinkSocket _socket;

    private NfTables(NetlinkSocket socket) => _socket = socket;

    /// <summary>The socket's netlink port: what owns a table, and what notifications of own changes carry.</summary>
    public uint Port => _socket.Port;

    /// <summary>For the calling thread's network namespace.</summary>
    public static NfTables Open(INetlinkFaults? faults = null) => new(NetlinkSocket.Open(NetlinkSocket.Netfilter, faults));

    public static NfTables Open(NetworkNamespace where, INetlinkFaults? faults = null) => where.Run(() => Open(faults));

    /// <summary>Makes all changes of the batch in one transaction.</summary>
    /// <exception cref="LinuxException">The kernel's first refusal; nothing was changed.</exception>
    public void Commit(NftBatch batch)
    {
        batch.Finish();
        LinuxException? first = null;
        _socket.SendBatch(batch.Bytes, "commit", "nftables changes", (sequence, error) =>
        {
            var (operation, subject) = batch.LabelOf(sequence);
            // ERESTART says only that a module was loaded and the batch is to be sent again, which the kernel does itself.
            first ??= new LinuxException(operation, subject, error.Errno, error.Text);
        });
        if (first is not null)
            throw first;
    }

    /// <summary>Null when there is none.</summary>
    public NftTableInfo? FindTable(NftTable table) => Tables(table.Family).FirstOrDefault(t => t.Table == table);

    /// <summary>Of one family, or all.</summary>
    public List<NftTableInfo> Tables(NftFamily family = NftFamily.Unspecified)
    {
        // nft list tables
        var w = Request(NftMessage.GetTable, family);
        return _socket.Dump(w, "list", "nftables tables", static m =>
        {
            var (table, flags, owner) = ("", NftTableFlags.None, 0u);
            var a = m.Attributes(4);
            while (a.Next())
            {
                switch (a.Type)
                {
                    case Nfta.TableName: table = a.Text(); break;
                    case Nfta.TableFlags: flags = (NftTableFlags)a.U32Be(); break;
                    case Nfta.TableOwner: owner = a.U32Be(); break;
                }
            }

            return new NftTableInfo(new NftTable((NftFamily)m.Payload[0], table), flags, owner);
        });
    }

    public List<NftChain> Chains(NftFamily family = NftFamily.Unspecified)
    {
        // nft list chains
        var w = Request(NftMessage.GetChain, family);
        return _socket.Dump(w, "list", "nftables chains", static m => ParseChain(m));
    }

    public List<NftRuleInfo> Rules(NftTable table, string? chain = null)
    {
        // nft -a list table inet NAME
        var w = new NetlinkWriter(128);
        var message = w.Begin(NftMessage.Subsystem | NftMessage.GetRule, NetlinkFlags.None);
        w.Take(4)[0] = (byte)table.Family;
        w.Text(Nfta.RuleTable, table.Name);
        if (chain is not null)
            w.Text(Nfta.RuleChain, chain);
        w.End(message);
        try
        {
            return _socket.Dump(w, "list", $"rules of {table}", static m => ParseRule(m));
        }
        catch (LinuxException e) when (e.Errno == Errno.ENOENT)
        {
            return [];
        }
    }

    /// <summary>How many elements a set has; null when there is no such set.</summary>
    public int? CountElements(NftTable table, string set)
    {
        // nft list set inet TABLE SET
        var w = new NetlinkWriter(128);
        var message = w.Begin(NftMessage.Subsystem | NftMessage.GetSetElem, NetlinkFlags.None);
        w.Take(4)[0] = (byte)table.Family;
        w.Text(Nfta.ElemListTable, table.Name);
        w.Text(Nfta.ElemListSet, set);
        w.End(message);
        try
        {
            return _socket.Dump<object>(w, "list", $"elements of {table} {set}", CountIn).Cast<int>().Sum();
        }
        catch (LinuxException e) when (e.Errno == Errno.ENOENT)
        {
            return null;
        }
    }

    /// <summary>The ruleset's generation: it changes with every transaction of anybody.</summary>
    public uint Generation()
    {
        var w = Request(NftMessage.GetGen, NftFamily.Unspecified);
        var generation = 0u;
        _socket.Execute(w, "read", "nftables generation", m =>
        {
            var a = m.Attributes(4);
            while (a.Next())
            {
                if (a.Type == Nfta.GenId)
                    generation = a.U32Be();
            }
        });
        return generation;
    }

    public void Dispose() => _socket.Dispose();

    private static object CountIn(NetlinkMessage m)
    {
        var count = 0;
        var a = m.Attributes(4);
        while (a.Next())
        {
            if (a.Type != Nfta.ElemListElements)
                continue;
            for (var e = a.Nested(); e.Next();)
                count++;
        }

        return count;
    }

    private static NetlinkWriter Request(int type, NftFamily family)
    {
        var w = new NetlinkWriter(64);
        var message = w.Begin((ushort)(NftMessage.Subsystem | type), NetlinkFlags.None);
        w.Take(4)[0] = (byte)family;
        w.End(message);
        return w;
    }

    internal static NftChain? ParseChain(NetlinkMessage m)
    {
        if (m.Payload.Length < 4)
            return null;
        string table = "", name = "", type = "";
        uint hook = 0, policy = 1;
        var (priority, based) = (0, false);
        var a = m.Attributes(4);
        while (a.Next())
        {
            switch (a.Type)
            {
                case Nfta.ChainTable: table = a.Text(); break;
                case Nfta.ChainName: name = a.Text(); break;
                case Nfta.ChainPolicy: policy = a.U32Be(); break;
                case Nfta.ChainType: type = a.Text(); break;
                case Nfta.ChainHook:
                    based = true;
                    for (var h = a.Nested(); h.Next();)
                    {
                        if (h.Type == Nfta.HookNumber)
                            hook = h.U32Be();
                        else if (h.Type == Nfta.HookPriority)
                            priority = BinaryPrimitives.ReverseEndianness(h.I32());
                    }

                    break;
            }
        }

        return new NftChain(
            new NftTable((NftFamily)m.Payload[0], table), name, based ? new NftBase(type, (NftHook)hook, priority, (NftPolicy)policy) : null);
    }

    internal static NftRuleInfo? ParseRule(NetlinkMessage m)
    {
        if (m.Payload.Length < 4)
            return null;
        string table = "", chain = "";
        ulong handle = 0;
        string? comment = null;
        var names = new List<string>();
        var a = m.Attributes(4);
        while (a.Next())
        {
            switch (a.Type)
            {
                case Nfta.RuleTable: table = a.Text(); break;
                case Nfta.RuleChain: chain = a.Text(); break;
                case Nfta.RuleHandle: handle = a.U64Be(); break;
                case Nfta.RuleUserData: comment = NftRule.DecodeComment(a.Value); break;
                case Nfta.RuleExpressions:
                    for (var list = a.Nested(); list.Next();)
                    {
                        for (var e = list.Nested(); e.Next();)
                        {
                            if (e.Type == Nfta.ExprName)
                                names.Add(e.Text());
                        }
                    }

                    break;
            }
        }

        return new NftRuleInfo(new NftTable((NftFamily)m.Payload[0], table), chain, handle, comment, names);
    }
}
