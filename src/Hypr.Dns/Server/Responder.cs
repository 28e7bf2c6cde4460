using Hypr.Dns.Forwarding;
using Hypr.Dns.Wire;
using Hypr.Dns.Zones;

namespace Hypr.Dns.Server;

internal enum Verdict
{
    Silent,
    Answered,
    Forward,
}

/// <summary>The moment of a batch: monotonic milliseconds for ages, Unix seconds for cookies.</summary>
internal readonly record struct Moment(long Milliseconds, uint Seconds)
{
    public static Moment Now(TimeProvider clock) => new(
        (long)clock.GetElapsedTime(0).TotalMilliseconds, (uint)clock.GetUtcNow().ToUnixTimeSeconds());
}

/// <summary>
/// From a query's octets to its answer's: all that can be said without asking an upstream. Allocates nothing.
/// <code>
/// octets -> Query.Parse -> hypr, reverse, bare, special names: LocalAnswers over Finder -> AnswerWriter
///                       -> outside names: refused | AnswerCache | Verdict.Forward
/// </code>
/// </summary>
internal sealed class Responder(AnswerCache cache, UpstreamSets upstreams, LoopProbe loops, Cookies cookies)
{
    public Cookies Cookies => cookies;

    /// <param name="client">The source's address as octets, for its cookie.</param>
    /// <param name="output">At least what a UDP answer may be; for a stream 65,535.</param>
    public Verdict Respond(
        Zone zone, in Asker asker, QueryKind kind, in Query query, Span<byte> output, in Moment now, ref uint rotation,
            ReadOnlySpan<byte> client,
        out int length)
    {
        length = 0;
        if (kind == QueryKind.Silent)
        {
            return Verdict.Silent;
        }

        var context = new AnswerContext(cookies, now.Seconds, client, output);
        var code = kind switch
        {
            QueryKind.Malformed => ResponseCode.FormErr,
            QueryKind.NotImplemented => ResponseCode.NotImp,
            QueryKind.BadVersion => ResponseCode.BadVers,
            QueryKind.CookieOnly => ResponseCode.NoError,
            _ => CheckKind(query),
        };
        if (kind != QueryKind.Question || code != ResponseCode.NoError)
        {
            length = context.Refuse(query, code);
            return Verdict.Answered;
        }

        loops.Look(query.Name);
        if (LocalAnswers.TryAnswer(zone, asker, query, ref context, ref rotation, out length))
        {
            return Verdict.Answered;
        }

        return Outside(zone, asker, query, ref context, now, out length);
    }

    public static QuestionKind Kind(in Query query, UpstreamSet set) =>
        new(set.Number, query.Type, query.Reply.DnssecOk, (query.Reply.Flags & HeaderFlags.CheckingDisabled) != 0);

    public UpstreamSet UpstreamsOf(in Asker asker) => asker.Machine?.Upstreams ?? upstreams.Default;

    /// <summary>Classes other than IN are refused; transfers and what needs a key or is no question are not for us.</summary>
    private static ushort CheckKind(in Query query) => query.Type switch
    {
        0 or RecordType.Opt or RecordType.Tsig => ResponseCode.FormErr,
        RecordType.Tkey or RecordType.Maila or RecordType.Mailb => ResponseCode.NotImp,
        RecordType.Axfr or RecordType.Ixfr => ResponseCode.Refused,
        _ => query.Class == Limits.ClassIn ? ResponseCode.NoError : ResponseCode.Refused,
    };

    private Verdict Outside(
        Zone zone, in Asker asker, in Query query, ref AnswerContext context, in Moment now, out int length)
    {
        if (!asker.IsHost && zone.Networks[asker.Network]!.Definition!.Internal)
        {
            length = context.Refuse(query, ResponseCode.Refused);
            return Verdict.Answered;
        }

        var kind = Kind(query, UpstreamsOf(asker));
        var answer = cache.Find(kind.Hash(DnsName.Hash(query.Name)), query.Name, kind, now.Milliseconds, out var fresh);
        if (answer is not null && fresh)
        {
            length = answer.Write(
                context.Output, query.Message[Limits.Header..query.QuestionEnd], query.Reply, now.Milliseconds, cookies, now.Seconds,
                    context.Client);
            return Verdict.Answered;
        }

        // Who does not ask for recursion is told what is known, and that is nothing.
        if ((query.Reply.Flags & HeaderFlags.RecursionDesired) == 0)
        {
            length = context.Refuse(query, ResponseCode.Refused);
            return Verdict.Answered;
        }

        length = 0;
        return Verdict.Forward;
    }
}

/// <summary>Where and for whom an answer is written.</summary>
internal readonly ref struct AnswerContext(Cookies cookies, uint seconds, ReadOnlySpan<byte> client, Span<byte> output)
{
    public ReadOnlySpan<byte> Client { get; } = client;

    public Span<byte> Output { get; } = output;

    public AnswerWriter Write(in Query query) =>
        new(Output, query.QuestionEnd > 0 ? query.Message[Limits.Header..query.QuestionEnd] : default, query.Reply);

    public int Finish(ref AnswerWriter writer, in Query query, ushort code, ushort flags) =>
        writer.Finish(query.Reply, code, (ushort)(flags | HeaderFlags.RecursionAvailable), cookies, seconds, Client);

    /// <summary>An answer without records.</summary>
    public int Refuse(in Query query, ushort code)
    {
        var writer = Write(query);
        return Finish(ref writer, query, code, 0);
    }
}
