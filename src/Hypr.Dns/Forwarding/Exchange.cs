using Hypr.Dns.Server;
using Hypr.Dns.Wire;

namespace Hypr.Dns.Forwarding;

/// <summary>One time that an upstream was asked.</summary>
/// <param name="Socket">Null once it is over.</param>
internal record struct Attempt(Upstream Upstream, UpstreamSocket? Socket, UpstreamStream? Stream, ushort Id, long At, bool Edns)
{
    public readonly bool IsOpen => Socket is not null || Stream is not null;
}

/// <summary>A question on its way, with all who wait for its answer. Used again and again by the forwarder's thread.</summary>
internal sealed class Exchange
{
    public const int MostAttempts = 8;

    private readonly byte[] name = new byte[Limits.Name + 1];
    private int nameLength;

    public Attempt[] Attempts { get; } = new Attempt[MostAttempts];

    public int AttemptCount { get; set; }

    public ForwardRequest? First { get; private set; }

    public QuestionKind Kind { get; private set; }

    public uint Hash { get; private set; }

    public UpstreamSet Upstreams { get; private set; } = null!;

    public ReadOnlySpan<byte> Name => name.AsSpan(0, nameLength);

    public long StartedAt { get; private set; }

    /// <summary>When another upstream is asked as well.</summary>
    public long NextAt { get; set; }

    public bool IsStaleGiven { get; set; }

    /// <summary>An answer that is only given when there is no better one: SERVFAIL, REFUSED, a truncated one.</summary>
    public CachedAnswer? Fallback { get; set; }

    /// <summary>Its place in the forwarder's list; -1 when over.</summary>
    public int Place { get; set; } = -1;

    public void Start(ForwardRequest request, long now)
    {
        request.Name.CopyTo(name);
        nameLength = request.Name.Length;
        Kind = request.Kind;
        Hash = request.Hash;
        Upstreams = request.Upstreams;
        StartedAt = now;
        AttemptCount = 0;
        IsStaleGiven = false;
        Fallback = null;
        request.Next = null;
        First = request;
    }

    public bool Is(ForwardRequest request) => Kind == request.Kind && Name.SequenceEqual(request.Name);

    public void Join(ForwardRequest request)
    {
        request.Next = First;
        First = request;
    }

    public ForwardRequest? TakeAll()
    {
        var all = First;
        First = null;
        return all;
    }
}
