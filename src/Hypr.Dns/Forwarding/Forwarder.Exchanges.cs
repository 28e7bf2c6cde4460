using System.Buffers.Binary;
using System.ComponentModel;
using Hypr.Dns.Server;
using Hypr.Dns.Wire;
using Microsoft.Extensions.Logging;

namespace Hypr.Dns.Forwarding;

/// <summary>What becomes of a question that is on its way: an answer, another upstream, an old answer, none.</summary>
internal sealed unsafe partial class Forwarder
{
    private void Answered(Exchange exchange, int index, ReadOnlySpan<byte> message, long now)
    {
        ref var attempt = ref exchange.Attempts[index];
        var overStream = attempt.Stream is not null;
        var upstream = attempt.Upstream;
        upstream.Answered(now - attempt.At);
        Close(ref attempt);
        var code = UpstreamMessage.Code(message);
        if (UpstreamMessage.IsTruncated(message) && !overStream)
        {
            exchange.Fallback ??= UpstreamMessage.Read(message, exchange.Hash, exchange.Name, exchange.Kind, now);
            if (!TryStream(exchange, ref attempt, now))
            {
                AskNext(exchange, now);
            }

            return;
        }

        if (code is ResponseCode.FormErr or ResponseCode.NotImp && attempt.Edns && exchange.AttemptCount < Exchange.MostAttempts)
        {
            upstream.PlainUntil = now + 60_000;
            if (Send(exchange, upstream, edns: false, now))
            {
                return;
            }
        }

        var answer = UpstreamMessage.Read(message, exchange.Hash, exchange.Name, exchange.Kind, now);
        if (answer is not null && code is ResponseCode.NoError or ResponseCode.NxDomain)
        {
            if (answer!.FreshUntil > now)
            {
                cache.Store(answer);
            }

            Finish(exchange, answer, code);
            return;
        }

        exchange.Fallback ??= answer;
        AskNext(exchange, now);
    }

    private void Tick(long now)
    {
        for (var i = active.Count - 1; i >= 0; i--)
        {
            // Ending one moves the last into its place, which has been looked at.
            var exchange = active[i];
            if (now - exchange.StartedAt >= GiveUpAfter)
            {
                Fail(exchange, now);
                continue;
            }

            if (!exchange.IsStaleGiven && now - exchange.StartedAt >= StaleAfter)
            {
                GiveStale(exchange, now);
            }

            if (CloseLooping(exchange, now))
            {
                AskNext(exchange, now);
            }
            else if (now >= exchange.NextAt)
            {
                foreach (ref var attempt in exchange.Attempts.AsSpan(0, exchange.AttemptCount))
                {
                    if (attempt.IsOpen && now - attempt.At >= Math.Max(400, attempt.Upstream.Patience))
                    {
                        Fault(attempt.Upstream, now);
                    }
                }

                AskNext(exchange, now);
            }
        }

        for (var i = retired.Count - 1; i >= 0; i--)
        {
            if (retired[i].IsIdle)
            {
                Unwatch(retired[i]);
                retired.RemoveAt(i);
            }
        }
    }

    /// <returns>True: nobody is asked any more.</returns>
    private bool CloseLooping(Exchange exchange, long now)
    {
        var closed = false;
        foreach (ref var attempt in exchange.Attempts.AsSpan(0, exchange.AttemptCount))
        {
            if (attempt.IsOpen && now < attempt.Upstream.LoopsUntil)
            {
                Close(ref attempt);
                closed = true;
            }
        }

        return closed && !HasOpen(exchange);
    }

    private void GiveStale(Exchange exchange, long now)
    {
        exchange.IsStaleGiven = true;
        if (cache.Find(exchange.Hash, exchange.Name, exchange.Kind, now, out _) is { } stale)
        {
            Give(exchange.TakeAll(), stale, ResponseCode.NoError);
        }
    }

    private void Fail(Exchange exchange, long now)
    {
        foreach (ref var attempt in exchange.Attempts.AsSpan(0, exchange.AttemptCount))
        {
            if (attempt.IsOpen)
            {
                Fault(attempt.Upstream, now);
            }
        }

        var stale = cache.Find(exchange.Hash, exchange.Name, exchange.Kind, now, out _);
        Finish(exchange, stale ?? exchange.Fallback, ResponseCode.ServFail);
    }

    private void Finish(Exchange exchange, CachedAnswer? answer, ushort code)
    {
        foreach (ref var attempt in exchange.Attempts.AsSpan(0, exchange.AttemptCount))
        {
            Close(ref attempt);
        }

        if (byHash.GetValueOrDefault(exchange.Hash) == exchange)
        {
            _ = byHash.Remove(exchange.Hash);
        }

        var last = active[^1];
        active[exchange.Place] = last;
        last.Place = exchange.Place;
        active.RemoveAt(active.Count - 1);
        exchange.Place = -1;
        Give(exchange.TakeAll(), answer, code);
        freeExchanges.Push(exchange);
    }

    private static bool HasOpen(Exchange exchange)
    {
        foreach (ref var attempt in exchange.Attempts.AsSpan(0, exchange.AttemptCount))
        {
            if (attempt.IsOpen)
            {
                return true;
            }
        }

        return false;
    }

    private void Close(ref Attempt attempt)
    {
        attempt.Socket?.Remove(attempt.Id);
        attempt.Socket = null;
        if (attempt.Stream is { } stream)
        {
            attempt.Stream = null;
            streams--;
            Unwatch(stream);
        }
    }
}
