using System.Net;
using Hypr.Dns.Wire;
using Hypr.Dns.Zones;

namespace Hypr.Dns.Forwarding;

/// <summary>Chooses whom to ask next, and never ourselves: an address of ours in resolv.conf (as systemd-resolved writes it there) is no
/// upstream.</summary>
internal sealed class UpstreamGuard(ZoneStore zones, int ownPort)
{
    private readonly Dictionary<Upstream, bool> ours = [];
    private int generation = -1;

    /// <summary>
    /// First those that are well and not asked yet, the fastest first; then, with nobody else left, one that is not well; then again,
    /// where none has
    /// answered, those that were asked. Null: nobody.
    /// </summary>
    public Upstream? Choose(Exchange exchange, long now)
    {
        Upstream? best = null;
        var bestScore = double.MaxValue;
        foreach (var upstream in exchange.Upstreams.Members)
        {
            if (IsOurs(upstream) || now < upstream.LoopsUntil)
            {
                continue;
            }

            var (times, open) = Asked(exchange, upstream);
            if (times > 0 && !open)
            {
                continue;
            }

            var score = (times * 1e9) + (upstream.IsUp(now) ? 0 : 1e8) + upstream.RoundTrip;
            if (score < bestScore)
            {
                (best, bestScore) = (upstream, score);
            }
        }

        return best;
    }

    /// <summary>Asked and no longer open: it has answered, or refused, and would again.</summary>
    private static (int Times, bool Open) Asked(Exchange exchange, Upstream upstream)
    {
        var times = 0;
        var open = false;
        for (var i = 0; i < exchange.AttemptCount; i++)
        {
            if (exchange.Attempts[i].Upstream == upstream)
            {
                times++;
                open |= exchange.Attempts[i].IsOpen;
            }
        }

        return (times, open);
    }

    private bool IsOurs(Upstream upstream)
    {
        var zone = zones.Current;
        if (generation != zone.Generation)
        {
            generation = zone.Generation;
            ours.Clear();
        }

        if (!ours.TryGetValue(upstream, out var own))
        {
            own = IsOurs(zone, upstream.EndPoint);
            ours.Add(upstream, own);
        }

        return own;
    }

    private bool IsOurs(Zone zone, IPEndPoint endPoint)
    {
        var address = Addresses.From(endPoint.Address);
        return (endPoint.Port == ownPort && Addresses.IsLoopback(address))
            || ((endPoint.Port == 53 || endPoint.Port == ownPort)
                && Array.Exists(zone.Networks, network => network?.Definition is not null && network.Gateways.AsSpan().Contains(address)));
    }
}
