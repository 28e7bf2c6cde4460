using System.Buffers.Binary;
using System.ComponentModel;
using System.Runtime.InteropServices;
using Hypr.Dns.Server;
using Hypr.Dns.Sockets;
using Hypr.Dns.Wire;
using Microsoft.Extensions.Logging;

namespace Hypr.Dns.Forwarding;

/// <summary>
/// The one thread that asks upstreams. Equal questions are asked once; the fastest upstream that is well is asked first, another as soon
/// as it is slow,
/// and the first good answer counts.
/// </summary>
internal sealed unsafe partial class Forwarder : IDisposable
{
    private const int MostStreams = 128;

    /// <summary>Before a stub's own five seconds are over (resolv.conf(5), timeout).</summary>
    private const long GiveUpAfter = 4500;

    /// <summary>RFC 8767 section 5: an answer past its time after 1.8 s, while the question goes on.</summary>
    private const long StaleAfter = 1800;
    private const int TickMilliseconds = 10;

    private readonly Epoll epoll = new();
    private readonly Wake wake = new();
    private readonly RequestStack asked = new();
    private readonly List<UpstreamSource?> sources = [null];
    private readonly Stack<int> freeSlots = new();
    private readonly Dictionary<uint, Exchange> byHash = [];
    private readonly List<Exchange> active = [];
    private readonly Stack<Exchange> freeExchanges = new();
    private readonly List<UpstreamSocket> retired = [];
    private readonly RandomIds ids = new();
    private readonly byte[] buffer = new byte[Limits.Message + 2];
    private readonly AnswerCache cache;
    private readonly UpstreamSets sets;
    private readonly UpstreamGuard guard;
    private readonly LoopProbe loops;
    private readonly ResolvConf? resolvConf;
    private readonly TimeProvider clock;
    private readonly ILogger logger;
    private readonly Thread thread;
    private volatile bool stopping;
    private long checkedAt = long.MinValue / 2;
    private int streams;

    public Forwarder(AnswerCache cache, UpstreamSets sets, UpstreamGuard guard, LoopProbe loops, ResolvConf? resolvConf,
        TimeProvider clock, ILogger logger)
    {
        this.loops = loops;
        this.cache = cache;
        this.sets = sets;
        this.guard = guard;
        this.resolvConf = resolvConf;
        this.clock = clock;
        this.logger = logger;
        FollowResolvConf(0);
        epoll.Add(wake.Descriptor, Epoll.In, 0);
        thread = new Thread(Run) { IsBackground = true, Name = "dns forward" };
        thread.Start();
    }

    /// <summary>From any worker's thread. The request is given back by <see cref="Worker.Complete"/>.</summary>
    public void Ask(ForwardRequest request)
    {
        if (asked.Push(request))
        {
            wake.Set();
        }
    }

    /// <summary>Stops asking: who still waits gets no answer. To be called when the workers have stopped and before they are disposed
    /// of.</summary>
    public void Dispose()
    {
        stopping = true;
        wake.Set();
        thread.Join();
        foreach (var exchange in active.ToArray())
        {
            Finish(exchange, null, ResponseCode.ServFail);
        }

        Give(asked.TakeAll(), null, ResponseCode.ServFail);
        foreach (var source in sources)
        {
            source?.Socket.Dispose();
        }

        epoll.Dispose();
        wake.Dispose();
    }

    private static void Give(ForwardRequest? requests, CachedAnswer? answer, ushort code)
    {
        while (requests is not null)
        {
            var next = requests.Next;
            requests.Answer = answer;
            requests.Code = code;
            requests.Source.Worker.Complete(requests);
            requests = next;
        }
    }

    private void Run()
    {
        while (!stopping)
        {
            // What is cached goes with the resolvers it came from: looked at each second while anything is.
            var idle = retired.Count > 0 || (resolvConf is not null && cache.Bytes > 0) ? 1000 : -1;
            var count = epoll.Wait(active.Count > 0 ? TickMilliseconds : idle);
            var now = Moment.Now(clock).Milliseconds;
            for (var i = 0; i < count; i++)
            {
                Ready(epoll.Slot(i), now);
            }

            FollowResolvConf(now);
            Start(asked.TakeAll(), now);
            Tick(now);
        }
    }

    private void Ready(int slot, long now)
    {
        switch (sources[slot])
        {
            case UpstreamSocket socket:
                Receive(socket, now);
                break;
            case UpstreamStream stream:
                Continue(stream, now);
                break;
            default:
                if (slot == 0)
                {
                    wake.Clear();
                }

                break;
        }
    }

    private void Start(ForwardRequest? requests, long now)
    {
        while (requests is not null)
        {
            var next = requests.Next;
            if (byHash.TryGetValue(requests.Hash, out var running) && running.Is(requests))
            {
                running.Join(requests);
                if (running.IsStaleGiven)
                {
                    GiveStale(running, now);
                }
            }
            else
            {
                var exchange = freeExchanges.TryPop(out var used) ? used : new Exchange();
                exchange.Start(requests, now);
                exchange.Place = active.Count;
                active.Add(exchange);
                _ = byHash.TryAdd(exchange.Hash, exchange);
                AskNext(exchange, now);
            }

            requests = next;
        }
    }

    /// <summary>Looks at resolv.conf before questions go out, but not more often than every 20 ms.</summary>
    private void FollowResolvConf(long now)
    {
        if (resolvConf is null || now - checkedAt < 20)
        {
            return;
        }

        checkedAt = now;
        if (resolvConf.ReadIfChanged() is { } servers)
        {
            sets.SetDefault(servers);

            // Another network's resolvers may know other names.
            cache.Clear();
            logger.UpstreamsChanged(string.Join(", ", servers));
        }
    }

    /// <summary>Asks the best upstream that has not been asked, or the best of all again; ends the exchange when there is nobody to
    /// ask.</summary>
    private void AskNext(Exchange exchange, long now)
    {
        while (exchange.AttemptCount < Exchange.MostAttempts && guard.Choose(exchange, now) is { } upstream)
        {
            if (Send(exchange, upstream, now >= upstream.PlainUntil, now))
            {
                // Each further one has a longer time: a network that is lost for a moment is not flooded.
                exchange.NextAt = now + (upstream.Patience << Math.Min(exchange.AttemptCount - 1, 3));
                return;
            }
        }

        exchange.NextAt = long.MaxValue;
        if (!HasOpen(exchange))
        {
            Fail(exchange, now);
        }
    }
}
