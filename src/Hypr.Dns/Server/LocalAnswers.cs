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

        return SpecialNames.TryAnswer(query, last, ref context, out length);
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
        if (!found.Exists && (!single || asker.IsHost || SpecialNames.IsLocalhost(query.Name)))
        {
            return false;
        }

        length = Write(zone, asker, query, found, 0, ref context, ref rotation);
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
                ? AddressAnswers.Gateways(zone, asker, found.Only, query.Type == RecordType.A, ref writer)
                : AddressAnswers.Machines(asker, found, query.Type == RecordType.A, ref writer, ref rotation),
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

    public static void Soa(ref AnswerWriter writer, Section section, int owner, uint serial)
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
