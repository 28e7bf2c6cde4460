using Hypr.Dns.Wire;
using Hypr.Dns.Zones;

namespace Hypr.Dns.Server;

/// <summary>PTR for the addresses of our subnets. No name below a subnet of ours leaves, whoever asks and whether it exists or
/// not.</summary>
internal static class ReverseAnswers
{
    public static bool TryAnswer(Zone zone, in Asker asker, in Query query, ref AnswerContext context, out int length)
    {
        length = 0;
        if (!ReverseName.TryParse(query.Name, query.Labels, out var prefix, out var bits, out var step, out var complete))
        {
            return false;
        }

        for (var number = 0; number < zone.Networks.Length; number++)
        {
            if (zone.Networks[number] is not { Definition: not null } network)
            {
                continue;
            }

            foreach (var subnet in network.Subnets)
            {
                // RFC 2317 aside, a zone is cut at a label: the first whole one inside of the subnet.
                var cut = (subnet.Length + step - 1) / step * step;
                if (bits >= cut && subnet.Contains(prefix))
                {
                    length = InSubnet(zone, asker, number, prefix, bits, complete, query, ref context, ApexLabel(query, step, cut));
                    return true;
                }
            }
        }

        return TryWellKnown(prefix, bits, step, query, ref context, out length);
    }

    private static int ApexLabel(in Query query, int step, int cut) => query.Labels[^(2 + ((cut - (step == 8 ? 96 : 0)) / step))];

    private static int InSubnet(
        Zone zone, in Asker asker, int number, UInt128 address, int bits, bool complete, in Query query, ref AnswerContext context,
            int apex)
    {
        var soa = LocalAnswers.Pointer(apex);
        if (apex == 0)
        {
            return LocalAnswers.Apex(query, ref context, zone.Version);
        }

        if (complete && bits < 128)
        {
            return LocalAnswers.Negative(query, ref context, zone.Version, soa, ResponseCode.NoError);
        }

        var name = Finder.Host.AsSpan();
        if (zone.FindClient(number, address) is { } client)
        {
            name = client.Machine.NameKey;
        }
        else if (!zone.Networks[number]!.Gateways.AsSpan().Contains(address))
        {
            name = default;
        }

        if (!complete || name.Length == 0 || !asker.Sees(number))
        {
            return LocalAnswers.Negative(query, ref context, zone.Version, soa, ResponseCode.NxDomain);
        }

        var writer = context.Write(query);
        if (query.Type == RecordType.Ptr)
        {
            writer.Begin(Section.Answer, AnswerWriter.QuestionName, RecordType.Ptr, LocalAnswers.Ttl);
            writer.Bytes(name);
            writer.Bytes("\u0004hypr\0"u8);
            writer.End();
        }
        else if (query.Type == RecordType.Any)
        {
            LocalAnswers.Hinfo(ref writer);
        }
        else
        {
            return LocalAnswers.Negative(query, ref context, zone.Version, soa, ResponseCode.NoError);
        }

        return context.Finish(ref writer, query, ResponseCode.NoError, HeaderFlags.Authoritative);
    }

    /// <summary>RFC 6303 section 4: loopback, "this network" and link-local are everyone's own and nobody's upstream.</summary>
    private static bool TryWellKnown(UInt128 prefix, int bits, int step, in Query query, ref AnswerContext context, out int length)
    {
        length = 0;
        var v4 = step == 8;
        var octets = (uint)prefix;
        var loopback = v4 ? bits >= 104 && octets >> 24 == 127 : bits == 128 && prefix == 1;
        var nobody = v4
            ? bits >= 104 && (octets >> 24 == 0 || (bits >= 112 && octets >> 16 == 0xa9fe))
            : bits >= 12 && prefix >> 118 == 0xfe80 >> 6;
        if (!loopback && !nobody)
        {
            return false;
        }

        if (loopback && bits == 128 && query.Type == RecordType.Ptr)
        {
            var writer = context.Write(query);
            writer.Begin(Section.Answer, AnswerWriter.QuestionName, RecordType.Ptr, LocalAnswers.Ttl);
            writer.Bytes("\u0009localhost\0"u8);
            writer.End();
            length = context.Finish(ref writer, query, ResponseCode.NoError, HeaderFlags.Authoritative);
            return true;
        }

        // Whole octets of the suffix that are certainly ours: one label of IPv4, three nibbles of link-local IPv6, all of ::1.
        var apex = query.Labels[Math.Max(0, query.Labels.Length - (v4 ? 3 : loopback ? query.Labels.Length : 5))];
        var code = apex == 0 || (loopback && bits == 128) ? ResponseCode.NoError : ResponseCode.NxDomain;
        length = LocalAnswers.Negative(query, ref context, 1, LocalAnswers.Pointer(apex), code);
        return true;
    }
}
