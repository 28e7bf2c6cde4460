using System.Buffers.Text;
using Hypr.Dns.Wire;
using Hypr.Dns.Zones;

namespace Hypr.Dns.Server;

/// <summary>
/// SRV (RFC 2782) and TXT of published ports. SRV at <c>NAME.hypr</c> and <c>_tcp.NAME.hypr</c> lists them all, <c>_80._tcp.NAME.hypr</c>
/// and
/// <c>_http._tcp.NAME.hypr</c> the one; the port is the machine's own, for the target's address is. TXT at <c>NAME.hypr</c> has a string
/// for each:
/// <c>80/tcp=8080</c>, guest and host.
/// </summary>
internal static class ServiceAnswers
{
    /// <summary>The few of IANA's service names that images commonly serve.</summary>
    private static int WellKnown(ReadOnlySpan<byte> service) => service switch
    {
        _ when service.SequenceEqual("http"u8) => 80,
        _ when service.SequenceEqual("https"u8) => 443,
        _ when service.SequenceEqual("ssh"u8) => 22,
        _ when service.SequenceEqual("domain"u8) => 53,
        _ when service.SequenceEqual("mysql"u8) => 3306,
        _ when service.SequenceEqual("postgresql"u8) => 5432,
        _ when service.SequenceEqual("redis"u8) => 6379,
        _ when service.SequenceEqual("amqp"u8) => 5672,
        _ when service.SequenceEqual("mqtt"u8) => 1883,
        _ => -1,
    };

    /// <summary>A name that starts with an underscore and is no machine's.</summary>
    public static int Answer(Zone zone, in Asker asker, in Query query, ref AnswerContext context)
    {
        int apex = query.Labels[^1];
        var soa = LocalAnswers.Pointer(apex);
        var first = query.Name.Slice(1, query.Name[0]);
        var port = 0;
        var label = 0;
        var protocol = Protocol(first);
        if (protocol.Length == 0 && query.Labels.Length > 2)
        {
            port = Port(first[1..]);
            label = 1;
            protocol = Protocol(query.Name.Slice(query.Labels[1] + 1, query.Name[query.Labels[1]]));
        }

        if (protocol.Length == 0 || port < 0 || query.Labels[label + 1] >= apex)
        {
            return LocalAnswers.Negative(query, ref context, zone.Version, soa, ResponseCode.NxDomain);
        }

        int target = query.Labels[label + 1];
        var found = Finder.Find(zone, query.Name[target..apex], asker);
        var writer = context.Write(query);
        var count = Srv(asker, found, port, protocol, query.Type is RecordType.Srv, ref writer);
        if (count == 0)
        {
            return LocalAnswers.Negative(query, ref context, zone.Version, soa, ResponseCode.NxDomain);
        }

        if (query.Type == RecordType.Any)
        {
            LocalAnswers.Hinfo(ref writer);
        }

        return query.Type is RecordType.Srv or RecordType.Any
            ? context.Finish(ref writer, query, ResponseCode.NoError, HeaderFlags.Authoritative)
            : LocalAnswers.Negative(query, ref context, zone.Version, soa, ResponseCode.NoError);
    }

    /// <summary>SRV and TXT at the name itself.</summary>
    public static int Write(in Asker asker, in Found found, ushort type, ref AnswerWriter writer) =>
        type == RecordType.Srv ? Srv(asker, found, 0, default, true, ref writer) : Txt(asker, found, ref writer);

    private static int Srv(
        in Asker asker, in Found found, int port, ReadOnlySpan<byte> protocol, bool write, ref AnswerWriter writer)
    {
        var count = 0;
        for (var i = 0; i < found.Owners.Length; i++)
        {
            if (!IsFirst(found, i, asker) || found.Owners[i].Machine.NameKey is null)
            {
                continue;
            }

            foreach (var published in found.Owners[i].Machine.Ports)
            {
                if ((port != 0 && published.GuestPort != port) || (protocol.Length > 0 && !Is(protocol, published.Protocol)))
                {
                    continue;
                }

                count++;
                if (write)
                {
                    writer.Begin(Section.Answer, AnswerWriter.QuestionName, RecordType.Srv, LocalAnswers.Ttl);
                    writer.Long(0);
                    writer.Word((ushort)published.GuestPort);
                    Target(found.Owners[i].Machine, ref writer);
                    writer.End();
                }
            }
        }

        return count;
    }

    /// <summary>An alias of several leads to each by its own name; RFC 2782 forbids compression in the target, so it is written
    /// out.</summary>
    private static void Target(Machine machine, ref AnswerWriter writer)
    {
        writer.Bytes(machine.NameKey);
        writer.Bytes("\u0004hypr\0"u8);
    }

    private static int Txt(in Asker asker, in Found found, ref AnswerWriter writer)
    {
        var count = 0;
        Span<byte> text = stackalloc byte[64];
        for (var i = 0; i < found.Owners.Length; i++)
        {
            if (!IsFirst(found, i, asker) || found.Owners[i].Machine.Ports.Length == 0)
            {
                continue;
            }

            writer.Begin(Section.Answer, AnswerWriter.QuestionName, RecordType.Txt, LocalAnswers.Ttl);
            foreach (var port in found.Owners[i].Machine.Ports)
            {
                _ = Utf8Formatter.TryFormat(port.GuestPort, text[1..], out var length);
                text[++length] = (byte)'/';
                foreach (var letter in port.Protocol.AsSpan(0, Math.Min(8, port.Protocol.Length)))
                {
                    text[++length] = (byte)letter;
                }

                text[++length] = (byte)'=';
                _ = Utf8Formatter.TryFormat(port.HostPort, text[(length + 1)..], out var more);
                length += more;
                text[0] = (byte)length;
                writer.Bytes(text[..(length + 1)]);
            }

            writer.End();
            count++;
        }

        return count;
    }

    /// <summary>A machine on several networks owns the name several times, but has its ports once.</summary>
    private static bool IsFirst(in Found found, int place, in Asker asker)
    {
        if (!found.Counts(found.Owners[place], asker))
        {
            return false;
        }

        for (var i = 0; i < place; i++)
        {
            if (found.Owners[i].Machine == found.Owners[place].Machine && found.Counts(found.Owners[i], asker))
            {
                return false;
            }
        }

        return true;
    }

    private static ReadOnlySpan<byte> Protocol(ReadOnlySpan<byte> label) =>
        label.SequenceEqual("_tcp"u8) || label.SequenceEqual("_udp"u8) || label.SequenceEqual("_sctp"u8) ? label[1..] : default;

    private static int Port(ReadOnlySpan<byte> service) =>
        Utf8Parser.TryParse(service, out ushort port, out var used) && used == service.Length && port > 0 ? port : WellKnown(service);

    private static bool Is(ReadOnlySpan<byte> protocol, string name)
    {
        if (protocol.Length != name.Length)
        {
            return false;
        }

        for (var i = 0; i < name.Length; i++)
        {
            if (protocol[i] != DnsName.Lower((byte)name[i]))
            {
                return false;
            }
        }

        return true;
    }
}
