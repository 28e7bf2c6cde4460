using System.Buffers.Binary;
using Hypr.Dns.Wire;

namespace Hypr.Dns.Forwarding;

/// <summary>The question as we ask it, and what may be said of an answer to it.</summary>
internal static class UpstreamMessage
{
    public const int MostQuery = Limits.Question + 11;

    private const uint MostTtl = 86_400;

    /// <summary>RFC 2308 section 5 and 7.1: that there is nothing is remembered for five minutes at most.</summary>
    private const uint MostNegativeTtl = 300;

    /// <summary>A question with our own id and flags: nothing of the asker's message goes out but name, type, CD and DO.</summary>
    public static int WriteQuery(Span<byte> target, ushort id, ReadOnlySpan<byte> name, in QuestionKind kind, bool edns)
    {
        target[..Limits.Header].Clear();
        BinaryPrimitives.WriteUInt16BigEndian(target, id);

        // AD in a question: the answer's AD is understood (RFC 6840 section 5.7).
        var flags = HeaderFlags.RecursionDesired | HeaderFlags.AuthenticData | (kind.CheckingDisabled ? HeaderFlags.CheckingDisabled : 0);
        BinaryPrimitives.WriteUInt16BigEndian(target[2..], (ushort)flags);
        target[5] = 1;
        name.CopyTo(target[Limits.Header..]);
        var length = Limits.Header + name.Length;
        BinaryPrimitives.WriteUInt16BigEndian(target[length..], kind.Type);
        BinaryPrimitives.WriteUInt16BigEndian(target[(length + 2)..], Limits.ClassIn);
        length += 4;
        if (edns)
        {
            var opt = target.Slice(length, 11);
            opt.Clear();
            target[11] = 1;
            opt[2] = (byte)RecordType.Opt;
            BinaryPrimitives.WriteUInt16BigEndian(opt[3..], Limits.Udp);
            opt[7] = (byte)(kind.DnssecOk ? 0x80 : 0);
            length += 11;
        }

        return length;
    }

    /// <summary>RFC 5452 section 9.1: what does not answer this very question is as if it had not come.</summary>
    public static bool Answers(ReadOnlySpan<byte> message, ushort id, ReadOnlySpan<byte> name, ushort type)
    {
        var end = Limits.Header + name.Length;
        if (message.Length < end + 4 || BinaryPrimitives.ReadUInt16BigEndian(message) != id)
        {
            return false;
        }

        var flags = BinaryPrimitives.ReadUInt16BigEndian(message[2..]);
        if ((flags & (HeaderFlags.Response | HeaderFlags.OpcodeMask)) != HeaderFlags.Response
            || BinaryPrimitives.ReadUInt16BigEndian(message[4..]) != 1)
        {
            return false;
        }

        for (var i = 0; i < name.Length; i++)
        {
            if (DnsName.Lower(message[Limits.Header + i]) != name[i])
            {
                return false;
            }
        }

        return BinaryPrimitives.ReadUInt16BigEndian(message[end..]) == type
            && BinaryPrimitives.ReadUInt16BigEndian(message[(end + 2)..]) == Limits.ClassIn;
    }

    public static ushort Code(ReadOnlySpan<byte> message) => (ushort)(message[3] & HeaderFlags.CodeMask);

    public static bool IsTruncated(ReadOnlySpan<byte> message) => (message[2] & (HeaderFlags.Truncated >> 8)) != 0;

    /// <summary>
    /// Reads every record of an answer that <see cref="Answers"/>, in work bounded by its length, and keeps it without its OPT. Records
    /// that stand
    /// behind the OPT go too (nothing points forward, so nothing points to them).
    /// </summary>
    /// <returns>Null: it is malformed.</returns>
    public static CachedAnswer? Read(ReadOnlySpan<byte> message, uint hash, ReadOnlySpan<byte> name, in QuestionKind kind, long now)
    {
        var answers = BinaryPrimitives.ReadUInt16BigEndian(message[6..]);
        var authorities = BinaryPrimitives.ReadUInt16BigEndian(message[8..]);
        var additional = BinaryPrimitives.ReadUInt16BigEndian(message[10..]);
        var ttls = new List<int>(answers + 1 < 64 ? answers + 1 : 64);
        uint least = MostTtl;
        uint? negative = null;
        var offset = Limits.Header + name.Length + 4;
        var kept = 0;
        for (var i = 0; i < answers + authorities + additional; i++)
        {
            var start = offset;
            offset = DnsName.Skip(message, offset);
            if (offset < 0 || offset + 10 > message.Length)
            {
                return null;
            }

            var fields = message[offset..];
            var type = BinaryPrimitives.ReadUInt16BigEndian(fields);
            var ttl = BinaryPrimitives.ReadUInt32BigEndian(fields[4..]);
            int length = BinaryPrimitives.ReadUInt16BigEndian(fields[8..]);
            if (offset + 10 + length > message.Length)
            {
                return null;
            }

            if (i >= answers + authorities && type == RecordType.Opt)
            {
                offset = start;
                break;
            }

            ttls.Add(offset + 4);
            offset += 10 + length;
            kept += i >= answers + authorities ? 1 : 0;

            // RFC 2181 section 8: a TTL with its first bit set is none.
            ttl = ttl > int.MaxValue ? 0 : ttl;
            least = Math.Min(least, ttl);
            if (type == RecordType.Soa && i >= answers && i < answers + authorities && length >= 22)
            {
                negative = Math.Min(ttl, BinaryPrimitives.ReadUInt32BigEndian(message[(offset - 4)..]));
            }
        }

        var copy = message[..offset].ToArray();
        BinaryPrimitives.WriteUInt16BigEndian(copy.AsSpan(10), (ushort)kept);
        return new CachedAnswer
        {
            Hash = hash,
            Name = name.ToArray(),
            Kind = kind,
            Message = copy,
            Ttls = [.. ttls],
            StoredAt = now,
            FreshUntil = now + (Lifetime(message, answers, least, negative) * 1000L),
        };
    }

    private static uint Lifetime(ReadOnlySpan<byte> message, int answers, uint least, uint? negative) => (Code(message), answers) switch
    {
        _ when IsTruncated(message) => 0,
        (ResponseCode.NoError, > 0) => least,

        // Without an SOA it is not to be remembered (RFC 2308 section 5).
        (ResponseCode.NoError or ResponseCode.NxDomain, _) => Math.Min(Math.Min(least, MostNegativeTtl), negative ?? 0),
        _ => 0,
    };
}
