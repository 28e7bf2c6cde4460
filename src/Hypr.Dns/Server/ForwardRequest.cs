using System.Diagnostics;
using Hypr.Dns.Forwarding;
using Hypr.Dns.Sockets;
using Hypr.Dns.Wire;

namespace Hypr.Dns.Server;

/// <summary>One asker that waits for an upstream's answer: all that is needed to answer it later. Used again and again.</summary>
internal sealed unsafe class ForwardRequest
{
    /// <summary>A socket's address and its control message (PKTINFO), as received.</summary>
    public const int RouteSize = SocketAddress.Size + 64;

    private readonly byte[] octets = new byte[Limits.Question + Limits.Name + 1 + RouteSize];
    private int questionLength;
    private int nameLength;
    private int clientLength;

    public ForwardRequest? Next { get; set; }

    /// <summary>A <see cref="UdpPort"/> or a <see cref="TcpConnection"/>, of which only its worker makes use.</summary>
    public IoSource Source { get; private set; } = null!;

    /// <summary>When it was asked, by <see cref="Stopwatch"/>.</summary>
    public long Began { get; private set; }

    public Reply Reply { get; private set; }

    public QuestionKind Kind { get; private set; }

    public uint Hash { get; private set; }

    public UpstreamSet Upstreams { get; private set; } = null!;

    public Quota Quota { get; private set; } = null!;

    public CachedAnswer? Answer { get; set; }

    /// <summary>Without an answer.</summary>
    public ushort Code { get; set; }

    public ReadOnlySpan<byte> Question => octets.AsSpan(0, questionLength);

    public ReadOnlySpan<byte> Name => octets.AsSpan(Limits.Question, nameLength);

    public Span<byte> Route => octets.AsSpan(Limits.Question + Limits.Name + 1, RouteSize);

    public ReadOnlySpan<byte> Client => Route.Slice(clientLength == 4 ? 4 : 8, clientLength);

    public int AddressLength { get; private set; }

    public int ControlLength { get; private set; }

    public void Set(IoSource source, in Query query, UpstreamSet upstreams, Quota quota, byte* address, int addressLength, byte* control,
        int controlLength)
    {
        Source = source;
        Began = Stopwatch.GetTimestamp();
        Reply = query.Reply;
        Upstreams = upstreams;
        Quota = quota;
        Kind = Responder.Kind(query, upstreams);
        Hash = Kind.Hash(DnsName.Hash(query.Name));
        Answer = null;
        Code = ResponseCode.ServFail;
        Next = null;
        questionLength = query.QuestionEnd - Limits.Header;
        query.Message[Limits.Header..query.QuestionEnd].CopyTo(octets);
        nameLength = query.Name.Length;
        query.Name.CopyTo(octets.AsSpan(Limits.Question));
        new ReadOnlySpan<byte>(address, addressLength).CopyTo(Route);
        new ReadOnlySpan<byte>(control, controlLength).CopyTo(Route[SocketAddress.Size..]);
        AddressLength = addressLength;
        ControlLength = controlLength;
        clientLength = *(ushort*)address == Libc.AfInet ? 4 : 16;
    }

    /// <summary>The late answer.</summary>
    public int Write(Span<byte> output, in Moment now, Cookies cookies)
    {
        if (Answer is not null)
        {
            return Answer.Write(output, Question, Reply, now.Milliseconds, cookies, now.Seconds, Client);
        }

        var writer = new AnswerWriter(output, Question, Reply);
        return writer.Finish(Reply, Code, HeaderFlags.RecursionAvailable, cookies, now.Seconds, Client);
    }
}

/// <summary>Requests on their way between two threads: pushed without a lock, taken all at once, in order.</summary>
internal sealed class RequestStack
{
    private ForwardRequest? top;

    /// <returns>True: it was empty, so whoever takes must be woken.</returns>
    public bool Push(ForwardRequest request)
    {
        while (true)
        {
            var seen = Volatile.Read(ref top);
            request.Next = seen;
            if (Interlocked.CompareExchange(ref top, request, seen) == seen)
            {
                return seen is null;
            }
        }
    }

    public ForwardRequest? TakeAll()
    {
        var taken = Interlocked.Exchange(ref top, null);
        ForwardRequest? first = null;
        while (taken is not null)
        {
            var next = taken.Next;
            taken.Next = first;
            first = taken;
            taken = next;
        }

        return first;
    }
}

/// <summary>A bounded store of requests: beyond it nobody waits, and the asker tries again.</summary>
internal sealed class RequestPool(int most)
{
    private readonly Stack<ForwardRequest> free = new();
    private int made;

    public ForwardRequest? Rent()
    {
        lock (free)
        {
            return free.TryPop(out var request) ? request : made < most ? Make() : null;
        }
    }

    private ForwardRequest Make()
    {
        made++;
        return new ForwardRequest();
    }

    public void Return(ForwardRequest request)
    {
        lock (free)
        {
            free.Push(request);
        }
    }
}
