using System.Buffers.Binary;
using System.Text;
using Hypr.Linux.Netlink;

namespace Hypr.Linux.Nftables;

/// <summary>enum nft_meta_keys.</summary>
public enum NftMeta : uint
{
    Protocol = 1,
    InputName = 6,
    OutputName = 7,
    Family = 15,
    TransportProtocol = 16,
    InputGroup = 21,
    OutputGroup = 22,
}

/// <summary>enum nft_payload_bases.</summary>
public enum NftBaseHeader : uint
{
    Link = 0,
    Network = 1,
    Transport = 2,
}

/// <summary>enum nft_ct_keys.</summary>
public enum NftConntrack : uint
{
    State = 0,
    Status = 2,
    SourcePort = 11,
    DestinationPort = 12,
    Source4 = 19,
    Source6 = 21,
}

/// <summary>
/// A rule's expressions in the kernel's bytes, written left to right as nft writes the rule. Values that are loaded one after another form a concatenation;
/// the comparison or lookup that follows takes them all.
/// </summary>
public sealed class NftRule
{
    private const uint FirstRegister = 8;
    private const int RegisterLength = 4;
    private const int VerdictRegister = 0;
    private const int VerdictJump = -3;
    private const int VerdictReturn = -5;
    private const int NfDrop = 0;
    private const int NfAccept = 1;
    private NetlinkWriter _expressions = new(256);
    private int _loaded;

    internal ReadOnlySpan<byte> Expressions => _expressions.Written;

    internal string? Text { get; private set; }

    /// <summary><c>comment "TEXT"</c></summary>
    public NftRule Comment(string text)
    {
        Text = text;
        return this;
    }

    /// <summary><c>meta iifname</c> and the like.</summary>
    public NftRule Meta(NftMeta key)
    {
        var e = Begin("meta");
        _expressions.U32Be(2, (uint)key);
        _expressions.U32Be(1, Load(key is NftMeta.InputName or NftMeta.OutputName ? 16 : 4));
        return End(e);
    }

    /// <summary><c>@nh,OFFSET,LENGTH</c>, in bytes.</summary>
    public NftRule Payload(NftBaseHeader header, int offset, int length)
    {
        var e = Begin("payload");
        _expressions.U32Be(1, Load(length));
        _expressions.U32Be(2, (uint)header);
        _expressions.U32Be(3, (uint)offset);
        _expressions.U32Be(4, (uint)length);
        return End(e);
    }

    /// <summary><c>ct state</c>, <c>ct status</c></summary>
    public NftRule Conntrack(NftConntrack key)
    {
        var e = Begin("ct");
        _expressions.U32Be(2, (uint)key);
        _expressions.U32Be(1, Load(4));
        return End(e);
    }

    /// <summary><c>ct original saddr</c> and the like: of the connection's first packet, whatever was translated since.</summary>
    public NftRule Original(NftConntrack key)
    {
        var e = Begin("ct");
        _expressions.U32Be(2, (uint)key);
        _expressions.U32Be(1, Load(key switch
        {
            NftConntrack.Source6 => 16,
            NftConntrack.Source4 => 4,
            _ => 2,
        }));
        _expressions.U8(3, 0);
        return End(e);
    }

    /// <summary><c>fib daddr type local</c></summary>
    public NftRule DestinationIsLocal()
    {
        const uint ResultAddressType = 3, FlagDestination = 2, TypeLocal = 2;
        var e = Begin("fib");
        _expressions.U32Be(3, FlagDestination);
        _expressions.U32Be(2, ResultAddressType);
        _expressions.U32Be(1, Load(4));
        End(e);
        Span<byte> local = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(local, TypeLocal);
        return Equal(local);
    }

    /// <summary><c>and MASK != 0</c> on a 32-bit value in host order.</summary>
    public NftRule HasBit(uint mask)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, mask);
        Masked(bytes);
        bytes.Clear();
        return NotEqual(bytes);
    }

    /// <summary><c>and MASK</c>, of the length of what was loaded.</summary>
    public NftRule Masked(scoped ReadOnlySpan<byte> mask)
    {
        var e = Begin("bitwise");
        _expressions.U32Be(1, FirstRegister);
        _expressions.U32Be(2, FirstRegister);
        _expressions.U32Be(3, (uint)mask.Length);
        Value(4, mask);
        Span<byte> zero = stackalloc byte[mask.Length];
        zero.Clear();
        Value(5, zero);
        return End(e);
    }

    public NftRule Equal(scoped ReadOnlySpan<byte> value) => Compare(0, value);

    public NftRule NotEqual(scoped ReadOnlySpan<byte> value) => Compare(1, value);

    /// <summary>A 32-bit value in host order.</summary>
    public NftRule Equal(uint value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        return Equal(bytes);
    }

    /// <summary><c>@SET</c></summary>
    public NftRule In(string set) => Lookup(set, invert: false, map: false);

    /// <summary><c>!= @SET</c></summary>
    public NftRule NotIn(string set) => Lookup(set, invert: true, map: false);

    /// <summary><c>map @MAP</c>: what it gives is for <see cref="Dnat"/>.</summary>
    public NftRule Map(string map) => Lookup(map, invert: false, map: true);

    /// <summary><c>dnat ip to ADDRESS . PORT</c>, both from a map.</summary>
    public NftRule Dnat(NftFamily family)
    {
        const uint Destination = 1;
        var port = FirstRegister + (family == NftFamily.IPv6 ? 4u : 1u);
        var e = Begin("nat");
        _expressions.U32Be(1, Destination);
        _expressions.U32Be(2, (uint)family);
        _expressions.U32Be(3, FirstRegister);
        _expressions.U32Be(4, FirstRegister);
        _expressions.U32Be(5, port);
        _expressions.U32Be(6, port);
        return End(e);
    }

    /// <summary><c>dnat ip to :PORT</c>, from a map: the address stays.</summary>
    public NftRule DnatPort(NftFamily family)
    {
        const uint Destination = 1;
        var e = Begin("nat");
        _expressions.U32Be(1, Destination);
        _expressions.U32Be(2, (uint)family);
        _expressions.U32Be(5, FirstRegister);
        _expressions.U32Be(6, FirstRegister);
        return End(e);
    }

    /// <summary><c>meta nftrace set 1</c>: from here on each rule that the packet meets is told to who listens (<see cref="NftTraceListener"/>).</summary>
    public NftRule Trace()
    {
        const uint NfTrace = 12;
        var e = Begin("immediate");
        _expressions.U32Be(1, FirstRegister);
        Value(2, [1]);
        End(e);
        e = Begin("meta");
        _expressions.U32Be(2, NfTrace);
        _expressions.U32Be(3, FirstRegister);
        return End(e);
    }

    public NftRule Masquerade() => End(Begin("masq"));

    public NftRule Counter()
    {
        var e = Begin("counter");
        _expressions.U64Be(1, 0);
        _expressions.U64Be(2, 0);
        return End(e);
    }

    public NftRule Accept() => Verdict(NfAccept, null);

    public NftRule Drop() => Verdict(NfDrop, null);

    public NftRule Return() => Verdict(VerdictReturn, null);

    public NftRule Jump(string chain) => Verdict(VerdictJump, chain);

    /// <summary>nft's user data: a list of type, length, value; type 0 is the comment (libnftnl, include/libnftnl/udata.h).</summary>
    internal static byte[] EncodeComment(string text)
    {
        var length = Encoding.UTF8.GetByteCount(text) + 1;
        if (length > 128)
            throw new ArgumentException("a rule's comment has at most 127 bytes", nameof(text));
        var bytes = new byte[2 + length];
        bytes[1] = (byte)length;
        Encoding.UTF8.GetBytes(text, bytes.AsSpan(2));
        return bytes;
    }

    internal static string? DecodeComment(ReadOnlySpan<byte> data)
    {
        while (data.Length >= 2 && data.Length >= 2 + data[1])
        {
            if (data[0] == 0)
                return Encoding.UTF8.GetString(data.Slice(2, data[1])).TrimEnd('\0');
            data = data[(2 + data[1])..];
        }

        return null;
    }

    private NftRule Compare(uint operation, scoped ReadOnlySpan<byte> value)
    {
        var e = Begin("cmp");
        _expressions.U32Be(1, FirstRegister);
        _expressions.U32Be(2, operation);
        Value(3, value);
        _loaded = 0;
        return End(e);
    }

    private NftRule Lookup(string set, bool invert, bool map)
    {
        var e = Begin("lookup");
        _expressions.Text(1, set);
        _expressions.U32Be(2, FirstRegister);
        if (map)
            _expressions.U32Be(3, FirstRegister);
        if (invert)
            _expressions.U32Be(5, 1);
        _loaded = 0;
        return End(e);
    }

    private NftRule Verdict(int code, string? chain)
    {
        var e = Begin("immediate");
        _expressions.U32Be(1, VerdictRegister);
        var data = _expressions.BeginNested(2);
        var verdict = _expressions.BeginNested(Nfta.DataVerdict);
        _expressions.I32Be(Nfta.VerdictCode, code);
        if (chain is not null)
            _expressions.Text(Nfta.VerdictChain, chain);
        _expressions.End(verdict);
        _expressions.End(data);
        return End(e);
    }

    private void Value(int attribute, scoped ReadOnlySpan<byte> value)
    {
        var data = _expressions.BeginNested(attribute);
        _expressions.Bytes(Nfta.DataValue, value);
        _expressions.End(data);
    }

    private uint Load(int length)
    {
        var register = FirstRegister + (uint)_loaded;
        _loaded += (length + RegisterLength - 1) / RegisterLength;
        return register;
    }

    private (NestToken Element, NestToken Data) Begin(string name)
    {
        var element = _expressions.BeginNested(Nfta.ListElem);
        _expressions.Text(Nfta.ExprName, name);
        return (element, _expressions.BeginNested(Nfta.ExprData));
    }

    private NftRule End((NestToken Element, NestToken Data) token)
    {
        _expressions.End(token.Data);
        _expressions.End(token.Element);
        return this;
    }
}
