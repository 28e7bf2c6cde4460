using Hypr.Dns.Wire;
using Hypr.Dns.Zones;

namespace Hypr.Dns.Server;

/// <summary>Answers that come from the zone, and the names that are special everywhere.</summary>
internal static class LocalAnswers
{
    /// <summary>Seconds: a name that moves is found at its new place a second later.</summary>
    public const uint Ttl = 1;

    private static ReadOnlySpan<byte> Zone => "\u0004hypr\0"u8;

    private static ReadOnlySpan<byte> HostName => "\u0004host\u0004hypr\0"u8;

    private static ReadOnlySpan<byte> MailName => "\u000ahostmaster\u0004hypr\0"u8;

    /// <returns>False: the name is an outside one.</returns>
    public static bool TryAnswer(Zone zone, in Asker asker, in Query query, ref AnswerContext context, ref uint rotation, out int length)
    {
        length = 0;
        var labels = query.Labels;
        if (labels.Length == 0)
        {
            return false;
        }

        var last = query.Name[labels[^1]..];
        if (last.SequenceEqual(Zone))
        {
            length = InZone(zone, asker, query, ref context, ref rotation);
            return true;
        }

        if (last.SequenceEqual("\u0004arpa\0"u8) && ReverseAnswers.TryAnswer(zone, asker, query, ref context, out length))
        {
            return true;
        }

        if (query.Name.SequenceEqual("\u0004host\u0006docker\u0008internal\0"u8)
            || query.Name.SequenceEqual("\u0007gateway\u0006docker\u0008internal\0"u8))
        {
            length = Write(zone, asker, query, Found.Gateway, labels[^1], ref context, ref rotation);
            return true;
        }

        if (TryBare(zone, asker, query, ref context, ref rotation, out length))
        {
            return true;
        }

        return TrySpecial(query, last, ref context, out length);
    }

    public static int Negative(in Query query, ref AnswerContext context, uint serial, int apex, ushort code)
    {
        var writer = context.Write(query);
        Soa(ref writer, Section.Authority, apex, serial);
        return context.Finish(ref writer, query, code, HeaderFlags.Authoritative);
    }

    /// <summary>SOA and NS of a zone's apex; NODATA for other types.</summary>
    public static int Apex(in Query query, ref AnswerContext context, uint serial)
    {
        var writer = context.Write(query);
        switch (query.Type)
        {
            case RecordType.Soa:
                Soa(ref writer, Section.Answer, AnswerWriter.QuestionName, serial);
                break;
            case RecordType.Ns:
                writer.Begin(Section.Answer, AnswerWriter.QuestionName, RecordType.Ns, Ttl);
                writer.Bytes(HostName);
                writer.End();
                break;
            case RecordType.Any:
                Hinfo(ref writer);
                break;
            default:
                Soa(ref writer, Section.Authority, AnswerWriter.QuestionName, serial);
                break;
        }

        return context.Finish(ref writer, query, ResponseCode.NoError, HeaderFlags.Authoritative);
    }

    /// <summary>A pointer to the label that starts here in the question's name.</summary>
    public static int Pointer(int label) => 0xc000 | (Limits.Header + label);

    /// <summary>RFC 8482 section 4.2: ANY is told that there is nothing of the sort.</summary>
    public static void Hinfo(ref AnswerWriter writer)
    {
        writer.Begin(Section.Answer, AnswerWriter.QuestionName, RecordType.Hinfo, Ttl);
        writer.Bytes("\u0007RFC8482\0"u8);
        writer.End();
    }

    private static int InZone(Zone zone, in Asker asker, in Query query, ref AnswerContext context, ref uint rotation)
    {
        int apex = query.Labels[^1];
        if (apex == 0)
        {
            return Apex(query, ref context, zone.Version);
        }

        var key = query.Name[..apex];
        var found = Finder.Find(zone, key, asker);
        if (!found.Exists && key[1] == '_')
        {
            return ServiceAnswers.Answer(zone, asker, query, ref context);
        }

        return Write(zone, asker, query, found, Pointer(apex), ref context, ref rotation);
    }

    /// <summary>
    /// Names without <c>hypr</c>. A machine sees its own names bare, aliases with dots too, as in Docker; another name of one label is
    /// answered NXDOMAIN
    /// and never leaves (RFC 6761's spirit, SSAC 053: no host has such a name outside), unless the question is about a top-level domain
    /// itself.
    /// The host sees the machines' own names; its other bare names go to its resolvers, as they would without us.
    /// </summary>
    private static bool TryBare(Zone zone, in Asker asker, in Query query, ref AnswerContext context, ref uint rotation, out int length)
    {
        length = 0;
        var single = query.Labels.Length == 1;
        if (single && query.Type is RecordType.Ds or RecordType.Dnskey or RecordType.Ns or RecordType.Soa)
        {
            return false;
        }

        var key = query.Name[..^1];
        var found = asker.IsHost
            ? single ? Finder.FindMachine(zone, key, asker) : Found.Nothing
            : Finder.FindOwn(zone, key, asker);
        if (!found.Exists && (!single || asker.IsHost || IsLocalhost(query.Name)))
        {
            return false;
        }

        length = Write(zone, asker, query, found, 0, ref context, ref rotation);
        return true;
    }

    private static bool IsLocalhost(ReadOnlySpan<byte> name) => name.SequenceEqual("\u0009localhost\0"u8);

    /// <summary>RFC 6761 (localhost, invalid, test), RFC 7686 (onion), RFC 8375 (home.arpa, its DS apart), RFC 9476 (alt): not asked for
    /// outside.</summary>
    private static bool TrySpecial(in Query query, ReadOnlySpan<byte> last, ref AnswerContext context, out int length)
    {
        length = 0;
        var labels = query.Labels;
        if (IsLocalhost(last))
        {
            var writer = context.Write(query);
            if (query.Type is RecordType.A)
            {
                writer.Address(AnswerWriter.QuestionName, Ttl, Addresses.FromV4(0x7f000001));
            }
            else if (query.Type is RecordType.Aaaa)
            {
                writer.Address(AnswerWriter.QuestionName, Ttl, 1);
            }
            else
            {
                Soa(ref writer, Section.Authority, Pointer(labels[^1]), 1);
            }

            length = context.Finish(ref writer, query, ResponseCode.NoError, HeaderFlags.Authoritative);
            return true;
        }

        var apex = labels[^1];
        if (labels.Length >= 2 && query.Name[labels[^2]..].SequenceEqual("\u0004home\u0004arpa\0"u8))
        {
            if (query.Type == RecordType.Ds && labels.Length == 2)
            {
                return false;
            }

            apex = labels[^2];
        }
        else if (!(last.SequenceEqual("\u0007invalid\0"u8) || last.SequenceEqual("\u0004test\0"u8)
            || last.SequenceEqual("\u0005onion\0"u8) || last.SequenceEqual("\u0003alt\0"u8)))
        {
            return false;
        }

        length = Negative(query, ref context, 1, Pointer(apex), labels[0] == apex ? ResponseCode.NoError : ResponseCode.NxDomain);
        return true;
    }

    private static int Write(
        Zone zone, in Asker asker, in Query query, in Found found, int apex, ref AnswerContext context, ref uint rotation)
    {
        if (!found.Exists)
        {
            return Negative(query, ref context, zone.Version, apex, ResponseCode.NxDomain);
        }

        var writer = context.Write(query);
        var written = query.Type switch
        {
            RecordType.A or RecordType.Aaaa => found.IsGateway
                ? Gateways(zone, asker, found.Only, query.Type == RecordType.A, ref writer)
                : MachineAddresses(asker, found, query.Type == RecordType.A, ref writer, ref rotation),
            RecordType.Srv or RecordType.Txt => ServiceAnswers.Write(asker, found, query.Type, ref writer),
            _ => 0,
        };
        if (query.Type == RecordType.Any)
        {
            Hinfo(ref writer);
        }
        else if (written == 0)
        {
            Soa(ref writer, Section.Authority, apex, zone.Version);
        }

        return context.Finish(ref writer, query, ResponseCode.NoError, HeaderFlags.Authoritative);
    }

    private static int Gateways(Zone zone, in Asker asker, int only, bool v4, ref AnswerWriter writer)
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
                writer.Address(AnswerWriter.QuestionName, Ttl, address);
                count++;
            }
        }

        return count;
    }

    /// <summary>All addresses of the family that the asker sees, each time from the next one on.</summary>
    private static int MachineAddresses(in Asker asker, in Found found, bool v4, ref AnswerWriter writer, ref uint rotation)
    {
        if (found.Sole is { Addresses.Count: 1 } sole)
        {
            var address = sole.Addresses[0];
            if (!found.Counts(sole, asker) || Addresses.IsV4(address) != v4)
            {
                return 0;
            }

            writer.Address(AnswerWriter.QuestionName, Ttl, address);
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
                    writer.Address(AnswerWriter.QuestionName, Ttl, address);
                }

                place++;
            }
        }

        return place;
    }

    /// <summary>RFC 2308 section 5: what is not there is remembered for the least of the record's TTL and its last field.</summary>
    private static void Soa(ref AnswerWriter writer, Section section, int owner, uint serial)
    {
        writer.Begin(section, owner, RecordType.Soa, Ttl);
        writer.Bytes(HostName);
        writer.Bytes(MailName);
        writer.Long(serial);
        writer.Long(60);
        writer.Long(10);
        writer.Long(60);
        writer.Long(Ttl);
        writer.End();
    }
}
