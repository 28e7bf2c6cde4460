using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Hypr.Dns.Wire;

internal enum QueryKind
{
    /// <summary>A question to answer.</summary>
    Question,

    /// <summary>No question, only a cookie to renew (RFC 7873 section 5.4).</summary>
    CookieOnly,

    /// <summary>Too short for a header, or a response: an answer could be answered in turn, for ever.</summary>
    Silent,
    Malformed,
    NotImplemented,
    BadVersion,
}

/// <summary>What the asker must have again in its answer.</summary>
internal struct Reply
{
    public ushort Id;
    public ushort Flags;
    public bool HasEdns;
    public bool DnssecOk;
    public bool HasCookie;
    public ulong ClientCookie;

    /// <summary>The longest answer that it takes: EDNS' payload size within ours, or a stream's.</summary>
    public int Limit;
}

/// <summary>The lower-cased name of one question and its labels' places: kept by whoever asks many, so that nothing is cleared for
/// each.</summary>
[InlineArray(Limits.Name + 1)]
internal struct NameBuffer
{
    private byte first;
}

[InlineArray(128)]
internal struct LabelBuffer
{
    private byte first;
}

/// <summary>A query as read from a datagram or a frame.</summary>
internal ref struct Query
{
    public ReadOnlySpan<byte> Message;

    /// <summary>Lower-case, with the root's octet.</summary>
    public ReadOnlySpan<byte> Name;

    /// <summary>Where in <see cref="Name"/> each label starts.</summary>
    public ReadOnlySpan<byte> Labels;
    public int QuestionEnd;
    public ushort Type;
    public ushort Class;
    public Reply Reply;

    public readonly int Opcode => (Reply.Flags & HeaderFlags.OpcodeMask) >> 11;

    /// <summary>Reads every octet of the message and never beyond it; the work is bounded by its length.</summary>
    public static QueryKind Parse(ReadOnlySpan<byte> message, bool stream, Span<byte> name, Span<byte> labels, out Query query)
    {
        query = default;
        if (message.Length < Limits.Header)
        {
            return QueryKind.Silent;
        }

        query.Message = message;
        query.Reply.Id = BinaryPrimitives.ReadUInt16BigEndian(message);
        query.Reply.Flags = BinaryPrimitives.ReadUInt16BigEndian(message[2..]);
        query.Reply.Limit = stream ? Limits.Message : Limits.PlainUdp;
        if ((query.Reply.Flags & HeaderFlags.Response) != 0)
        {
            return QueryKind.Silent;
        }

        if (query.Opcode != 0)
        {
            return QueryKind.NotImplemented;
        }

        // RFC 9619: QDCOUNT is 1, or 0 with a cookie alone (RFC 7873 section 5.4). A question carries no answers.
        int questions = BinaryPrimitives.ReadUInt16BigEndian(message[4..]);
        var additional = BinaryPrimitives.ReadUInt16BigEndian(message[10..]);
        if (questions > 1 || BinaryPrimitives.ReadUInt32BigEndian(message[6..]) != 0)
        {
            return QueryKind.Malformed;
        }

        var offset = Limits.Header;
        if (questions == 1)
        {
            var length = DnsName.Read(message, offset, name, labels, out var count);
            if (length < 0 || offset + length + 4 > message.Length)
            {
                return QueryKind.Malformed;
            }

            query.Name = name[..length];
            query.Labels = labels[..count];
            offset += length;
            query.Type = BinaryPrimitives.ReadUInt16BigEndian(message[offset..]);
            query.Class = BinaryPrimitives.ReadUInt16BigEndian(message[(offset + 2)..]);
            offset += 4;
            query.QuestionEnd = offset;
        }

        for (var i = 0; i < additional; i++)
        {
            if (!query.ReadAdditional(ref offset, stream, out var badVersion))
            {
                return QueryKind.Malformed;
            }

            if (badVersion)
            {
                return QueryKind.BadVersion;
            }
        }

        if (offset != message.Length)
        {
            return QueryKind.Malformed;
        }

        return questions == 1 ? QueryKind.Question : query.Reply.HasCookie ? QueryKind.CookieOnly : QueryKind.Malformed;
    }

    private bool ReadAdditional(ref int offset, bool stream, out bool badVersion)
    {
        badVersion = false;
        var owner = offset;
        offset = DnsName.Skip(Message, offset);
        if (offset < 0 || offset + 10 > Message.Length)
        {
            return false;
        }

        var fields = Message[offset..];
        int dataLength = BinaryPrimitives.ReadUInt16BigEndian(fields[8..]);
        offset += 10 + dataLength;
        if (offset > Message.Length)
        {
            return false;
        }

        if (BinaryPrimitives.ReadUInt16BigEndian(fields) != RecordType.Opt)
        {
            return true;
        }

        // RFC 6891 section 6.1.1: one OPT at most, owned by the root.
        if (Reply.HasEdns || Message[owner] != 0)
        {
            return false;
        }

        Reply.HasEdns = true;
        Reply.DnssecOk = (fields[6] & 0x80) != 0;
        if (!stream)
        {
            // Section 6.2.5: below 512 means 512.
            Reply.Limit = Math.Clamp((int)BinaryPrimitives.ReadUInt16BigEndian(fields[2..]), Limits.PlainUdp, Limits.Udp);
        }

        badVersion = fields[5] != 0;
        return ReadOptions(fields.Slice(10, dataLength));
    }

    private bool ReadOptions(ReadOnlySpan<byte> options)
    {
        while (options.Length > 0)
        {
            if (options.Length < 4)
            {
                return false;
            }

            int length = BinaryPrimitives.ReadUInt16BigEndian(options[2..]);
            if (4 + length > options.Length)
            {
                return false;
            }

            // RFC 7873 section 5.2.2: a cookie of a length that cannot be is a format error; only the first one counts.
            if (BinaryPrimitives.ReadUInt16BigEndian(options) == Cookies.Option && !Reply.HasCookie)
            {
                if (length is not 8 and not (>= 16 and <= 40))
                {
                    return false;
                }

                Reply.HasCookie = true;
                Reply.ClientCookie = BinaryPrimitives.ReadUInt64BigEndian(options[4..]);
            }

            options = options[(4 + length)..];
        }

        return true;
    }
}
