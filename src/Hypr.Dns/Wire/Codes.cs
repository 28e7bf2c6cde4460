namespace Hypr.Dns.Wire;

/// <summary>Record types of the IANA registry that the server treats in a way of their own.</summary>
internal static class RecordType
{
    public const ushort A = 1;
    public const ushort Ns = 2;
    public const ushort Soa = 6;
    public const ushort Ptr = 12;
    public const ushort Hinfo = 13;
    public const ushort Txt = 16;
    public const ushort Aaaa = 28;
    public const ushort Srv = 33;
    public const ushort Opt = 41;
    public const ushort Ds = 43;
    public const ushort Dnskey = 48;
    public const ushort Tkey = 249;
    public const ushort Tsig = 250;
    public const ushort Ixfr = 251;
    public const ushort Axfr = 252;
    public const ushort Mailb = 253;
    public const ushort Maila = 254;
    public const ushort Any = 255;
}

internal static class ResponseCode
{
    public const ushort NoError = 0;
    public const ushort FormErr = 1;
    public const ushort ServFail = 2;
    public const ushort NxDomain = 3;
    public const ushort NotImp = 4;
    public const ushort Refused = 5;

    /// <summary>RFC 6891: its upper eight bits are in the OPT record.</summary>
    public const ushort BadVers = 16;
}

/// <summary>Bits of the header's second word (RFC 1035 section 4.1.1, RFC 4035 section 3.2).</summary>
internal static class HeaderFlags
{
    public const ushort Response = 0x8000;
    public const ushort OpcodeMask = 0x7800;
    public const ushort Authoritative = 0x0400;
    public const ushort Truncated = 0x0200;
    public const ushort RecursionDesired = 0x0100;
    public const ushort RecursionAvailable = 0x0080;
    public const ushort AuthenticData = 0x0020;
    public const ushort CheckingDisabled = 0x0010;
    public const ushort CodeMask = 0x000f;
}

internal static class Limits
{
    public const int Header = 12;
    public const int Name = 255;

    /// <summary>Header, the longest name, type and class.</summary>
    public const int Question = Header + Name + 4;

    /// <summary>What a UDP answer may be without EDNS (RFC 1035 section 4.2.1).</summary>
    public const int PlainUdp = 512;

    /// <summary>What we send and ask for with EDNS: no fragment on any path of IPv6's least MTU (DNS flag day 2020, RFC 9715).</summary>
    public const int Udp = 1232;
    public const int Message = 65535;
    public const ushort ClassIn = 1;
}
