using Hypr.Dns.Wire;
using Hypr.Dns.Zones;

namespace Hypr.Dns.Server;

/// <summary>The records A and AAAA of machines and of gateways.</summary>
internal static class AddressAnswers
{
    public static int Gateways(Zone zone, in Asker asker, int only, bool v4, ref AnswerWriter writer)
    {
        var number = only >= 0 ? only : asker.IsHost ? zone.First : asker.Network;
        if (number < 0 || zone.Networks[number] is not { } network)
        {
            return 0;
        }

        var count = 0;
        foreach (var address in network.Gateways)
        {
            if (Addresses.IsV4(address) == v4)
            {
                writer.Address(AnswerWriter.QuestionName, LocalAnswers.Ttl, address);
                count++;
            }
        }

        return count;
    }

    /// <summary>All addresses of the family that the asker sees, each time from the next one on.</summary>
    public static int Machines(in Asker asker, in Found found, bool v4, ref AnswerWriter writer, ref uint rotation)
    {
        if (found.Sole is { Addresses.Count: 1 } sole)
        {
            var address = sole.Addresses[0];
            if (!found.Counts(sole, asker) || Addresses.IsV4(address) != v4)
            {
                return 0;
            }

            writer.Address(AnswerWriter.QuestionName, LocalAnswers.Ttl, address);
            return 1;
        }

        var count = Walk(asker, found, v4, 0, 0, ref writer);
        if (count > 0)
        {
            var start = count == 1 ? 0 : (int)(rotation++ % (uint)count);
            _ = Walk(asker, found, v4, start, count, ref writer);
            _ = Walk(asker, found, v4, 0, start, ref writer);
        }

        return count;
    }

    /// <summary>Writes the addresses from one place to before another.</summary>
    /// <returns>How many there are in all.</returns>
    private static int Walk(in Asker asker, in Found found, bool v4, int from, int to, ref AnswerWriter writer)
    {
        var place = 0;
        foreach (var owner in found.Owners)
        {
            if (!found.Counts(owner, asker))
            {
                continue;
            }

            for (var i = 0; i < owner.Addresses.Count; i++)
            {
                var address = owner.Addresses[i];
                if (Addresses.IsV4(address) != v4)
                {
                    continue;
                }

                if (place >= from && place < to)
                {
                    writer.Address(AnswerWriter.QuestionName, LocalAnswers.Ttl, address);
                }

                place++;
            }
        }

        return place;
    }
}
