using System.Net;
using System.Security.Cryptography;
using Hypr.Dns.Wire;

namespace Hypr.Dns.Forwarding;

/// <summary>
/// Finds upstreams that ask us in turn: one that does not answer is asked for a name that only we know, <c>TOKENNN.test</c>. If that name
/// is asked of us,
/// it came through that upstream. (<c>test</c> is nobody's: RFC 6761 section 6.2; no asker's name of it ever leaves otherwise.)
/// </summary>
internal sealed class LoopProbe(TimeProvider clock, Action<IPEndPoint> found)
{
    private const int TokenLength = 24;
    private const long ForgetAfter = 60_000;
    private const long Pause = 10_000;

    private readonly byte[] token = System.Text.Encoding.ASCII.GetBytes(RandomNumberGenerator.GetHexString(TokenLength, lowercase: true));
    private readonly List<Upstream> probed = [];

    /// <summary>At most once in ten seconds an upstream.</summary>
    public bool TryBegin(Upstream upstream, long now)
    {
        if (now - upstream.ProbedAt < Pause)
        {
            return false;
        }

        upstream.ProbedAt = now;
        lock (probed)
        {
            if (!probed.Contains(upstream))
            {
                probed.Add(upstream);
            }

            return probed.IndexOf(upstream) < 0x10000;
        }
    }

    public int WriteQuery(Span<byte> target, ushort id, Upstream upstream)
    {
        Span<byte> name = stackalloc byte[1 + TokenLength + 4 + 6];
        name[0] = TokenLength + 4;
        token.CopyTo(name[1..]);
        lock (probed)
        {
            _ = ((ushort)probed.IndexOf(upstream)).TryFormat(name[(1 + TokenLength)..], out _, "x4");
        }

        "\u0004test\0"u8.CopyTo(name[(1 + TokenLength + 4)..]);
        return UpstreamMessage.WriteQuery(target, id, name, new QuestionKind(0, RecordType.Txt, false, false), edns: false);
    }

    /// <summary>Looks at a question of ours to be: by its length first, which is no other name's by chance.</summary>
    public void Look(ReadOnlySpan<byte> name)
    {
        if (name.Length != 1 + TokenLength + 4 + 6 || name[0] != TokenLength + 4 || !name.Slice(1, TokenLength).SequenceEqual(token)
            || !ushort.TryParse(name.Slice(1 + TokenLength, 4), System.Globalization.NumberStyles.HexNumber, null, out var index))
        {
            return;
        }

        lock (probed)
        {
            if (index < probed.Count)
            {
                probed[index].LoopsUntil = (long)clock.GetElapsedTime(0).TotalMilliseconds + ForgetAfter;
                found(probed[index].EndPoint);
            }
        }
    }
}
