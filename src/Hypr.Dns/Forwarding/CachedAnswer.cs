using System.Buffers.Binary;
using Hypr.Dns.Wire;

namespace Hypr.Dns.Forwarding;

/// <summary>What an outside question is told apart by: answers for one are no answers for another.</summary>
/// <param name="Set">The upstreams that were asked: a machine's own <c>--dns</c> may know other names.</param>
/// <param name="DnssecOk">Answers with DO carry signatures.</param>
/// <param name="CheckingDisabled">Answers with CD may be bogus (RFC 4035 section 3.2.2).</param>
internal readonly record struct QuestionKind(int Set, ushort Type, bool DnssecOk, bool CheckingDisabled)
{
    public uint Hash(uint name) =>
        (uint)DnsName.Mix(
            name | ((ulong)Type << 32) | ((ulong)(uint)Set << 48) | (DnssecOk ? 1ul << 62 : 0) | (CheckingDisabled ? 1ul << 63 : 0));
}

/// <summary>An upstream's answer without its OPT. Immutable, but for when it was used last.</summary>
internal sealed class CachedAnswer
{
    public required uint Hash { get; init; }

    /// <summary>Lower-case, with the root.</summary>
    public required byte[] Name { get; init; }

    public required QuestionKind Kind { get; init; }

    public required byte[] Message { get; init; }

    public required int[] Ttls { get; init; }

    /// <summary>Milliseconds of the server's clock.</summary>
    public required long StoredAt { get; init; }

    public required long FreshUntil { get; init; }

    public long UsedAt { get; set; }

    public int Size => Message.Length + Name.Length + (Ttls.Length * sizeof(int)) + 160;

    public ushort Code => (ushort)(Message[3] & HeaderFlags.CodeMask);

    public bool Is(ReadOnlySpan<byte> name, in QuestionKind kind) => Kind == kind && name.SequenceEqual(Name);

    /// <param name="question">As asked: its case is kept.</param>
    public int Write(
        Span<byte> output, ReadOnlySpan<byte> question, in Reply reply, long now, Cookies cookies, uint seconds, ReadOnlySpan<byte> address)
    {
        var writer = new AnswerWriter(output, question, reply);
        writer.Records(Message, Ttls, (uint)Math.Max(0, (now - StoredAt) / 1000), 30);

        // RFC 6840 section 5.8: AD only for who asks for it, by AD or DO.
        var flags = BinaryPrimitives.ReadUInt16BigEndian(Message.AsSpan(2)) & (HeaderFlags.Truncated | HeaderFlags.AuthenticData);
        if (!reply.DnssecOk && (reply.Flags & HeaderFlags.AuthenticData) == 0)
        {
            flags &= ~HeaderFlags.AuthenticData;
        }

        return writer.Finish(reply, Code, (ushort)(flags | HeaderFlags.RecursionAvailable), cookies, seconds, address);
    }
}

/// <summary>
/// Answers by question, in sets of four: bounded in number and octets, read without a lock. In a full set the one used longest ago goes.
/// </summary>
internal sealed class AnswerCache(int sets, long mostBytes)
{
    private const int Ways = 4;

    /// <summary>How long an answer serves after its time when no upstream answers (RFC 8767 section 5 proposes one to three
    /// days).</summary>
    private const long StaleFor = 86_400_000;

    private readonly CachedAnswer?[] table = new CachedAnswer?[sets * Ways];
    private long bytes;
    private int hand;

    public long Bytes => Interlocked.Read(ref bytes);

    /// <param name="fresh">False: only to be used when no upstream answers.</param>
    public CachedAnswer? Find(uint hash, ReadOnlySpan<byte> name, in QuestionKind kind, long now, out bool fresh)
    {
        var first = (int)(hash % (uint)sets) * Ways;
        for (var i = first; i < first + Ways; i++)
        {
            if (Volatile.Read(ref table[i]) is { } answer && answer.Hash == hash && answer.Is(name, kind))
            {
                fresh = now < answer.FreshUntil;
                answer.UsedAt = now;
                return now < answer.FreshUntil + StaleFor ? answer : null;
            }
        }

        fresh = false;
        return null;
    }

    public void Store(CachedAnswer answer)
    {
        var first = (int)(answer.Hash % (uint)sets) * Ways;
        var place = first;
        for (var i = first; i < first + Ways; i++)
        {
            var there = Volatile.Read(ref table[i]);
            if (there is null || (there.Hash == answer.Hash && there.Is(answer.Name, answer.Kind)))
            {
                place = i;
                break;
            }

            place = there.UsedAt < table[place]!.UsedAt ? i : place;
        }

        answer.UsedAt = answer.StoredAt;
        Put(place, answer);
        for (var swept = 0; Bytes > mostBytes && swept < table.Length; swept++)
        {
            hand = (hand + 1) % table.Length;
            if (hand != place)
            {
                Put(hand, null);
            }
        }
    }

    public void Clear()
    {
        for (var i = 0; i < table.Length; i++)
        {
            Put(i, null);
        }
    }

    private void Put(int place, CachedAnswer? answer)
    {
        var old = Interlocked.Exchange(ref table[place], answer);
        _ = Interlocked.Add(ref bytes, (answer?.Size ?? 0) - (old?.Size ?? 0));
    }
}
