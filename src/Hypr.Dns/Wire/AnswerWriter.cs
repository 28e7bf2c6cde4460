using System.Buffers.Binary;

namespace Hypr.Dns.Wire;

internal enum Section
{
    Answer = 6,
    Authority = 8,
}

/// <summary>
/// Writes one answer into a buffer that holds at least <see cref="Limits.PlainUdp"/>. What does not fit sets TC and leaves no record
/// (RFC 2181 section 9). The question is the query's own octets, so that its case is kept, and owners point at it.
/// </summary>
internal ref struct AnswerWriter
{
    /// <summary>A pointer to the question's name.</summary>
    public const int QuestionName = 0xc000 | Limits.Header;

    private readonly Span<byte> buffer;
    private readonly int limit;
    private int records;
    private int position;
    private bool overflow;

    public AnswerWriter(Span<byte> buffer, ReadOnlySpan<byte> question, in Reply reply)
    {
        var room = Math.Min(reply.Limit, buffer.Length);
        this.buffer = buffer;
        limit = room - (reply.HasEdns ? 11 : 0) - (reply.HasCookie ? 4 + Cookies.Length : 0);
        buffer[..Limits.Header].Clear();
        position = Limits.Header;
        if (question.Length > 0)
        {
            question.CopyTo(buffer[Limits.Header..]);
            buffer[5] = 1;
            position += question.Length;
        }

        records = position;
    }

    /// <summary>Starts a record owned by a compression pointer, or by the root where that is 0.</summary>
    public void Begin(Section section, int owner, ushort type, uint ttl)
    {
        if (overflow || position + 12 > limit)
        {
            overflow = true;
            return;
        }

        if (owner == 0)
        {
            buffer[position++] = 0;
        }
        else
        {
            BinaryPrimitives.WriteUInt16BigEndian(buffer[position..], (ushort)owner);
            position += 2;
        }

        var fields = buffer[position..];
        BinaryPrimitives.WriteUInt16BigEndian(fields, type);
        BinaryPrimitives.WriteUInt16BigEndian(fields[2..], Limits.ClassIn);
        BinaryPrimitives.WriteUInt32BigEndian(fields[4..], ttl);
        position += 10;
        if (position > limit)
        {
            overflow = true;
            return;
        }

        fields[8] = 0;
        fields[9] = 0;
        records = position;
        var count = buffer[(int)section..];
        BinaryPrimitives.WriteUInt16BigEndian(count, (ushort)(BinaryPrimitives.ReadUInt16BigEndian(count) + 1));
    }

    public void Bytes(scoped ReadOnlySpan<byte> data)
    {
        if (overflow || position + data.Length > limit)
        {
            overflow = true;
            return;
        }

        data.CopyTo(buffer[position..]);
        position += data.Length;
    }

    public void Word(ushort value)
    {
        Span<byte> data = stackalloc byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(data, value);
        Bytes(data);
    }

    public void Long(uint value)
    {
        Span<byte> data = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(data, value);
        Bytes(data);
    }

    /// <summary>Ends the record: its data's length is known now.</summary>
    public readonly void End()
    {
        if (!overflow)
        {
            BinaryPrimitives.WriteUInt16BigEndian(buffer[(records - 2)..], (ushort)(position - records));
        }
    }

    public void Address(int owner, uint ttl, UInt128 address)
    {
        if (Addresses.IsV4(address))
        {
            Begin(Section.Answer, owner, RecordType.A, ttl);
            Long((uint)address);
        }
        else
        {
            Begin(Section.Answer, owner, RecordType.Aaaa, ttl);
            Span<byte> data = stackalloc byte[16];
            BinaryPrimitives.WriteUInt128BigEndian(data, address);
            Bytes(data);
        }

        End();
    }

    /// <summary>Appends all records of a message whose question has the length of ours, so that its pointers and <paramref name="ttls"/>
    /// hold here too.</summary>
    /// <param name="ttls">Where the TTLs are.</param>
    /// <param name="age">Seconds that they have run.</param>
    /// <param name="stale">What they are when they have run out (RFC 8767 section 4: 30 s).</param>
    public void Records(ReadOnlySpan<byte> message, ReadOnlySpan<int> ttls, uint age, uint stale)
    {
        Bytes(message[position..]);
        if (overflow)
        {
            return;
        }

        message.Slice(6, 6).CopyTo(buffer[6..]);
        foreach (var offset in ttls)
        {
            var ttl = BinaryPrimitives.ReadUInt32BigEndian(buffer[offset..]);
            BinaryPrimitives.WriteUInt32BigEndian(buffer[offset..], ttl > age ? ttl - age : stale);
        }
    }

    /// <summary>Writes header and OPT.</summary>
    /// <returns>The answer's length.</returns>
    public int Finish(in Reply reply, ushort code, ushort flags, Cookies cookies, uint seconds, ReadOnlySpan<byte> address)
    {
        if (overflow)
        {
            flags |= HeaderFlags.Truncated;
            position = Limits.Header;
            if (buffer[5] == 1)
            {
                position = DnsName.Skip(buffer, position) + 4;
            }

            buffer[6..Limits.Header].Clear();
        }

        BinaryPrimitives.WriteUInt16BigEndian(buffer, reply.Id);
        var kept = reply.Flags & (HeaderFlags.OpcodeMask | HeaderFlags.RecursionDesired | HeaderFlags.CheckingDisabled);
        BinaryPrimitives.WriteUInt16BigEndian(buffer[2..], (ushort)(HeaderFlags.Response | kept | flags | (code & 15)));
        if (reply.HasEdns)
        {
            WriteOpt(reply, code, cookies, seconds, address);
        }

        return position;
    }

    /// <summary>RFC 6891 section 6.1.2; the DO bit is copied (RFC 3225 section 3).</summary>
    private void WriteOpt(in Reply reply, ushort code, Cookies cookies, uint seconds, ReadOnlySpan<byte> address)
    {
        var opt = buffer[position..];
        opt[..11].Clear();
        BinaryPrimitives.WriteUInt16BigEndian(opt[1..], RecordType.Opt);
        BinaryPrimitives.WriteUInt16BigEndian(opt[3..], Limits.Udp);
        opt[5] = (byte)(code >> 4);
        opt[7] = (byte)(reply.DnssecOk ? 0x80 : 0);
        position += 11;
        if (reply.HasCookie)
        {
            opt[10] = 4 + Cookies.Length;
            BinaryPrimitives.WriteUInt16BigEndian(opt[11..], Cookies.Option);
            BinaryPrimitives.WriteUInt16BigEndian(opt[13..], Cookies.Length);
            cookies.Write(opt.Slice(15, Cookies.Length), reply.ClientCookie, seconds, address);
            position += 4 + Cookies.Length;
        }

        var count = buffer[10..];
        BinaryPrimitives.WriteUInt16BigEndian(count, (ushort)(BinaryPrimitives.ReadUInt16BigEndian(count) + 1));
    }
}
