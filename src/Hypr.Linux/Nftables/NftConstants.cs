namespace Hypr.Linux.Nftables;

/// <summary>Message types of include/uapi/linux/netfilter/nf_tables.h, without the subsystem.</summary>
internal static class NftMessage
{
    /// <summary>include/uapi/linux/netfilter/nfnetlink.h: the subsystem is the type's high byte.</summary>
    public const int Subsystem = 10 << 8;
    public const ushort BatchBegin = 0x10;
    public const ushort BatchEnd = 0x11;

    public const int NewTable = 0;
    public const int GetTable = 1;
    public const int DelTable = 2;
    public const int NewChain = 3;
    public const int GetChain = 4;
    public const int DelChain = 5;
    public const int NewRule = 6;
    public const int GetRule = 7;
    public const int DelRule = 8;
    public const int NewSet = 9;
    public const int GetSet = 10;
    public const int DelSet = 11;
    public const int NewSetElem = 12;
    public const int GetSetElem = 13;
    public const int DelSetElem = 14;
    public const int NewGen = 15;
    public const int GetGen = 16;
    public const int Trace = 17;
}

/// <summary>Attribute numbers of include/uapi/linux/netfilter/nf_tables.h. Each nest has its own numbers.</summary>
internal static class Nfta
{
    public const int ListElem = 1;

    public const int TableName = 1;
    public const int TableFlags = 2;
    public const int TableOwner = 7;

    public const int ChainTable = 1;
    public const int ChainName = 3;
    public const int ChainHook = 4;
    public const int ChainPolicy = 5;
    public const int ChainType = 7;
    public const int HookNumber = 1;
    public const int HookPriority = 2;

    public const int RuleTable = 1;
    public const int RuleChain = 2;
    public const int RuleHandle = 3;
    public const int RuleExpressions = 4;
    public const int RuleUserData = 7;

    public const int ExprName = 1;
    public const int ExprData = 2;

    public const int SetTable = 1;
    public const int SetName = 2;
    public const int SetFlags = 3;
    public const int SetKeyType = 4;
    public const int SetKeyLength = 5;
    public const int SetDataType = 6;
    public const int SetDataLength = 7;
    public const int SetDescription = 9;
    public const int SetId = 10;
    public const int SetUserData = 13;
    public const int SetDescriptionSize = 1;
    public const int SetDescriptionConcat = 2;
    public const int SetFieldLength = 1;

    public const int ElemListTable = 1;
    public const int ElemListSet = 2;
    public const int ElemListElements = 3;
    public const int ElemKey = 1;
    public const int ElemData = 2;
    public const int ElemFlags = 3;
    public const int ElemKeyEnd = 10;

    public const int DataValue = 1;
    public const int DataVerdict = 2;
    public const int VerdictCode = 1;
    public const int VerdictChain = 2;

    public const int TraceTable = 1;
    public const int TraceChain = 2;
    public const int TraceRuleHandle = 3;
    public const int TraceType = 4;
    public const int TraceVerdict = 5;
    public const int TraceId = 6;
    public const int TracePolicy = 16;

    public const int GenId = 1;
    public const int GenProcessId = 2;
}

/// <summary>enum nft_set_flags.</summary>
internal static class NftSetFlags
{
    public const uint Interval = 0x4;
    public const uint Map = 0x8;
    public const uint Concat = 0x80;
}
